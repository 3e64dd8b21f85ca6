"""One-time codes that are used once: the last step that opened the door is kept beside the secret.

allauth remembers used codes in the cache, which another process does not share. Here one conditional UPDATE
both checks and remembers: of two people with the same code at the same moment one gets in.
"""

from __future__ import annotations

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.db import connection

_USE = """
UPDATE mfa_authenticator SET data = jsonb_set(data, '{last_step}', to_jsonb(%(step)s::bigint))
WHERE id = %(id)s AND type = 'totp' AND coalesce((data ->> 'last_step')::bigint, -1) < %(step)s
"""


def use_code(authenticator: Authenticator, code: str) -> bool:
    """Whether the code is right and has not been used, nor one after it. A right code is used up."""
    secret = decrypt(authenticator.data["secret"])
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return use_step(authenticator, step)
    return False


def use_step(authenticator: Authenticator, step: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_USE, {"step": step, "id": authenticator.pk})
        return bool(cursor.rowcount == 1)


def current_step() -> int:
    steps = list(yield_hotp_counters_from_time())
    return int(steps[len(steps) // 2])


__all__ = ["current_step", "use_code", "use_step"]
