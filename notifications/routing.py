"""Which reader is told by which channel, at once or later: preferences, quiet hours, digest, cap. Pure but
for the count of the day.

Urgent news passes everything but what the reader has switched off; what the law or safety does not let one
switch off (``Template.must_reach``) goes by e-mail to the patient who declined every channel. What would be
of no use after the wait is not made to wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from notifications import ports, quiet
from notifications.models import Channel
from notifications.models.deferred import Why
from notifications.readers import NOT_CHOSEN, Audience, Recipient
from notifications.template import Template
from notifications.types import Kind, Urgency
from steadwell.ids import PersonId, SiteId

_TODAY = """
SELECT count(*) FROM notifications_message
WHERE person_id = ANY(%s) AND channel = 'in-app' AND NOT (state = 'superseded') AND told_at > %s AND id >= %s
"""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One message to write. ``not_before`` with ``why`` where it waits."""

    recipient: Recipient
    channel: Channel
    not_before: datetime | None = None
    why: Why | None = None


def routes(
    audience: Audience, template: Template, params: Mapping[str, str], *, lane: Urgency,
    expires_at: datetime | None, now: datetime, site_id: SiteId | None = None, not_counted: int = 0,
) -> list[Route]:  # fmt: skip
    """For every reader who wants it. Of several telephones' channels the quieter first: an SMS goes out only
    where no device takes a notice, or where it is urgent. ``not_counted``: how many notices about the person
    are written already, but come after this one.
    """
    place_zone = params.get("zone", "")
    asking = _Asking(audience, template, place_zone, site_id, lane, expires_at, now, not_counted)
    return [route for each in audience.recipients for route in asking.of(each)]


@dataclass(frozen=True, slots=True)
class _Asking:
    audience: Audience
    template: Template
    place_zone: str
    site_id: SiteId | None
    lane: Urgency
    expires_at: datetime | None
    now: datetime
    not_counted: int

    def of(self, who: Recipient) -> Iterator[Route]:
        capped = self._is_capped(who)
        for channel in self._channels(who):
            if capped and channel is not Channel.EMAIL:
                continue
            yield self._timed(who, channel, capped=capped)

    def _channels(self, who: Recipient) -> Iterator[Channel]:
        wanted = who.wanted
        by_push = wanted.push and who.reached.has_push
        by_sms = wanted.sms and bool(who.reached.sms) and (not by_push or self.lane is Urgency.URGENT)
        if by_push:
            yield Channel.PUSH
        if by_sms:
            yield Channel.SMS
        if wanted.email or (self._must(who) and not by_push and not by_sms):
            yield Channel.EMAIL

    def _must(self, who: Recipient) -> bool:
        return who.is_patient and self.must_reach

    @property
    def must_reach(self) -> bool:
        return self.template.must_reach or self.template.kind is Kind.SAFETY

    def _timed(self, who: Recipient, channel: Channel, *, capped: bool) -> Route:
        if self.lane is Urgency.URGENT:
            return Route(recipient=who, channel=channel)
        place, at, why = who.reached, self.now, None
        together = channel is Channel.EMAIL and who.reader_id is not None and not self.must_reach
        if together and (capped or who.wanted.digest):
            at = quiet.next_time(self.now, zone=self._zone(who), wall=place.digest_at)
            why = Why.CAP if capped else Why.DIGEST
        elif hours := place.hours_of(channel):
            at = quiet.next_loud(self.now, zone=self._zone(who), hours=hours)
            why = Why.QUIET
        if at <= self.now or (self.expires_at is not None and at >= self.expires_at):
            return Route(recipient=who, channel=channel)
        return Route(recipient=who, channel=channel, not_before=at, why=why)

    def _zone(self, who: Recipient) -> str:
        return zone_of(who.time_zone, place_zone=self.place_zone, site_id=self.site_id, now=self.now)

    def _is_capped(self, who: Recipient) -> bool:
        most = who.reached.most_per_day
        if not most or self.lane is Urgency.URGENT or self.must_reach:
            return False
        return said_today(self.audience.person_ids, now=self.now) - self.not_counted > most


def zone_of(own: str, *, place_zone: str, site_id: UUID | None, now: datetime) -> str:
    """The reader's own; where they have not said, that of what the news is about, else the clinic's."""
    if own != NOT_CHOSEN:
        return own
    return place_zone or ports.clinic().zone_of(site_id=SiteId(site_id) if site_id else None, now=now)


def said_today(person_ids: tuple[PersonId, ...], *, now: datetime) -> int:
    """How many notices about a person were written in the last 24 hours, by the index of the inbox."""
    since = now - _A_DAY
    first = UUID(int=int(since.timestamp() * 1000) << 80)
    with connection.cursor() as cursor:
        cursor.execute(_TODAY, [list(person_ids), since, first])
        return int(cursor.fetchone()[0])
