"""Visits as calendar files (RFC 5545): one with each confirmation, and a private feed per user.

No clinical word, no clinician, no kind of visit: a calendar is read by phones, employers and families. Times
are UTC instants, which every program shows right, also in the hour that comes twice.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from scheduling import access, catalogue, queries
from scheduling.models import CalendarFeed
from scheduling.status import TAKES_TIME, Status
from scheduling.transactions import write
from scheduling.types import Appointment, Feed, Modality
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import AppointmentId, PersonId, PractitionerId, UserId
from steadwell.transactions import LostRace

_PAST = timedelta(days=30)
_AHEAD = timedelta(days=400)
_SHOWN = [*TAKES_TIME, Status.FULFILLED, Status.NOSHOW]


def calendar_file(*, actor: Actor, appointment_id: AppointmentId, now: datetime) -> bytes:
    """One visit as an .ics. Opening a later one moves or removes the entry of an earlier one."""
    return file_of(queries.get_appointment(actor=actor, appointment_id=appointment_id, now=now), now=now)


def file_of(visit: Appointment, *, now: datetime) -> bytes:
    """The .ics of a visit: its UID stays, its SEQUENCE is the visit's version."""
    called_off = visit.status in {Status.CANCELLED, Status.ENTERED_IN_ERROR}
    return _calendar([visit], method="CANCEL" if called_off else "PUBLISH", now=now)


def make_feed(
    *,
    actor: Actor,
    now: datetime,
    person_id: PersonId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> Feed:
    """A new private address for a patient's visits, or a clinician's; the user's former one for it ends."""
    user_id = _may_have_feed(actor, person_id, practitioner_id)
    token = secrets.token_urlsafe(32)

    def work() -> Feed:
        _live(actor, user_id, person_id, practitioner_id).update(revoked_at=now)
        row = CalendarFeed(
            person_id=person_id,
            practitioner_id=practitioner_id,
            token_hash=_digest(token),
            created_at=now,
            created_by=user_id,
        )
        CalendarFeed.objects.bulk_create([row], ignore_conflicts=True)
        if not CalendarFeed.objects.filter(pk=row.pk).exists():
            raise LostRace  # two first addresses at once: the second ends the first
        _audit(actor, "calendar.make_feed", row.pk, person_id, now)
        return Feed(feed_id=row.pk, token=token, created_at=now)

    return write(work)


def find_feed(
    *,
    actor: Actor,
    now: datetime,
    person_id: PersonId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> Feed | None:
    """This user's live feed, without its token: only the hash is kept."""
    user_id = _may_have_feed(actor, person_id, practitioner_id)
    live = _live(actor, user_id, person_id, practitioner_id).order_by("-created_at")
    row = live.values("id", "created_at").first()
    return Feed(feed_id=row["id"], token="", created_at=row["created_at"]) if row else None


def revoke_feed(*, actor: Actor, feed_id: UUID, now: datetime) -> None:
    """End an address at once. One's own only; one that has ended is no failure."""

    def work() -> None:
        feeds = CalendarFeed.objects.filter(pk=feed_id, created_by=actor.user_id or UUID(int=0))
        person_id = feeds.values_list("person_id", flat=True).first()
        if feeds.filter(revoked_at__isnull=True).update(revoked_at=now):
            _audit(actor, "calendar.revoke_feed", feed_id, PersonId(person_id) if person_id else None, now)
        elif not feeds.exists():
            raise NotFound

    write(work)


def feed_for_token(*, token: str, now: datetime) -> bytes:
    """The calendar behind a private address. NotFound for any token that opens nothing, whatever the cause.

    It shows what the user who made it may see now: disabled, or no longer a proxy, and it is empty handed.
    """
    feed = CalendarFeed.objects.filter(token_hash=_digest(token), revoked_at__isnull=True).values().first()
    if feed is None:
        raise NotFound
    try:
        actor = accounts.actor_for_user(user_id=UserId(feed["created_by"]), now=now)
        person_id = PersonId(feed["person_id"]) if feed["person_id"] else None
        practitioner_id = PractitionerId(feed["practitioner_id"]) if feed["practitioner_id"] else None
        _may_have_feed(actor, person_id, practitioner_id)
    except (NotFound, Forbidden):
        raise NotFound from None
    if person_id is not None:
        visits = queries.list_for_feed(
            person_ids=access.ids_of(actor, person_id), low=now - _PAST, statuses=_SHOWN
        )
    else:
        found = queries.list_between(
            now - _PAST, now + _AHEAD, practitioner_id=practitioner_id, statuses=_SHOWN
        )
        visits = [visit.appointment for visit in found]
    queries.record_read(visits, actor=actor, action="calendar.read_feed", now=now, about=person_id)
    return _calendar(visits, method="PUBLISH", now=now)


def _calendar(visits: Iterable[Appointment], *, method: str, now: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Steadwell//Scheduling//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add("x-wr-calname", _("Clinic visits"))
    calendar.add("x-published-ttl", "PT1H")
    for visit in visits:
        calendar.add_component(_event(visit, now))
    return bytes(calendar.to_ical())


def _event(visit: Appointment, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{visit.appointment_id}@steadwell")
    event.add("sequence", visit.version)
    event.add("dtstamp", now)
    event.add("dtstart", visit.starts_at)
    event.add("dtend", visit.ends_at)
    event.add("summary", _("Video visit") if visit.modality is Modality.VIDEO else _("Clinic visit"))
    if visit.modality is not Modality.VIDEO:
        event.add("location", ", ".join(part for part in (visit.site_name, visit.site_address) if part))
    event.add("status", _STATUS.get(visit.status, "CONFIRMED"))
    event.add("class", "PRIVATE")
    return event


_STATUS = {Status.PENDING: "TENTATIVE", Status.CANCELLED: "CANCELLED", Status.ENTERED_IN_ERROR: "CANCELLED"}


def _may_have_feed(
    actor: Actor, person_id: PersonId | None, practitioner_id: PractitionerId | None
) -> UserId:
    """Of oneself, whom one stands for, or as the clinician one is."""
    if (person_id is None) == (practitioner_id is None):
        raise Invalid(fields={"person_id": "one-of"})
    if actor.user_id is None:
        raise Forbidden
    own = access.is_patient_side(actor, person_id) if person_id else actor.practitioner_id == practitioner_id
    if not own:
        raise NotFound
    if practitioner_id is not None and practitioner_id not in catalogue.current().practitioners:
        raise NotFound
    return actor.user_id


def _live(
    actor: Actor, user_id: UserId, person_id: PersonId | None, practitioner_id: PractitionerId | None
) -> QuerySet[CalendarFeed]:
    own = Q(person_id__in=actor.ids_of(person_id)) if person_id else Q(practitioner_id=practitioner_id)
    return CalendarFeed.objects.filter(own, created_by=user_id, revoked_at__isnull=True)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _audit(actor: Actor, action: str, feed_id: UUID, person_id: PersonId | None, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category="calendar", now=now, subject_id=person_id, entity_id=feed_id
    )
