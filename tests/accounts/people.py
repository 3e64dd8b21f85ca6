"""People for the tests of the doors, and what they would type."""

from __future__ import annotations

import re
import time
from itertools import count, islice
from typing import Any
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.db import connection

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.models import User
from steadwell.actor import Role
from steadwell.ids import PersonId, SiteId

PASSWORD = "three green lanterns"
EMAIL = "ada@example.org"


def make_patient(email: str = EMAIL, **given: Any) -> UUID:
    given.setdefault("person_id", PersonId(uuid4()))
    return accounts.create_user(email=email, password=PASSWORD, roles=[], now=clock.now(), **given)


def make_staff(*roles: Role, email: str = EMAIL, **given: Any) -> UUID:
    return accounts.create_user(
        email=email,
        password=PASSWORD,
        roles=roles or (Role.FRONT_DESK,),
        site_ids=[SiteId(uuid4())],
        now=clock.now(),
        **given,
    )


def enrol_app(user_id: UUID) -> str:
    """An authenticator app for the user; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(User.objects.get(pk=user_id), secret)
    return secret


def enrol_recovery_codes(user_id: UUID) -> list[str]:
    return RecoveryCodes.activate(User.objects.get(pk=user_id)).get_unused_codes()


def code_of(secret: str, ahead: int = 0) -> str:
    """What the app shows now, or so many half minutes ahead."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def wrong_codes(secret: str, how_many: int) -> list[str]:
    """Six digits each, and none that the app shows while a test lasts."""
    shown = {code_of(secret, ahead) for ahead in range(-2, 40)}
    return list(islice((code for code in map("{:06}".format, count()) if code not in shown), how_many))


def type_password(client: Any, password: str = PASSWORD, email: str = EMAIL, **headers: Any) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password}, **headers)


def who(client: Any) -> str:
    """The id of whoever the client's next request is made by; empty for nobody."""
    return str(client.session.get("_auth_user_id", ""))


def actions(user_id: UUID | None = None) -> list[str]:
    """What the audit says happened, in order; of one account when it is named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT action FROM audit_auditentry WHERE category = 'account'"
            " AND (%(id)s::uuid IS NULL OR entity_id = %(id)s) ORDER BY at, id",
            {"id": user_id},
        )
        return [action for (action,) in cursor.fetchall()]


def without_keys(answer: Any) -> str:
    """A page without what differs each time: tokens, and the address that was typed."""
    text = re.sub(r'value="[^"]{30,}"', "", answer.content.decode())
    return re.sub(r"[a-z]+@example.org", "ADDRESS", text)


__all__ = ["EMAIL", "PASSWORD", "Authenticator"]
