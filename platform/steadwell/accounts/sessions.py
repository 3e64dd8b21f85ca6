"""The session engine: rows in Postgres that know their age, found by the digest of the cookie's key.

Django's own engine knows neither when a session began nor when it was last used, keeps the key itself, and
asks whether a new key is taken (a question 256 random bits do not need).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction

from steadwell import clock, prepared
from steadwell.accounts.models import Session, User
from steadwell.accounts.standing import COLUMNS, as_user_id, read_user
from steadwell.ids import new_id

# The session and its user with everything they may do: one trip where most requests need both.
_LOAD = f"""
SELECT s.id, s.data, s.device, s.created_at, s.last_seen_at, {COLUMNS}
FROM accounts_session s LEFT JOIN accounts_user u ON u.id = s.user_id
WHERE s.key_digest = %(digest)s AND s.created_at > %(born_after)s
"""  # noqa: S608 - constants only


def digest(session_key: str) -> bytes:
    return hashlib.sha256(session_key.encode()).digest()


class SessionStore(SessionBase):
    """``record_id``, ``created_at`` and ``last_seen_at`` are the stored row's, once it is read or made."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.record_id: UUID | None = None
        self.created_at: datetime | None = None
        self.last_seen_at: datetime | None = None
        self.device = ""
        self.user: User | None = None  # whose session it is, as read beside it

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        if self.session_key is None:
            return {}
        with prepared.cursor() as cursor:
            now = clock.now()
            cursor.execute(
                _LOAD, {"digest": digest(self.session_key), "now": now, "born_after": now - _longest()}
            )
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        self.record_id, data, self.device, self.created_at, self.last_seen_at, *user = row
        self.user = read_user(user) if user[0] is not None else None
        return self.decode(data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(key_digest=digest(session_key)).exists()

    def create(self) -> None:
        self._session_key = secrets.token_urlsafe(32)
        self.record_id, self.created_at, self.last_seen_at = None, None, None
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data: dict[str, Any] = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        user_id = as_user_id(data[SESSION_KEY]) if SESSION_KEY in data else None
        if must_create:
            return self._insert(self.encode(data), user_id)
        changed = Session.objects.filter(key_digest=digest(self.session_key)).update(
            data=self.encode(data), user_id=user_id, device=self.device
        )
        if not changed:  # ended meanwhile, from another window or by the clinic: it must not come back
            raise UpdateError
        return None

    def _insert(self, data: str, user_id: UUID | None) -> None:
        now = clock.now()
        self.record_id = self.record_id or new_id()
        self.created_at, self.last_seen_at = self.created_at or now, now
        try:
            with transaction.atomic():
                Session.objects.create(
                    key_digest=digest(self.session_key or ""),
                    id=self.record_id,
                    user_id=user_id,
                    data=data,
                    device=self.device,
                    created_at=self.created_at,
                    last_seen_at=now,
                )
        except IntegrityError as error:
            raise CreateError from error

    def cycle_key(self) -> None:
        """A new key for the same data. A step-up makes no session younger; signing in starts a new one."""
        data: dict[str, Any] = self._session  # type: ignore[attr-defined]
        old_key = self.session_key
        born = self.created_at if SESSION_KEY in data else None
        if old_key:
            self.delete(old_key)
        self._session_key = secrets.token_urlsafe(32)
        self._session_cache = data
        self.record_id, self.created_at = None, born
        self._insert(self.encode(data), as_user_id(data[SESSION_KEY]) if SESSION_KEY in data else None)
        self.modified = True

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(key_digest=digest(key)).delete()

    def touch(self, *, now: datetime) -> None:
        """Note that the session is in use; at most one statement a minute, however busy the person is."""
        if self.last_seen_at is None or self.session_key is None:
            return
        if now - self.last_seen_at < timedelta(seconds=settings.SESSION_TOUCH_SECONDS):
            return
        self.last_seen_at = now
        Session.objects.filter(key_digest=digest(self.session_key)).update(last_seen_at=now)

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the sessions nobody can use any more."""
        idle = max(idle for idle, _ in settings.SESSION_LIMITS.values())
        Session.objects.filter(last_seen_at__lt=clock.now() - timedelta(seconds=idle)).delete()


def _longest() -> timedelta:
    return timedelta(seconds=max(absolute for _, absolute in settings.SESSION_LIMITS.values()))
