"""A small clinic for tests: made row by row, as a test needs it."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from scheduling import models
from scheduling import service as scheduling
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId, VisitTypeId

# A Monday, 08:00 in New York.
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"
_count = itertools.count(1)


def key() -> str:
    return uuid4().hex


def at(hour: int, minute: int = 0, *, on: date = TUESDAY, zone: str = NEW_YORK) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.combine(on, time(hour, minute), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def site(**fields: Any) -> SiteId:
    organisation = models.Organisation.objects.create(name="Steadwell Clinics")
    values = {
        "name": f"Site {next(_count)}",
        "time_zone": NEW_YORK,
        "cap_per_day": 0,
        "cap_ahead": 0,
        **fields,
    }
    return SiteId(models.Site.objects.create(organisation=organisation, **values).pk)


def visit_type(site_id: SiteId, **fields: Any) -> VisitTypeId:
    organisation_id = models.Site.objects.get(pk=site_id).organisation_id
    number = next(_count)
    values = {
        "name": f"Visit {number}",
        "code": f"visit-{number}",
        "minutes": 30,
        "speciality": "general-practice",
    }
    return VisitTypeId(
        models.VisitType.objects.create(organisation_id=organisation_id, **(values | fields)).pk
    )


def room(site_id: SiteId, kind: str = "consulting-room") -> UUID:
    return models.Resource.objects.create(site_id=site_id, kind=kind, name=f"Room {next(_count)}").pk


def clinician(
    site_id: SiteId,
    *,
    hours: tuple[tuple[int, int], ...] = ((9, 12),),
    weekdays: Any = range(7),
    **fields: Any,
) -> PractitionerId:
    values = {"name": f"Clinician {next(_count)}", "specialities": ["general-practice"], "languages": ["en"]}
    practitioner = models.Practitioner.objects.create(**(values | fields))
    add_hours(PractitionerId(practitioner.pk), site_id, hours=hours, weekdays=weekdays)
    return PractitionerId(practitioner.pk)


def add_hours(
    practitioner_id: PractitionerId,
    site_id: SiteId,
    *,
    hours: tuple[tuple[int, int], ...],
    weekdays: Any = range(7),
    **fields: Any,
) -> None:
    values = {"valid_from": date(2026, 1, 1), **fields}
    models.WeeklyHours.objects.bulk_create(
        models.WeeklyHours(
            practitioner_id=practitioner_id,
            site_id=site_id,
            weekday=weekday,
            starts=time(low),
            ends=time(high % 24),
            **values,
        )
        for weekday in weekdays
        for low, high in hours
    )


def patient() -> Actor:
    return Actor(user_id=UserId(uuid4()), roles=frozenset({Role.PATIENT}), person_id=PersonId(uuid4()))


def person_of(actor: Actor) -> PersonId:
    assert actor.person_id is not None
    return actor.person_id


def staff(site_id: SiteId, *roles: Role, practitioner_id: PractitionerId | None = None) -> Actor:
    return Actor(
        user_id=UserId(uuid4()),
        roles=frozenset(roles or {Role.FRONT_DESK}),
        site_ids=frozenset({site_id}),
        practitioner_id=practitioner_id,
    )


def offer(
    visit_type_id: VisitTypeId, practitioner_id: PractitionerId, site_id: SiteId, starts_at: datetime
) -> scheduling.OfferRef:
    return scheduling.OfferRef(
        visit_type_id=visit_type_id, practitioner_id=practitioner_id, site_id=site_id, starts_at=starts_at
    )


class Clinic:
    """One site with one room, one clinician (09:00 to 12:00 every day) and one visit of 30 minutes."""

    def __init__(
        self, *, rooms: int = 1, site_fields: dict[str, Any] | None = None, **visit_fields: Any
    ) -> None:
        self.site = site(**(site_fields or {}))
        self.rooms = [room(self.site) for _ in range(rooms)]
        self.visit_type = visit_type(self.site, **{"resource_kinds": ["consulting-room"], **visit_fields})
        self.clinician = clinician(self.site)
        self.desk = staff(self.site, Role.FRONT_DESK)
        self.manager = staff(self.site, Role.MANAGER)
        self.doctor = staff(self.site, Role.CLINICIAN, practitioner_id=self.clinician)

    def offer(
        self, hour: int = 9, minute: int = 0, *, on: date = TUESDAY, **other: Any
    ) -> scheduling.OfferRef:
        return offer(
            other.get("visit_type", self.visit_type),
            other.get("clinician", self.clinician),
            other.get("site", self.site),
            at(hour, minute, on=on),
        )

    def hold(
        self, who: Actor, hour: int = 9, minute: int = 0, *, now: datetime = NOW, **other: Any
    ) -> scheduling.Hold:
        return scheduling.hold(
            actor=who, person_id=person_of(who), offer=self.offer(hour, minute, **other), now=now
        )

    def book(
        self, who: Actor, hour: int = 9, minute: int = 0, *, now: datetime = NOW, **other: Any
    ) -> scheduling.Appointment:
        return scheduling.book_direct(
            actor=who,
            person_id=person_of(who),
            offer=self.offer(hour, minute, **other),
            request_key=key(),
            now=now,
        )

    def block(self, low: int, high: int, *, actor: Actor | None = None, **more: Any) -> scheduling.Closure:
        return scheduling.block_time(
            actor=actor or self.desk,
            practitioner_id=self.clinician,
            starts_at=at(low),
            ends_at=at(high),
            reason="Meeting",
            now=NOW,
            **{"request_key": key(), **more},
        )

    def open_times(
        self, *, on: date = TUESDAY, who: Actor | None = None, now: datetime = NOW, **other: Any
    ) -> list[str]:
        found = scheduling.search(
            actor=who or patient(),
            visit_type_id=other.pop("visit_type", self.visit_type),
            from_on=on,
            until_on=on,
            now=now,
            **other,
        )
        return [f"{each.wall_start:%H:%M}" for each in found.offers]
