"""E-mail providers whose reports django-anymail can check and read: signed over the whole body (HMAC-SHA256).

The library's views are asked for their check and their reading only, never as views: what they answer comes
before anything is stored. Their signature covers no time of its own; the events' own times lie in the body
that it covers, and the same body again is the same report.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from anymail.exceptions import AnymailError  # type: ignore[import-untyped]

from notifications.channels.http import plain
from notifications.channels.mail_said import NAME, Said, What

# A provider tries for about a day to be heard, with the body it signed first; clocks differ by minutes.
REPEATED: Final = timedelta(days=2)
AHEAD: Final = timedelta(minutes=5)
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class _Posted:
    """As much of a request as the library looks at."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryDialect:
    """``secret`` is how the view names it. ``is_permanent`` says of a bounce whether the address is dead.
    ``returns_metadata``: our id goes out with the mail and comes back.
    """

    module: str
    view: str
    secret: str
    is_permanent: Callable[[Mapping[str, Any]], bool]
    returns_metadata: bool

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> str | None:
        """The report's own name; None for what is not signed, malformed or too old."""
        posted = _Posted(headers, body)
        try:
            view = self._view(secret)
            view.run_validators(posted)
            times = [each.timestamp for each in view.parse_events(posted)]
        except (AnymailError, *_MALFORMED):
            return None
        if not times or not all(at and now - REPEATED <= at <= now + AHEAD for at in times):
            return None
        return hashlib.sha256(body).hexdigest()

    def read(self, body: bytes) -> list[Said]:
        """What each of its events says. The secret was asked for at the door."""
        try:
            events = self._view("-").parse_events(_Posted({}, body))
        except (AnymailError, *_MALFORMED):
            return []
        return [self._said(each) for each in events]

    def _view(self, secret: str) -> Any:
        return getattr(import_module(f"anymail.webhooks.{self.module}"), self.view)(**{self.secret: secret})

    def _said(self, event: Any) -> Said:
        what, cause = self._what(event)
        return Said(
            what=what, cause=cause, message_id=_ours(event.metadata),
            reference=plain(event.message_id or "", 120),
        )  # fmt: skip

    def _what(self, event: Any) -> tuple[What, str]:
        if event.event_type in {"delivered", "opened", "clicked"}:
            return What.DELIVERED, ""
        if event.event_type == "complained":
            return What.COMPLAINED, "mail-complained"
        if event.event_type == "rejected":  # the provider would not send it; why may pass
            return What.FAILED, "mail-failed"
        if event.event_type == "bounced":
            return What.FAILED, "mail-bounced" if self.is_permanent(event.esp_event) else "mail-soft-bounced"
        return What.OTHER, ""


def _ours(metadata: object) -> UUID | None:
    try:
        return UUID(str(metadata[NAME])) if isinstance(metadata, dict) else None
    except (KeyError, ValueError):
        return None


def _hard(event: Mapping[str, Any]) -> bool:
    return bool(event["data"]["type"] == "hard_bounced")


DIALECTS: Final = {
    "mailersend": LibraryDialect(
        module="mailersend", view="MailerSendTrackingWebhookView", secret="signing_secret",  # noqa: S106
        is_permanent=_hard, returns_metadata=False,
    ),
    "mailtrap": LibraryDialect(
        module="mailtrap", view="MailtrapTrackingWebhookView", secret="tracking_secret",  # noqa: S106
        is_permanent=lambda event: True, returns_metadata=True,  # what may pass it calls a soft bounce
    ),
}  # fmt: skip
