"""Repeatable writes: the same key and body get the first answer, another body is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from steadwell import prepared
from steadwell.actor import Actor
from steadwell.errors import Invalid, RequestKeyReused
from steadwell.ids import new_id

_LONGEST_KEY = 200
_EXISTING = "SELECT result_id, digest FROM outbox_requestkey WHERE id = %(id)s"
_CLAIM = f"""
WITH claimed AS (
    INSERT INTO outbox_requestkey (id, operation, digest, result_id, claimed_at)
    VALUES (%(id)s, %(operation)s, %(digest)s, %(result_id)s, %(now)s)
    ON CONFLICT (id) DO NOTHING RETURNING result_id, digest
)
SELECT result_id, digest FROM claimed UNION ALL {_EXISTING}
"""  # noqa: S608 - constants only


def claim_request(
    *, actor: Actor, key: str, operation: str, body: Mapping[str, object], result_id: UUID, now: datetime
) -> UUID:
    """Claim a request key in the caller's transaction; answers the id of the one result this request has.

    The first time that is ``result_id``: do the work under that id. A repeat gets the first one's id: answer
    with what is there. Two that race: the second waits for the first to end; if the first rolled back, the
    second does the work. Keys are each user's own (or each system actor's). Raises RequestKeyReused when the
    body differs.
    """
    if not key or len(key) > _LONGEST_KEY:
        raise Invalid(fields={"request_key": "missing" if not key else "too-long"})
    values: dict[str, Any] = {
        "id": _key_id(actor, operation, key),
        "operation": operation,
        "digest": hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)).digest(),
        "result_id": result_id,
        "now": now,
    }
    with prepared.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
        if row is None:
            # The winner committed while this statement waited for it, after its snapshot: a new one sees the
            # row.
            cursor.execute(_EXISTING, values)
            row = cursor.fetchone()
    found, digest = row
    if bytes(digest) != values["digest"]:
        raise RequestKeyReused
    return UUID(str(found))


def begin_request(
    actor: Actor, key: str, operation: str, body: Mapping[str, object], now: datetime
) -> tuple[UUID, bool]:
    """claim_request under a new id: the id that is this request's own, and whether this is its first run."""
    attempt = new_id()
    claimed = claim_request(actor=actor, key=key, operation=operation, body=body, result_id=attempt, now=now)
    return claimed, claimed == attempt


def _key_id(actor: Actor, operation: str, key: str) -> UUID:
    who = str(actor.user_id) if actor.user_id else f"system:{actor.name}"
    return UUID(bytes=hashlib.sha256("\x1f".join((who, operation, key)).encode()).digest()[:16])
