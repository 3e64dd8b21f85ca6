"""The statements of carrying: each moves all messages of a batch, and only those that may move."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from notifications.models import Attempt

# What is due is claimed; what is under way already, or ended, comes along as it is.
_CLAIM = """
WITH claimed AS (
    UPDATE notifications_message SET state = 'claimed', claimed_at = %(now)s
    WHERE id = ANY(%(ids)s) AND state = 'due' AND (not_before IS NULL OR not_before <= %(now)s)
      AND (expires_at IS NULL OR expires_at > %(now)s)
)
SELECT m.id, m.state, m.channel, m.provider, m.template, m.params, m.language, m.urgency, m.person_id,
    m.reader_id, m.not_before, m.expires_at, m.handed_at, m.uncertain, m.told_at, m.site_id, n.token,
    coalesce(n.calendar, ''), m.address, m.template_version, m.about, m.key
FROM notifications_message m LEFT JOIN notifications_message n ON n.id = m.notice_id
WHERE m.id = ANY(%(ids)s)
"""
_HAND = """
UPDATE notifications_message m SET state = 'handed', handed_at = %(now)s, provider = x.provider,
    address = x.address, language = x.language, uncertain = m.uncertain OR x.uncertain
FROM unnest(%(ids)s::uuid[], %(providers)s::text[], %(addresses)s::text[], %(languages)s::text[],
            %(uncertain)s::bool[]) AS x (id, provider, address, language, uncertain)
WHERE m.id = x.id AND m.state IN ('due', 'claimed', 'handed', 'uncertain') RETURNING m.id
"""
# A call-back may have been quicker than its call's answer: what is delivered stays delivered.
_SETTLE = """
UPDATE notifications_message m SET state = x.state, cause = x.cause,
    provider = x.provider, provider_ref = x.reference,
    accepted_at = CASE WHEN x.state IN ('accepted', 'delivered') THEN coalesce(m.accepted_at, %(now)s)
        ELSE m.accepted_at END,
    delivered_at = CASE WHEN x.state = 'delivered' THEN %(now)s ELSE m.delivered_at END,
    uncertain_at = CASE WHEN x.state = 'uncertain' THEN coalesce(m.uncertain_at, %(now)s) ELSE m.uncertain_at
        END,
    ended_at = CASE WHEN x.state IN ('failed', 'expired', 'superseded') THEN %(now)s ELSE m.ended_at END
FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(causes)s::text[], %(providers)s::text[],
            %(references)s::text[]) AS x (id, state, cause, provider, reference)
WHERE m.id = x.id AND m.state IN ('due', 'claimed', 'handed', 'uncertain')
RETURNING m.id, m.template, m.state, m.told_at
"""
_NOTE = """
INSERT INTO notifications_attempt (message_id, number, step, provider, cause, uncertain, at)
SELECT message_id, number, step, provider, cause, uncertain, %(now)s
FROM unnest(%(ids)s::uuid[], %(numbers)s::int[], %(steps)s::text[], %(providers)s::text[],
            %(causes)s::text[], %(uncertain)s::bool[])
    WITH ORDINALITY AS x (message_id, number, step, provider, cause, uncertain, n)
ORDER BY n
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message of a batch, as it stood before it was claimed."""

    id: UUID
    state: str
    channel: str
    provider: str
    template: str
    params: Mapping[str, str]
    language: str
    urgency: str
    person_id: UUID | None
    reader_id: UUID | None
    not_before: datetime | None
    expires_at: datetime | None
    handed_at: datetime | None
    uncertain: bool
    told_at: datetime
    site_id: UUID | None
    token: str | None
    calendar: str
    address: str
    template_version: int
    about: UUID | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    id: UUID
    provider: str
    address: str
    language: str
    uncertain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    id: UUID
    state: str
    provider: str
    cause: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    id: UUID
    number: int
    step: Attempt.Step
    provider: str = ""
    cause: str = ""
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    id: UUID
    template: str
    state: str
    told_at: datetime
    extra: Mapping[str, str] = field(default_factory=dict)


def claim(ids: Collection[UUID], *, now: datetime) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"ids": list(ids), "now": now})
        found = cursor.fetchall()
    return [
        Row(
            id=id_, state=state, channel=channel, provider=provider, template=template,
            params=orjson.loads(params) if isinstance(params, str | bytes) else params, language=language,
            urgency=urgency, person_id=person_id, reader_id=reader_id, not_before=not_before,
            expires_at=expires_at, handed_at=handed_at, uncertain=uncertain, told_at=told_at, site_id=site_id,
            token=token, calendar=calendar, address=address, template_version=version, about=about, key=key,
        )
        for (id_, state, channel, provider, template, params, language, urgency, person_id, reader_id,
             not_before, expires_at, handed_at, uncertain, told_at, site_id, token, calendar,
             address, version, about, key) in found
    ]  # fmt: skip


def hand(rows: Sequence[Handing], *, now: datetime) -> set[UUID]:
    """Answers which may go: one that was superseded meanwhile may not."""
    if not rows:
        return set()
    values: dict[str, Any] = {
        "now": now, "ids": [each.id for each in rows], "providers": [each.provider for each in rows],
        "addresses": [each.address for each in rows], "languages": [each.language for each in rows],
        "uncertain": [each.uncertain for each in rows],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HAND, values)
        return {id_ for (id_,) in cursor.fetchall()}


def settle(rows: Sequence[Settling], *, now: datetime) -> list[Moved]:
    """Answers which moved. One that ended otherwise meanwhile keeps its end; attempts tell of the call."""
    if not rows:
        return []
    values: dict[str, Any] = {
        "now": now, "ids": [each.id for each in rows], "states": [each.state for each in rows],
        "causes": [each.cause for each in rows], "providers": [each.provider for each in rows],
        "references": [each.reference for each in rows],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, values)
        return [
            Moved(id=id_, template=template, state=state, told_at=told_at)
            for id_, template, state, told_at in cursor.fetchall()
        ]


def note(steps: Sequence[Step], *, now: datetime) -> None:
    """Append them."""
    if not steps:
        return
    values: dict[str, Any] = {
        "now": now, "ids": [each.id for each in steps], "numbers": [each.number for each in steps],
        "steps": [each.step.value for each in steps], "providers": [each.provider for each in steps],
        "causes": [each.cause for each in steps], "uncertain": [each.uncertain for each in steps],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
