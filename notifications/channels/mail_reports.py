"""What e-mail providers report. The provider named in the settings decides the dialect; one whose reports are
not signed over their body is not listed here, and its reports are not taken.

Ours is that of Standard Webhooks: HMAC-SHA256 over id, time and body. The headers are ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature``, or the same with ``svix``; the secret is ``whsec_`` and
base64. Those that django-anymail knows stand in ``mail_webhooks``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from notifications.channels import mail_webhooks
from notifications.channels.http import plain
from notifications.channels.mail_said import NAME, Said, What

TOLERANCE: Final = timedelta(minutes=5)
_PREFIX = "whsec_"
_PERMANENT = re.compile(r"hard bounce|suppressed", re.IGNORECASE)


class Dialect(Protocol):
    """``genuine`` gives the report's own name when it is signed and not too old; ``read`` what it says."""

    @property
    def returns_metadata(self) -> bool: ...

    def genuine(
        self, secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> str | None: ...

    def read(self, body: bytes) -> list[Said]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One report as it came: ``id`` names the event, also when it is repeated; ``at`` is Unix time."""

    id: str
    at: int
    signatures: str
    body: bytes


def key_of(secret: str) -> bytes:
    """Raises ValueError for what is no such secret."""
    if not secret.startswith(_PREFIX):
        raise ValueError("no prefix")
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)


def read_headers(headers: Mapping[str, str], body: bytes) -> Signed | None:
    """None where a header is missing or is not what it should be."""
    found = {
        name: headers.get(f"webhook-{name}") or headers.get(f"svix-{name}") or ""
        for name in ("id", "timestamp", "signature")
    }
    if not all(found.values()) or len(found["id"]) > 200 or not re.fullmatch(r"\d{1,12}", found["timestamp"]):
        return None
    return Signed(id=found["id"], at=int(found["timestamp"]), signatures=found["signature"], body=body)


def signature(secret: str, *, event_id: str, at: int, body: bytes) -> str:
    signed = hmac.new(key_of(secret), b"%s.%d.%s" % (event_id.encode(), at, body), hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def is_genuine(secret: str, signed: Signed) -> bool:
    """Whether one of its signatures is right: while a secret changes there are two."""
    try:
        expected = signature(secret, event_id=signed.id, at=signed.at, body=signed.body)
    except (ValueError, binascii.Error):
        return False
    given = signed.signatures.split(" ")[:10]
    return any(hmac.compare_digest(expected.encode(), each.encode()) for each in given)


def metadata(message_id: UUID) -> dict[str, str]:
    return {NAME: str(message_id)}


class StandardWebhooks:
    returns_metadata = True

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> str | None:
        signed = read_headers(headers, body)
        if signed is None or abs(now.timestamp() - signed.at) > TOLERANCE.total_seconds():
            return None
        return signed.id if is_genuine(secret, signed) else None

    def read(self, body: bytes) -> list[Said]:
        found = read(body)
        return [found] if found else []


DIALECTS: Final[Mapping[str, Dialect]] = {"resend": StandardWebhooks(), **mail_webhooks.DIALECTS}


def read(body: bytes) -> Said | None:
    """What is reported. None: nothing that this dialect says."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    data = told.get("data") if isinstance(told, dict) else None
    if not isinstance(data, dict):
        return None
    what, cause = _what(str(told.get("type", "")), data)
    reference = plain(data.get("email_id", ""), 120)
    return Said(what=what, message_id=_message_id(data), reference=reference, cause=cause)


def _what(kind: str, data: Mapping[str, Any]) -> tuple[What, str]:
    if kind in {"email.delivered", "email.opened", "email.clicked"}:
        return What.DELIVERED, ""
    if kind == "email.complained":
        return What.COMPLAINED, "mail-complained"
    if kind == "email.suppressed":  # the provider writes to this address no more
        return What.FAILED, "mail-suppressed"
    if kind == "email.failed":
        return What.FAILED, "mail-failed"
    if kind == "email.bounced":
        return What.FAILED, "mail-bounced" if _is_permanent(data.get("bounce")) else "mail-soft-bounced"
    return What.OTHER, ""


def _is_permanent(bounce: object) -> bool:
    """By its type; older reports have words only."""
    if not isinstance(bounce, dict):
        return False
    if "type" in bounce:
        return str(bounce["type"]).lower() == "permanent"
    return bool(_PERMANENT.search(str(bounce.get("message", ""))))


def _message_id(data: Mapping[str, Any]) -> UUID | None:
    headers = data.get("headers")
    for each in headers if isinstance(headers, list) else []:
        if isinstance(each, dict) and str(each.get("name", "")).lower() == "x-metadata":
            try:
                return UUID(orjson.loads(str(each.get("value", "")))[NAME])
            except (ValueError, KeyError, TypeError):
                return None
    return None
