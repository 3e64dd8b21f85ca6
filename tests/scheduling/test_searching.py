from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from small_clinic import (
    MONDAY,
    NOW,
    TUESDAY,
    Clinic,
    add_hours,
    at,
    clinician,
    key,
    patient,
    person_of,
    visit_type,
)

from scheduling import models
from scheduling import service as scheduling
from scheduling.types import OfferRef
from steadwell.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db


def search(clinic: Clinic, **more: Any) -> scheduling.SearchResult:
    values = {"actor": patient(), "from_on": TUESDAY, "until_on": TUESDAY, "now": NOW, **more}
    return scheduling.search(visit_type_id=clinic.visit_type, **values)


def codes(result: scheduling.SearchResult) -> list[str]:
    return [reason.code for reason in result.reasons]


def test_search_by_time_of_day_clinician_and_language():
    clinic = Clinic(rooms=2)
    spanish = clinician(clinic.site, hours=((13, 15),), languages=["es"])

    everyone = search(clinic)
    afternoon = search(clinic, time_of_day=scheduling.TimeOfDay.AFTERNOON)
    hers = search(clinic, practitioner_ids=[clinic.clinician])
    in_spanish = search(clinic, language="es")

    assert len(everyone.offers) == 10
    assert {each.practitioner_id for each in afternoon.offers} == {spanish}
    assert {each.practitioner_id for each in hers.offers} == {clinic.clinician}
    assert {each.practitioner_id for each in in_spanish.offers} == {spanish}
    assert everyone.first == everyone.offers[0]


def test_search_needs_a_free_room():
    clinic = Clinic(rooms=1)
    clinician(clinic.site)

    clinic.book(patient(), 9)

    assert "09:00" not in clinic.open_times()


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"language": "ko"}, "no-language"),
        (
            {"from_on": TUESDAY + timedelta(days=300), "until_on": TUESDAY + timedelta(days=301)},
            "not-open-yet",
        ),
        ({"from_on": MONDAY - timedelta(days=9), "until_on": MONDAY - timedelta(days=8)}, "past"),
        ({"time_of_day": scheduling.TimeOfDay.EVENING}, "other-time-of-day"),
    ],
)
def test_search_says_why_there_is_nothing(setting: dict[str, Any], code: str):
    found = search(Clinic(), **setting)

    assert found.offers == ()
    assert codes(found)[0] == code


