"""The secrets of links and codes, and the rows they open. Only digests are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F

from steadwell.accounts.errors import InvitationOver
from steadwell.accounts.models import Invitation
from steadwell.accounts.throttle import keyed_digest
from steadwell.ids import PersonId

LETTER_LIVES = timedelta(days=7)
CODE_LIVES = timedelta(minutes=15)
TRIES = 5  # wrong birth dates
# No vowels: no words. No letters that are taken for others.
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 8


def new_token() -> str:
    """256 bits, for a link."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def new_code() -> str:
    """As it is read aloud: two groups of four."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def code_digest(code: str) -> bytes:
    """However it is typed. Keyed: the few codes there are could be tried against a copy of the table."""
    return keyed_digest("code:" + "".join(filter(str.isalpha, code)).upper())


def one_at_a_time(person_id: PersonId) -> None:
    """Serialise what decides about one patient's access, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"portal:{person_id}"])


def is_alive(row: Invitation, now: datetime) -> bool:
    return row.ended_at is None and row.expires_at > now and row.tries < TRIES


def find_alive(digest: bytes, *, kinds: frozenset[str], now: datetime) -> Invitation | None:
    """What a link or a code opens now."""
    row = Invitation.objects.filter(digest=digest, kind__in=kinds).select_related("user").first()
    return row if row is not None and is_alive(row, now) else None


def take_try(digest: bytes, *, kinds: frozenset[str], now: datetime) -> Invitation:
    """Count a try before its answer is looked at: parallel guesses all count. Raises InvitationOver."""
    taken = Invitation.objects.filter(
        digest=digest, kind__in=kinds, ended_at=None, expires_at__gt=now, tries__lt=TRIES
    ).update(tries=F("tries") + 1)
    if not taken:
        raise InvitationOver
    return Invitation.objects.get(digest=digest)


def give_back(row: Invitation) -> None:
    """The answer was right: the try was none."""
    Invitation.objects.filter(pk=row.pk).update(tries=F("tries") - 1)


def end(row_id: UUID, *, outcome: Invitation.Outcome, by: UUID | None, now: datetime) -> bool:
    """Whether it was open until now: of two who end it, one does."""
    open_row = Invitation.objects.filter(pk=row_id, ended_at=None)
    return bool(open_row.update(ended_at=now, ended_by=by, outcome=outcome))
