"""Telling people something: rows in the caller's transaction, and the promise that they are carried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import transaction

from notifications import deferring, readers, rendering, routing
from notifications.models import Channel, Message, MessageState, new_token
from notifications.promising import promise
from notifications.template import Template
from notifications.types import Urgency
from steadwell import prepared
from steadwell.ids import MessageId, PersonId, SiteId, new_id

# One statement each, however many are told: the look at demographics takes no more than this.
_AT_ONCE = 500
# In one order everywhere: two that tell the same wait for each other, never in a ring.
_NOTICES = """
INSERT INTO notifications_message (id, key, token, person_id, channel, template, template_version, params,
    calendar, language, urgency, about, site_id, only_patient, state, told_at, expires_at, delivered_at,
    cause, provider, uncertain, address)
SELECT new.id, new.key, new.token, new.person_id, 'in-app', new.template,
    coalesce((SELECT version FROM notifications_wording w
        WHERE w.template = new.template AND w.state = 'live'), 1),
    new.params, new.calendar, new.language, new.urgency, new.about, new.site_id, new.only_patient,
    'delivered', %(now)s::timestamptz, new.expires_at, %(now)s::timestamptz, '', '', false, ''
FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(tokens)s::text[], %(persons)s::uuid[], %(templates)s::text[],
        %(params)s::jsonb[], %(calendars)s::text[], %(languages)s::text[], %(urgencies)s::text[],
        %(abouts)s::uuid[], %(sites)s::uuid[], %(only_patient)s::bool[], %(expire)s::timestamptz[])
    AS new (id, key, token, person_id, template, params, calendar, language, urgency, about, site_id,
        only_patient, expires_at)
