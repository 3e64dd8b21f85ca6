"""Three sites in two time zones, fourteen clinicians in six specialities, their hours and what they offer."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from scheduling import models
from scheduling.demo.clinicians import CLINICIANS
from scheduling.demo.people import NAMESPACE
from scheduling.demo.visit_types import VISIT_TYPES
from steadwell.ids import PractitionerId, SiteId

ORGANISATION_ID = uuid5(NAMESPACE, "organisation")


_SITES = (
    (
        "Harbor Street Clinic",
        "12 Harbor Street, Portland, ME 04101",
        "+1 207 555 0100",
        "America/New_York",
        "open",
    ),
    (
        "Riverside Clinic",
        "80 River Avenue, Providence, RI 02903",
        "+1 401 555 0100",
        "America/New_York",
        "request",
    ),
    (
        "Lakeview Clinic",
        "455 Lakeview Drive, Milwaukee, WI 53202",
        "+1 414 555 0100",
        "America/Chicago",
        "open",
    ),
)
_ROOMS = (
    (("consulting-room", 5), ("treatment-room", 2), ("group-room", 1), ("ultrasound", 1)),
    (("consulting-room", 4), ("treatment-room", 1), ("group-room", 1)),
    (("consulting-room", 4), ("treatment-room", 1), ("ultrasound", 1)),
)
_ROOM_NAMES = {
    "consulting-room": "Room",
    "treatment-room": "Treatment room",
    "group-room": "Group room",
    "ultrasound": "Ultrasound",
}


def site_id(number: int) -> SiteId:
    return SiteId(uuid5(NAMESPACE, f"site:{number}"))


def visit_type_id(code: str) -> UUID:
    return uuid5(NAMESPACE, f"visit-type:{code}")


def make(today: date) -> None:
    """Write the set-up, with hours that began half a year ago and have no end."""
    models.Organisation.objects.create(id=ORGANISATION_ID, name="Steadwell Family Clinics")
    models.Site.objects.bulk_create(
        models.Site(
            id=site_id(number),
            organisation_id=ORGANISATION_ID,
            name=name,
            address=address,
            phone=phone,
            time_zone=zone,
            mode=mode,
            window_days=42,
            book_lead_minutes=60,
            cancel_lead_minutes=120,
            cap_per_day=2,
            cap_ahead=6,
            video_link="https://video.example.org/{visit}",
        )
        for number, (name, address, phone, zone, mode) in enumerate(_SITES)
    )
    _make_rooms()
    _make_visit_types()
    models.Practitioner.objects.bulk_create(
        models.Practitioner(
            id=each.id,
            name=each.name,
            title=each.title,
            specialities=[each.speciality],
            languages=list(each.languages),
        )
        for each in CLINICIANS
    )
    _make_hours(today)
    models.Holiday.objects.bulk_create(
        models.Holiday(site_id=site_id(number), on=on, name=name)
        for number in range(len(_SITES))
        for year in (today.year, today.year + 1)
        for on, name in holidays(year)
    )


def _make_rooms() -> None:
    models.Resource.objects.bulk_create(
        models.Resource(
            id=uuid5(NAMESPACE, f"room:{site}:{kind}:{number}"),
            site_id=site_id(site),
            kind=kind,
            name=f"{_ROOM_NAMES[kind]} {number}" if count > 1 else _ROOM_NAMES[kind],
        )
        for site, kinds in enumerate(_ROOMS)
        for kind, count in kinds
        for number in range(1, count + 1)
    )


def _make_visit_types() -> None:
    models.VisitType.objects.bulk_create(
        models.VisitType(
            id=visit_type_id(code),
            organisation_id=ORGANISATION_ID,
            code=code,
            name=name,
            description=description,
            speciality=speciality,
            minutes=minutes,
            buffer_after=after,
            resource_kinds=needs,
            modality=modality,
            capacity=capacity,
            patients_may_book=open_to_patients,
            step_minutes=20 if minutes == 40 and not after else 0,
        )
        for (
            code,
            name,
            description,
            speciality,
            minutes,
            after,
            needs,
            modality,
            capacity,
            open_to_patients,
        ) in VISIT_TYPES
    )


def holidays(year: int) -> list[tuple[date, str]]:
    """The days on which the demo clinic is closed."""
    november = date(year, 11, 1)
    thanksgiving = november + timedelta(days=(3 - november.weekday()) % 7 + 21)
    return [
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 7, 4), "Independence Day"),
        (thanksgiving, "Thanksgiving"),
        (date(year, 12, 25), "Christmas Day"),
    ]


def _make_hours(today: date) -> None:
    # The group meets in the late afternoon of one weekday only; all else is given in all hours but those.
    group = visit_type_id("calm-group")
    single = [visit_type_id(code) for code, *_, capacity, _may in VISIT_TYPES if capacity == 1]
    rows = [
        models.WeeklyHours(
            practitioner_id=each.id,
            site_id=site_id(site),
            weekday=weekday,
            starts=time(low),
            ends=time(high),
            valid_from=today - timedelta(days=182),
            visit_type_ids=single if each.title == "Psychotherapist" else [],
        )
        for each in CLINICIANS
        for site, weekdays, low, high in each.shifts
        for weekday in weekdays
    ]
    therapist = next(each for each in CLINICIANS if each.title == "Psychotherapist")
    counsellor = next(each for each in CLINICIANS if each.title == "Counsellor")
    rows += [
        models.WeeklyHours(
            practitioner_id=therapist.id,
            site_id=site_id(0),
            weekday=3,
            starts=time(18),
            ends=time(19),
            valid_from=today - timedelta(days=182),
            visit_type_ids=[group],
        )
    ]
    for row in rows:
        if row.practitioner_id == counsellor.id:
            row.visit_type_ids = single
    models.WeeklyHours.objects.bulk_create(rows)


def leaves(today: date) -> list[tuple[PractitionerId, datetime, datetime, str]]:
    """A week off three weeks from now, and a training day next week."""
    from datetime import UTC

    monday = today - timedelta(days=today.weekday()) + timedelta(days=21)
    training = today - timedelta(days=today.weekday()) + timedelta(days=9)
    start = datetime.combine(monday, time(4), tzinfo=UTC)
    day = datetime.combine(training, time(4), tzinfo=UTC)
    return [
        (CLINICIANS[7].id, start, start + timedelta(days=7), "Vacation"),
        (CLINICIANS[10].id, day, day + timedelta(days=1), "Training"),
    ]
