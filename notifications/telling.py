"""Telling a person something: rows in the caller's transaction, and the promise that they are carried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection, transaction

from notifications import deferring, readers, rendering, routing, status
from notifications.models import Channel, Message, MessageState, new_token
from notifications.promising import promise
from notifications.template import Template
from notifications.types import Urgency
from steadwell.ids import MessageId, PersonId, SiteId, new_id

# What leaves the inbox unread when something newer is said; the rest stays as what was said then.
_UNTRUE_BY_ITSELF = ("visit.reminder", "result.ready")
_NOTICE = """
INSERT INTO notifications_message (id, key, token, person_id, channel, template, template_version, params,
    calendar, language, urgency, about, site_id, only_patient, state, told_at, expires_at, delivered_at,
    cause, provider, uncertain, address)
VALUES (%s, %s, %s, %s, 'in-app', %s, coalesce((SELECT version FROM notifications_wording w
    WHERE w.template = %s AND w.state = 'live'), 1), %s::jsonb, %s, %s, %s, %s, %s, %s, 'delivered', %s, %s,
    %s, '', '', false, '')
ON CONFLICT (key, channel, reader_id) DO NOTHING RETURNING template_version
"""


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
    found, lane = rendering.checked(template, params), Urgency(urgency)
    with transaction.atomic():
        audience = readers.audience_of(person_id, found.kind, now=now, only_patient=only_patient)
        notice_id = new_id()
        version = _write_notice(
            notice_id, audience, found, params, key=key, about=about, site_id=site_id, lane=lane,
            calendar=attachment_ics or "", only_patient=only_patient, now=now,
        )  # fmt: skip
        if version is None:
            return MessageId(
                Message.objects.values_list("id", flat=True).get(key=key, channel=Channel.IN_APP)
            )
        if about is not None and found.supersedes:
            _supersede(about, found, not_key=key, now=now)
        _carry(
            notice_id, audience, found, params, key=key, about=about, site_id=site_id, lane=lane,
            version=version, now=now,
        )  # fmt: skip
    return MessageId(notice_id)


def _write_notice(
    notice_id: UUID,
    audience: readers.Audience,
    template: Template,
    params: Mapping[str, str],
    *,
    key: str,
    about: UUID | None,
    site_id: SiteId | None,
    lane: Urgency,
    calendar: str,
    only_patient: bool,
    now: datetime,
) -> int | None:
    """The version of the words in use, when this telling is the first with its key; a second one waits here
    for the first to commit, and gets None.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTICE,
            [
                notice_id, key, new_token(), audience.person_id, template.code, template.code,
                orjson.dumps(dict(params)).decode(), calendar, audience.language, lane, about, site_id,
                only_patient, now,
                rendering.instant(params, template.expires) if template.expires else None, now,
            ],
        )  # fmt: skip
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _carry(
    notice_id: UUID,
    audience: readers.Audience,
    template: Template,
    params: Mapping[str, str],
    *,
    key: str,
    about: UUID | None,
    site_id: SiteId | None,
    lane: Urgency,
    version: int,
    now: datetime,
) -> None:
    """One message per reader and channel, promised for now or for later. One who can be reached nowhere fails
    here, where staff see it.
    """
    expires_at = rendering.instant(params, template.expires) if template.expires else None
    found = routing.routes(audience, template, params, lane=lane, expires_at=expires_at, now=now)
    rows, waiting = [], []
    for route in found:
        who = route.recipient
        nowhere = route.channel is Channel.EMAIL and not who.email
        row = Message(
            key=key, notice_id=notice_id, person_id=audience.person_id, reader_id=who.reader_id,
            channel=route.channel, template=template.code, template_version=version,
            params=dict(params), language=who.language, urgency=lane, about=about, site_id=site_id,
            told_at=now, not_before=route.not_before, expires_at=expires_at,
            state=MessageState.FAILED if nowhere else MessageState.DUE,
            cause="no-address" if nowhere else "", ended_at=now if nowhere else None,
        )  # fmt: skip
        rows.append(row)
        if route.why in deferring.TOGETHER and not nowhere:
            waiting.append((row, route.why))
    Message.objects.bulk_create(rows)
    together = {row.pk for row, _ in waiting}
    promise([row for row in rows if row.pk not in together], now=now)
    deferring.defer(waiting, now=now)


def _supersede(about: UUID, template: Template, *, not_key: str, now: datetime) -> None:
    """What is still on its way goes no further; what is unread and not true any more leaves the inbox."""
    earlier = Message.objects.filter(about=about, template__in=template.supersedes).exclude(key=not_key)
    unread_reminder = earlier.filter(
        channel=Channel.IN_APP, state=MessageState.DELIVERED, template__in=_UNTRUE_BY_ITSELF
    )
    on_its_way = earlier.exclude(channel=Channel.IN_APP).filter(state__in=status.UNDELIVERED)
    for rows in (on_its_way, unread_reminder):
        rows.update(state=MessageState.SUPERSEDED, ended_at=now)