ORDER BY new.key
ON CONFLICT (key, channel, reader_id) DO NOTHING RETURNING id, template_version
"""
# What is still on its way goes no further (notifications.status.UNDELIVERED); of what lies unread in the
# inbox only what is not true any more leaves it, the rest stays as what was said then.
_SUPERSEDE = """
UPDATE notifications_message SET state = 'superseded', ended_at = %(now)s::timestamptz
WHERE id IN (
    SELECT m.id FROM unnest(%(abouts)s::uuid[], %(keys)s::text[], %(olds)s::text[]) AS newer (about, key, old)
    JOIN notifications_message m ON m.about = newer.about AND m.template = newer.old AND m.key <> newer.key
    WHERE m.state IN ('due', 'claimed', 'handed', 'delivered')
      AND ((m.channel <> 'in-app' AND m.state <> 'delivered')
        OR (m.channel = 'in-app' AND m.state = 'delivered'
            AND m.template IN ('visit.reminder', 'result.ready')))
    ORDER BY m.id FOR UPDATE OF m
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What ``tell`` is asked for. ``traceparent``: the trace that it belongs to, where a batch tells on
    behalf of several.
    """

    person_id: PersonId
    template: str
    params: Mapping[str, str]
    key: str
    about: UUID | None
    urgency: str = Urgency.STANDARD
    attachment_ics: str | None = None
    site_id: SiteId | None = None
    only_patient: bool = False
    traceparent: str = ""


def tell(
    *,
    person_id: PersonId,
    template: str,
    params: Mapping[str, str],
    key: str,
    about: UUID | None,
    now: datetime,
    urgency: str = Urgency.STANDARD,
    attachment_ics: str | None = None,
    site_id: SiteId | None = None,
    only_patient: bool = False,
) -> MessageId:
    """Tell a patient, and the proxies who chose to be told, in the portal and by e-mail as each prefers.

    Repeating a ``key`` tells nobody again and returns the first id. ``params`` are those of
    ``wording.PARAMS``: ``starts_at`` and ``old_starts_at`` as ISO 8601 with offset, ``zone`` (IANA),
    ``place``, and ``path``, where the button leads inside the portal. What was said earlier about the same
    thing and has not gone out yet is superseded. ``attachment_ics`` is a calendar file without clinical
    words. ``site_id``: the clinic whose staff see that it did not arrive. ``only_patient``: nobody who acts
    for the patient is told, nor sees that there is a message. Nothing leaves before the caller's commit.
    """
    telling = Telling(
        person_id=person_id, template=template, params=params, key=key, about=about, urgency=urgency,
        attachment_ics=attachment_ics, site_id=site_id, only_patient=only_patient,
    )  # fmt: skip
    return tell_many([telling], now=now)[0]


def tell_many(tellings: Sequence[Telling], *, now: datetime) -> list[MessageId]:
    """Several, each as ``tell`` does it, with as many statements as one; the ids in the order given.

    Of two with one key the second is a repeat; of two about the same thing the later supersedes the earlier.
    All are told, or none.
    """
    ids: dict[int, MessageId] = {}
    with transaction.atomic():
        for places in _rounds(tellings):
            told = _tell_together([_word(tellings[place]) for place in places], now)
            ids.update(zip(places, told, strict=True))
    return [ids[place] for place in range(len(tellings))]


def _rounds(tellings: Sequence[Telling]) -> list[list[int]]:
    """The places of those that can be told in one breath: what repeats a key, or is about a thing that was
    told about before it, comes after that; nobody hears what came later first.
    """
    rounds: list[list[int]] = []
    said_in: dict[tuple[str, object], int] = {}
    for place, each in enumerate(tellings):
        marks = [("key", each.key), *([("about", each.about)] if each.about else [])]
        person = ("person", each.person_id)
        number = max(1 + max(said_in.get(mark, -1) for mark in marks), said_in.get(person, 0))
        while number < len(rounds) and len(rounds[number]) >= _AT_ONCE:
            number += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(place)
        said_in.update(dict.fromkeys([*marks, person], number))
    return rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """One telling on its way, under the id that its notice gets if it is the first with its key."""

    notice_id: UUID
    asked: Telling
    template: Template
    lane: Urgency
    expires_at: datetime | None


def _word(asked: Telling) -> _Word:
    template = rendering.checked(asked.template, asked.params)
    expires_at = rendering.instant(asked.params, template.expires) if template.expires else None
    return _Word(
        notice_id=new_id(), asked=asked, template=template, lane=Urgency(asked.urgency), expires_at=expires_at
    )


def _tell_together(words: Sequence[_Word], now: datetime) -> list[MessageId]:
    audiences = readers.audiences_of(
        [
            readers.Asked(
                person_id=each.asked.person_id, kind=each.template.kind, only_patient=each.asked.only_patient
            )
            for each in words
        ],
        now=now,
    )  # fmt: skip
    versions = _write_notices(words, audiences, now)
    new = [
        (word, audience)
        for word, audience in zip(words, audiences, strict=True)
        if word.notice_id in versions
    ]
    _supersede([word for word, _ in new], now)
    _carry(new, versions, now)
    first = _first_ids([each.asked.key for each in words if each.notice_id not in versions])
    return [MessageId(first.get(each.asked.key, each.notice_id)) for each in words]


def _write_notices(
    words: Sequence[_Word], audiences: Sequence[readers.Audience], now: datetime
) -> Mapping[UUID, int]:
    """The version of the words in use, by the id of each notice whose telling is the first with its key; a
    second one waits here for the first to commit, and is not among them.
    """
    asked = [each.asked for each in words]
    with prepared.cursor() as cursor:
        cursor.execute(
            _NOTICES,
            {
                "now": now,
                "ids": [each.notice_id for each in words],
                "keys": [each.key for each in asked],
                "tokens": [new_token() for _ in words],
                "persons": [each.person_id for each in audiences],
                "templates": [each.template.code for each in words],
                "params": [orjson.dumps(dict(each.params)).decode() for each in asked],
                "calendars": [each.attachment_ics or "" for each in asked],
                "languages": [each.language for each in audiences],
                "urgencies": [str(each.lane) for each in words],
                "abouts": [each.about for each in asked],
                "sites": [each.site_id for each in asked],
                "only_patient": [each.only_patient for each in asked],
                "expire": [each.expires_at for each in words],
            },
        )
        return dict(cursor.fetchall())


def _first_ids(keys: Sequence[str]) -> Mapping[str, UUID]:
    """Of what was told before."""
    if not keys:
        return {}
    found = Message.objects.filter(key__in=keys, channel=Channel.IN_APP)
    return dict(found.values_list("key", "id"))


def _supersede(words: Sequence[_Word], now: datetime) -> None:
    olds = [
        (word.asked.about, word.asked.key, old)
        for word in words
        if word.asked.about is not None
        for old in sorted(word.template.supersedes)
    ]
    if not olds:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            _SUPERSEDE,
            {
                "now": now,
                "abouts": [about for about, _, _ in olds],
                "keys": [key for _, key, _ in olds],
                "olds": [old for _, _, old in olds],
            },
        )


def _carry(
    new: Sequence[tuple[_Word, readers.Audience]], versions: Mapping[UUID, int], now: datetime
) -> None:
    """One message per reader and channel, promised for now or for later. One who can be reached nowhere fails
    here, where staff see it.
    """
    rows: list[Message] = []
    waiting: list[deferring.Waiting] = []
    traces: dict[UUID, str] = {}
    # Their notices are written already; what comes after one in the order given does not count for it.
    after = Counter(audience.person_id for _, audience in new)
    for word, audience in new:
        after[audience.person_id] -= 1
        found = routing.routes(
            audience, word.template, word.asked.params, lane=word.lane, expires_at=word.expires_at, now=now,
            site_id=word.asked.site_id, not_counted=after[audience.person_id],
        )  # fmt: skip
        for route in found:
            row = _message(word, audience, route, versions[word.notice_id], now)
            rows.append(row)
            traces[row.pk] = word.asked.traceparent
            if route.why in deferring.TOGETHER and row.state == MessageState.DUE:
                waiting.append((row, route.why))
    Message.objects.bulk_create(rows)
    together = {row.pk for row, _ in waiting}
    promise([row for row in rows if row.pk not in together], now=now, traces=traces)
    deferring.defer(waiting, now=now)


def _message(
    word: _Word, audience: readers.Audience, route: routing.Route, version: int, now: datetime
) -> Message:
    who, asked = route.recipient, word.asked
    nowhere = route.channel is Channel.EMAIL and not who.email
    return Message(
        key=asked.key, notice_id=word.notice_id, person_id=audience.person_id, reader_id=who.reader_id,
        channel=route.channel, template=word.template.code, template_version=version,
        params=dict(asked.params), language=who.language, urgency=word.lane, about=asked.about,
        site_id=asked.site_id, told_at=now, not_before=route.not_before, expires_at=word.expires_at,
        state=MessageState.FAILED if nowhere else MessageState.DUE,
        cause="no-address" if nowhere else "", ended_at=now if nowhere else None,
    )  # fmt: skip