def test_search_says_fully_booked_and_offers_other_days_and_clinicians():
    clinic = Clinic(rooms=2)
    other = clinician(clinic.site, hours=((13, 14),))
    for number in range(6):
        clinic.book(patient(), 9 + number // 2, 30 * (number % 2))

    found = search(clinic, practitioner_ids=[clinic.clinician])

    assert codes(found) == ["fully-booked"]
    kinds = {each.kind: each.offer for each in found.alternatives}
    assert kinds[scheduling.AlternativeKind.OTHER_DAY].practitioner_id == clinic.clinician
    assert kinds[scheduling.AlternativeKind.OTHER_DAY].wall_start.date() == TUESDAY + timedelta(days=1)
    assert kinds[scheduling.AlternativeKind.OTHER_CLINICIAN].practitioner_id == other
    assert kinds[scheduling.AlternativeKind.OTHER_CLINICIAN].wall_start.date() == TUESDAY


def test_search_says_holiday_leave_and_no_hours():
    clinic = Clinic()
    models.Holiday.objects.create(site_id=clinic.site, on=TUESDAY, name="Founders' Day")
    scheduling.add_leave(
        actor=clinic.manager, practitioner_id=clinic.clinician, starts_at=at(0, on=date(2026, 6, 3)),
        ends_at=at(0, on=date(2026, 6, 4)), reason="Ill", request_key=key(), now=NOW,
    )  # fmt: skip
    weekdays_only = Clinic()
    models.WeeklyHours.objects.filter(practitioner_id=weekdays_only.clinician, weekday__gte=5).delete()
    wednesday, saturday = date(2026, 6, 3), date(2026, 6, 6)

    assert codes(search(clinic)) == ["holiday"]
    assert codes(search(clinic, from_on=wednesday, until_on=wednesday)) == ["on-leave"]
    assert codes(search(weekdays_only, from_on=saturday, until_on=saturday)) == ["no-hours"]


def test_search_names_the_other_site():
    clinic = Clinic()
    organisation = models.Site.objects.get(pk=clinic.site).organisation_id
    elsewhere = models.Site.objects.create(
        organisation_id=organisation, name="Elsewhere", time_zone="America/Chicago"
    )
    models.Resource.objects.create(site=elsewhere, kind="consulting-room", name="Room")
    add_hours(clinic.clinician, elsewhere.pk, hours=((14, 15),))
    for number in range(6):
        clinic.book(patient(), 9 + number // 2, 30 * (number % 2))

    found = search(clinic, site_ids=[clinic.site])

    others = [each.offer for each in found.alternatives if each.kind is scheduling.AlternativeKind.OTHER_SITE]
    assert others[0].site_id == elsewhere.pk
    assert f"{others[0].wall_start:%H:%M} {others[0].time_zone}" == "14:00 America/Chicago"


def test_search_of_modes_and_kinds_that_patients_cannot_book():
    assert codes(search(Clinic(site_fields={"mode": "view-only"}))) == ["view-only"]
    assert codes(search(Clinic(patients_may_book=False))) == ["not-for-patients"]


def test_exceptions_add_and_remove_hours():
    clinic = Clinic()
    common = {"practitioner_id": clinic.clinician, "site_id": clinic.site, "on": TUESDAY}
    models.AvailabilityException.objects.create(effect="removes", starts="10:00", ends="11:00", **common)
    models.AvailabilityException.objects.create(effect="adds", starts="14:00", ends="15:00", **common)

    assert clinic.open_times() == ["09:00", "09:30", "11:00", "11:30", "14:00", "14:30"]


def test_hours_of_a_night_join_at_midnight():
    clinic = Clinic()
    night = clinician(clinic.site, hours=((23, 24), (0, 1)))

    found = clinic.open_times(practitioner_ids=[night], now=NOW)

    assert found == ["00:00", "00:30", "23:00", "23:30"]
    longer = visit_type(clinic.site, minutes=90, step_minutes=30)
    assert clinic.open_times(visit_type=longer, practitioner_ids=[night]) == ["23:00", "23:30"]


def test_months_glance_counts_each_day_and_says_why_not():
    clinic = Clinic()
    models.Holiday.objects.create(site_id=clinic.site, on=date(2026, 6, 19), name="Juneteenth")
    clinic.book(patient(), 9)

    month = scheduling.months_glance(
        actor=patient(), visit_type_id=clinic.visit_type, month=date(2026, 6, 15), now=NOW
    )

    days = {day.on.day: day for day in month.days}
    assert len(days) == 30
    assert (days[2].open, days[3].open, days[19].open) == (5, 6, 0)
    assert days[19].reason is not None
    assert days[19].reason.text == "Juneteenth"
    assert month.first is not None


def test_first_available_looks_as_far_as_patients_may_book():
    clinic = Clinic()
    scheduling.add_leave(
        actor=clinic.manager, practitioner_id=clinic.clinician, starts_at=NOW,
        ends_at=NOW + timedelta(days=20),
        reason="Away", request_key=key(), now=NOW,
    )  # fmt: skip

    found = scheduling.first_available(actor=patient(), visit_type_id=clinic.visit_type, now=NOW)

    assert found is not None
    assert found.wall_start.date() == date(2026, 6, 21)


def test_the_hour_that_comes_twice_is_offered_twice_and_can_be_told_apart():
    clinic = Clinic()
    night = clinician(clinic.site, hours=((1, 2),))
    sunday = date(2026, 11, 1)

    found = search(
        clinic, practitioner_ids=[night], from_on=sunday, until_on=sunday, now=NOW.replace(month=10)
    )

    assert [f"{each.wall_start:%H:%M}" for each in found.offers] == ["01:00", "01:30", "01:00", "01:30"]
    assert [each.repeated_hour for each in found.offers] == [False, False, True, True]
    who = patient()
    visit = scheduling.book_direct(
        actor=who, person_id=person_of(who), offer=found.offers[2].ref, request_key=key(),
        now=NOW.replace(month=10),
    )  # fmt: skip
    assert visit.starts_at == found.offers[2].starts_at


def test_search_for_a_patient_is_theirs_or_staff_s():
    clinic = Clinic()

    with pytest.raises(NotFound):
        search(clinic, person_id=person_of(patient()))
    with pytest.raises(Invalid):
        search(clinic, until_on=MONDAY)


def test_offer_ref_survives_as_text():
    ref = Clinic().offer(9)

    assert OfferRef.parse(ref.text) == ref
    for text in ("", "a.b.c.d", ref.text + ".1", ref.text.rsplit(".", 1)[0] + ".99999999999999999"):
        with pytest.raises(Invalid):
            OfferRef.parse(text)
