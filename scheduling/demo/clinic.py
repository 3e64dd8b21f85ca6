"""Three sites in two time zones, fourteen clinicians in six specialities, their hours and what they offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from scheduling import models
from scheduling.demo.people import NAMESPACE
from steadwell.ids import PractitionerId, SiteId

ORGANISATION_ID = uuid5(NAMESPACE, "organisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinician:
    """Shifts: (site, weekdays, from, until), hours as whole numbers."""

    name: str
    title: str
    speciality: str
    languages: tuple[str, ...]
    shifts: tuple[tuple[int, tuple[int, ...], int, int], ...]

    @property
    def id(self) -> PractitionerId:
        return PractitionerId(uuid5(NAMESPACE, f"clinician:{self.name}"))


_WEEK = (0, 1, 2, 3, 4)
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
CLINICIANS = (
    Clinician(
        name="Dr. Amara Okafor",
        title="Family doctor",
        speciality="general-practice",
        languages=("en", "fr"),
        shifts=((0, _WEEK, 8, 12), (0, _WEEK, 13, 17)),
    ),
    Clinician(
        name="Dr. Elena Castillo",
        title="Family doctor",
        speciality="general-practice",
        languages=("en", "es"),
        shifts=((0, _WEEK, 9, 13), (0, (1, 3), 16, 20), (0, (5,), 9, 12)),
    ),
    Clinician(
        name="Dr. James Whitfield",
        title="Family doctor",
        speciality="general-practice",
        languages=("en",),
        shifts=((1, _WEEK, 8, 12), (1, (0, 2, 4), 13, 17)),
    ),
    Clinician(
        name="Dr. Hanna Lindqvist",
        title="Family doctor",
        speciality="general-practice",
        languages=("en", "de"),
        shifts=((2, _WEEK, 8, 12), (2, _WEEK, 13, 16)),
    ),
    Clinician(
        name="Dr. Samuel Osei",
        title="Children's doctor",
        speciality="paediatrics",
        languages=("en",),
        shifts=((0, (0, 1, 2), 8, 13), (1, (3, 4), 8, 13)),
    ),
    Clinician(
        name="Dr. Lucia Ferrer",
        title="Children's doctor",
        speciality="paediatrics",
        languages=("en", "es"),
        shifts=((1, (0, 1, 2), 9, 14), (1, (3,), 14, 18), (1, (5,), 9, 12)),
    ),
    Clinician(
        name="Dr. Priya Raman",
        title="Gynaecologist",
        speciality="womens-health",
        languages=("en", "hi"),
        shifts=((0, (0, 1, 3), 9, 15),),
    ),
    Clinician(
        name="Dr. Naomi Feldman",
        title="Gynaecologist",
        speciality="womens-health",
        languages=("en",),
        shifts=((2, (0, 2, 4), 9, 15),),
    ),
    Clinician(
        name="Dr. Tomas Herrera",
        title="Psychotherapist",
        speciality="mental-health",
        languages=("en", "es"),
        shifts=((0, (1, 2, 3), 10, 18),),
    ),
    Clinician(
        name="Anna Kowalska",
        title="Counsellor",
        speciality="mental-health",
        languages=("en", "pl"),
        shifts=((1, (0, 2, 4), 10, 17), (1, (3,), 15, 19)),
    ),
    Clinician(
        name="Marcus Bell",
        title="Physiotherapist",
        speciality="physiotherapy",
        languages=("en",),
        shifts=((0, _WEEK, 8, 12), (0, (0, 2, 4), 13, 17)),
    ),
    Clinician(
        name="Yuki Tanaka",
        title="Physiotherapist",
        speciality="physiotherapy",
        languages=("en",),
        shifts=((2, _WEEK, 9, 15),),
    ),
    Clinician(
        name="Dr. Mei Chen",
        title="Skin doctor",
        speciality="dermatology",
        languages=("en", "zh"),
        shifts=((0, (0, 4), 9, 16), (1, (2,), 9, 16)),
    ),
    Clinician(
        name="Dr. Omar Haddad",
        title="Skin doctor",
        speciality="dermatology",
        languages=("en", "ar"),
        shifts=((2, (1, 3), 9, 16),),
    ),
)
# code, name, description, speciality, minutes, buffer after, needs, modality, capacity, patients may book
_VISIT_TYPES: tuple[tuple[str, str, str, str, int, int, list[str], str, int, bool], ...] = (
    (
        "family-visit",
        "Family doctor visit",
        "For anything that is new or does not go away.",
        "general-practice",
        20,
        0,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "check-up",
        "Yearly check-up",
        "A calm look at the whole of your health.",
        "general-practice",
        40,
        0,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "family-video",
        "Video visit with a family doctor",
        "From home, for advice and follow-up.",
        "general-practice",
        20,
        0,
        [],
        "video",
        1,
        True,
    ),
    (
        "child-visit",
        "Child visit",
        "When your child is ill or you are worried.",
        "paediatrics",
        20,
        0,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "child-check-up",
        "Child check-up",
        "Growth, development and vaccinations.",
        "paediatrics",
        40,
        0,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "womens-visit",
        "Women's health visit",
        "Check-ups, contraception and questions.",
        "womens-health",
        30,
        0,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "pregnancy-check",
        "Pregnancy check",
        "With ultrasound.",
        "womens-health",
        30,
        10,
        ["consulting-room", "ultrasound"],
        "in-person",
        1,
        True,
    ),
    (
        "first-talk",
        "First conversation",
        "Fifty minutes to find out what would help.",
        "mental-health",
        50,
        10,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "therapy-video",
        "Talk by video",
        "For those who are with us already.",
        "mental-health",
        50,
        10,
        [],
        "video",
        1,
        True,
    ),
    (
        "calm-group",
        "Group: a calmer week",
        "Ways to handle stress, together with others.",
        "mental-health",
        60,
        0,
        ["group-room"],
        "in-person",
        8,
        True,
    ),
    (
        "physio",
        "Physiotherapy",
        "Treatment and exercises.",
        "physiotherapy",
        40,
        5,
        ["treatment-room"],
        "in-person",
        1,
        True,
    ),
    (
        "skin-check",
        "Skin check",
        "A look at moles, rashes and whatever itches.",
        "dermatology",
        20,
        0,
        ["consulting-room"],
        "in-person",
        1,
        True,
    ),
    (
        "minor-surgery",
        "Small procedure",
        "Booked by the clinic after a skin check.",
        "dermatology",
        40,
        20,
        ["consulting-room"],
        "in-person",
        1,
        False,
    ),
)


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
        ) in _VISIT_TYPES
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
    single = [visit_type_id(code) for code, *_, capacity, _may in _VISIT_TYPES if capacity == 1]
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
