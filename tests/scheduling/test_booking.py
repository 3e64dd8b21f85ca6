from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from small_clinic import MONDAY, NOW, TUESDAY, Clinic, at, key, offer, patient, person_of, staff, visit_type

from scheduling import models
from scheduling import service as scheduling
from scheduling.holds import LASTS
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.audit.models import AuditEntry
from steadwell.errors import NotFound, RequestKeyReused
from steadwell.ids import HoldId, PersonId, UserId

pytestmark = pytest.mark.django_db


def test_book_takes_the_time_from_the_search():
    clinic = Clinic()
    assert clinic.open_times() == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]

    visit = clinic.book(patient(), 9, 30)

    assert visit.status is scheduling.Status.BOOKED
    assert f"{visit.wall_start:%H:%M} {visit.time_zone}" == "09:30 America/New_York"
    assert clinic.open_times() == ["09:00", "10:00", "10:30", "11:00", "11:30"]


def test_buffers_keep_time_free_around_a_visit():
    clinic = Clinic(buffer_before=10, buffer_after=10, step_minutes=30)

    clinic.book(patient(), 10)

    assert clinic.open_times() == ["09:00", "11:00", "11:30"]


def test_book_what_is_held_keeps_the_id():
    clinic, who = Clinic(), patient()
    held = clinic.hold(who, 9)

    visit = scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW, note="Cough")

    assert visit.appointment_id == held.hold_id
    assert visit.person_id == person_of(who)
    assert visit.note == "Cough"
    assert scheduling.find_hold(actor=who, person_id=person_of(who), now=NOW) is None


def test_book_again_answers_the_first():
    clinic, who, request = Clinic(), patient(), key()
    held = clinic.hold(who)

    first = scheduling.book(actor=who, hold_id=held.hold_id, request_key=request, now=NOW)
    again = scheduling.book(actor=who, hold_id=held.hold_id, request_key=request, now=NOW)
    other_key = scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)

    assert first == again == other_key
    assert models.AppointmentVersion.objects.count() == 1


def test_book_refuses_a_key_with_another_body():
    clinic, who, request = Clinic(), patient(), key()
    args: dict[str, Any] = {"actor": who, "person_id": person_of(who), "request_key": request, "now": NOW}
    scheduling.book_direct(offer=clinic.offer(9), **args)

    with pytest.raises(RequestKeyReused):
        scheduling.book_direct(offer=clinic.offer(10), **args)


def test_hold_shows_nobody_else_the_time_until_it_ends():
    clinic, who = Clinic(), patient()

    held = clinic.hold(who, 9)

    assert held.expires_at == NOW + LASTS
    assert "09:00" not in clinic.open_times()
    assert "09:00" in clinic.open_times(now=NOW + LASTS)
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9)
    assert clinic.book(patient(), 9, now=NOW + LASTS).status is scheduling.Status.BOOKED


def test_nearest_begins_with_the_closest_time_of_the_same_clinician():
    clinic, who = Clinic(), patient()
    clinic.hold(patient(), 9)

    near = scheduling.nearest(ref=clinic.offer(9), actor=who, person_id=person_of(who), now=NOW)

    assert f"{near[0].wall_start:%H:%M}" == "09:30"


def test_hold_again_is_the_same_hold_with_the_same_end():
    clinic, who = Clinic(), patient()

    first, again = clinic.hold(who), clinic.hold(who, now=NOW + timedelta(minutes=3))

    assert first == again
    assert scheduling.get_hold(actor=who, hold_id=first.hold_id, now=NOW) == first


def test_hold_of_another_time_gives_the_former_back():
    clinic, who = Clinic(), patient()

    clinic.hold(who, 9)
    second = clinic.hold(who, 10)

    assert clinic.open_times() == ["09:00", "09:30", "10:30", "11:00", "11:30"]
    assert scheduling.find_hold(actor=who, person_id=person_of(who), now=NOW) == second


def test_release_hold_opens_the_time():
    clinic, who = Clinic(), patient()
    held = clinic.hold(who, 9)

    scheduling.release_hold(actor=patient(), hold_id=held.hold_id, now=NOW)
    assert "09:00" not in clinic.open_times()
    scheduling.release_hold(actor=who, hold_id=held.hold_id, now=NOW)

    assert "09:00" in clinic.open_times()
    assert models.Claim.objects.count() == 0


def test_hold_that_ended_cannot_be_booked():
    clinic, who = Clinic(), patient()
    held = clinic.hold(who)

    with pytest.raises(scheduling.HoldEnded):
        scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=held.expires_at)
    with pytest.raises(scheduling.HoldEnded):
        scheduling.get_hold(actor=who, hold_id=held.hold_id, now=held.expires_at)
    assert models.Appointment.objects.count() == 0


@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_hold_of_somebody_else_looks_like_none(whose: str):
    clinic, other = Clinic(), patient()
    hold_id = clinic.hold(patient()).hold_id if whose == "another's" else HoldId(uuid4())

    with pytest.raises(scheduling.HoldEnded):
        scheduling.book(actor=other, hold_id=hold_id, request_key=key(), now=NOW)
    with pytest.raises(scheduling.HoldEnded):
        scheduling.get_hold(actor=other, hold_id=hold_id, now=NOW)


@pytest.mark.parametrize(
    ("minute", "refusal"),
    [(13 * 60, scheduling.OutsideAvailability), (9 * 60 + 10, scheduling.OutsideAvailability)],
)
def test_book_refuses_what_hours_do_not_allow(minute: int, refusal: type[Exception]):
    with pytest.raises(refusal):
        Clinic().book(patient(), minute // 60, minute % 60)


def test_book_refuses_a_patient_who_is_elsewhere():
    here, there, who = Clinic(), Clinic(), patient()
    here.book(who, 9)

    with pytest.raises(scheduling.PatientBusy):
        there.book(who, 9)
    assert "09:00" not in there.open_times(who=who, person_id=person_of(who))


def test_book_refuses_too_soon_and_too_far_ahead_to_patients_only():
    clinic = Clinic(site_fields={"book_lead_minutes": 120, "window_days": 7})
    soon, far = {"on": MONDAY}, {"on": TUESDAY + timedelta(days=7)}

    with pytest.raises(scheduling.TooSoon):
        clinic.book(patient(), 9, **soon)
    with pytest.raises(scheduling.TooFarAhead):
        clinic.book(patient(), 9, **far)
    for number, when in enumerate((soon, far)):
        visit = scheduling.book_direct(
            actor=clinic.desk, person_id=PersonId(uuid4()), offer=clinic.offer(9, **when), request_key=key(),
            now=NOW,
        )  # fmt: skip
        assert visit.status is scheduling.Status.BOOKED, number


def test_book_counts_against_the_caps():
    clinic, who = Clinic(site_fields={"cap_per_day": 1, "cap_ahead": 2}), patient()
    clinic.book(who, 9)

    with pytest.raises(scheduling.CapReached):
        clinic.book(who, 10)
    clinic.book(who, 9, on=TUESDAY + timedelta(days=1))
    with pytest.raises(scheduling.CapReached):
        clinic.book(who, 9, on=TUESDAY + timedelta(days=2))


def test_modes_of_a_site():
    view_only = Clinic(site_fields={"mode": "view-only"})
    by_request = Clinic(site_fields={"mode": "request"})
    desk_only = Clinic(patients_may_book=False)

    with pytest.raises(scheduling.ViewOnly):
        view_only.book(patient())
    with pytest.raises(scheduling.NotForPatients):
        desk_only.book(patient())
    asked = by_request.book(patient())

    assert asked.status is scheduling.Status.PENDING
    assert "09:00" not in by_request.open_times()


def test_book_for_others_is_for_proxies_and_the_site_s_staff():
    clinic, other = Clinic(rooms=1), Clinic()
    child = PersonId(uuid4())
    parent = Actor(user_id=UserId(uuid4()), roles=frozenset({Role.PROXY}), proxy_for=frozenset({child}))

    def book(actor: Actor, hour: int) -> scheduling.Appointment:
        return scheduling.book_direct(
            actor=actor, person_id=child, offer=clinic.offer(hour), request_key=key(), now=NOW
        )

    assert book(parent, 9).person_id == child
    assert book(clinic.desk, 10).person_id == child
    for stranger in (patient(), other.desk):
        with pytest.raises(NotFound):
            book(stranger, 11)


def test_a_hold_ends_with_the_right_to_book_for_its_patient():
    clinic, child = Clinic(), PersonId(uuid4())
    parent = Actor(user_id=UserId(uuid4()), roles=frozenset({Role.PROXY}), proxy_for=frozenset({child}))
    held = scheduling.hold(actor=parent, person_id=child, offer=clinic.offer(9), now=NOW)
    no_more = Actor(user_id=parent.user_id, roles=parent.roles)

    with pytest.raises(scheduling.HoldEnded):
        scheduling.get_hold(actor=no_more, hold_id=held.hold_id, now=NOW)
    with pytest.raises(scheduling.HoldEnded):
        scheduling.book(actor=no_more, hold_id=held.hold_id, request_key=key(), now=NOW)
    assert scheduling.find_hold(actor=no_more, person_id=child, now=NOW) is None
    assert models.Appointment.objects.count() == 0
    booked = scheduling.book(actor=parent, hold_id=held.hold_id, request_key=key(), now=NOW)
    with pytest.raises(scheduling.HoldEnded):
        scheduling.book(actor=no_more, hold_id=held.hold_id, request_key=key(), now=NOW)
    assert booked.person_id == child


def test_overbook_is_outside_hours_but_never_what_is_not_given_there():
    clinic, other = Clinic(), Clinic()
    elsewhere = visit_type(clinic.site, speciality="cardiology")

    def overbook(hour: int, **parts: Any) -> scheduling.Appointment:
        return scheduling.overbook(
            actor=clinic.desk, person_id=PersonId(uuid4()), offer=clinic.offer(hour, **parts),
            reason="In pain", request_key=key(), now=NOW,
        )  # fmt: skip

    for parts in (
        {"clinician": other.clinician},
        {"visit_type": other.visit_type},
        {"visit_type": elsewhere},
    ):
        with pytest.raises(scheduling.OutsideAvailability):
            overbook(9, **parts)
    visit = overbook(18)

    [audited] = AuditEntry.objects.filter(entity_id=visit.appointment_id)
    assert (audited.action, audited.reason) == ("appointment.overbook", "In pain")


def test_overbook_goes_over_a_clinician_but_never_over_the_patient():
    clinic, who = Clinic(), patient()
    clinic.book(patient(), 9)
    args: dict[str, Any] = {"offer": clinic.offer(9), "reason": "In pain", "now": NOW}

    visit = scheduling.overbook(actor=clinic.desk, person_id=person_of(who), request_key=key(), **args)

    assert visit.overbooked
    assert models.AppointmentVersion.objects.get(entity_id=visit.appointment_id).reason == "In pain"
    with pytest.raises(scheduling.PatientBusy):
        scheduling.overbook(actor=clinic.desk, person_id=person_of(who), request_key=key(), **args)
    with pytest.raises(scheduling.ReasonNeeded):
        scheduling.overbook(
            actor=clinic.desk, person_id=PersonId(uuid4()), request_key=key(), **(args | {"reason": " "})
        )
    with pytest.raises(NotFound):
        scheduling.overbook(actor=who, person_id=person_of(who), request_key=key(), **args)


def test_time_stays_taken_while_an_overbooked_visit_stands():
    clinic, who = Clinic(), patient()
    first = clinic.book(who, 9)
    scheduling.overbook(
        actor=clinic.desk, person_id=PersonId(uuid4()), offer=clinic.offer(9), reason="In pain",
        request_key=key(), now=NOW,
    )  # fmt: skip

    scheduling.cancel(actor=who, appointment_id=first.appointment_id, reason="", request_key=key(), now=NOW)

    assert "09:00" not in clinic.open_times()
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9)


def test_group_sells_its_places_and_no_more():
    clinic = Clinic(capacity=3)
    other_kind = models.VisitType.objects.create(
        organisation_id=models.Site.objects.get(pk=clinic.site).organisation_id, code="single", name="Single",
        minutes=30, speciality="general-practice", resource_kinds=["consulting-room"],
    )  # fmt: skip

    for left in (3, 2, 1):
        found = scheduling.search(
            actor=patient(), visit_type_id=clinic.visit_type, from_on=TUESDAY, until_on=TUESDAY, now=NOW
        )
        assert found.offers[0].seats_left == left
        assert clinic.book(patient(), 9).is_group

    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9)
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9, visit_type=other_kind.pk)
    assert "09:00" not in clinic.open_times()


def test_a_group_that_everybody_left_gives_its_time_back():
    clinic, who, other = Clinic(capacity=3), patient(), patient()
    visit = clinic.book(who, 9)
    held = clinic.hold(other, 9)

    scheduling.cancel(actor=who, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW)
    assert models.Claim.objects.filter(kind="practitioner", expires_at=held.expires_at).exists()
    scheduling.release_hold(actor=other, hold_id=held.hold_id, now=NOW)

    assert models.Claim.objects.count() == 0
    assert models.Seat.objects.count() == 0
    assert clinic.book(patient(), 9).is_group


def test_held_seat_becomes_a_booked_one():
    clinic, who = Clinic(capacity=2), patient()
    held = clinic.hold(who, 9)

    scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)

    later = NOW + timedelta(hours=1)
    assert clinic.book(patient(), 9, now=later).is_group
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9, now=later)


def test_a_visit_that_no_clinician_gives_is_refused():
    clinic, other = Clinic(), Clinic()

    with pytest.raises(scheduling.OutsideAvailability):
        clinic.book(patient(), 9, clinician=other.clinician)
    with pytest.raises(scheduling.OutsideAvailability):
        scheduling.book_direct(
            actor=clinic.manager, person_id=PersonId(uuid4()), request_key=key(), now=NOW,
            offer=offer(clinic.visit_type, uuid4(), clinic.site, at(9)),  # type: ignore[arg-type]
        )  # fmt: skip


@pytest.mark.parametrize(
    "act", ["hold", "book", "book_direct", "cancel", "reschedule", "overbook", "block_time"]
)
def test_without_its_audit_row_nothing_happens(act: str):
    clinic, who = Clinic(rooms=2), patient()
    visit, held = clinic.book(who, 10), clinic.hold(who, 11)
    desk = staff(clinic.site, Role.MANAGER)
    before = _everything()
    acts: dict[str, Any] = {
        "hold": lambda: clinic.hold(patient(), 9),
        "book": lambda: scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW),
        "book_direct": lambda: clinic.book(patient(), 9),
        "cancel": lambda: scheduling.cancel(
            actor=who, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW
        ),
        "reschedule": lambda: scheduling.reschedule(
            actor=who, appointment_id=visit.appointment_id, offer=clinic.offer(9), request_key=key(), now=NOW
        ),
        "overbook": lambda: scheduling.overbook(
            actor=desk, person_id=PersonId(uuid4()), offer=clinic.offer(9), reason="x",
            request_key=key(), now=NOW,
        ),
        "block_time": lambda: scheduling.block_time(
            actor=desk, practitioner_id=clinic.clinician, starts_at=at(9), ends_at=at(10), reason="x",
            request_key=key(), now=NOW,
        ),
    }  # fmt: skip

    with (
        mock.patch("steadwell.audit.recording._INSERT", "INSERT INTO no_such_table VALUES "),
        pytest.raises(audit.AuditUnavailable),
    ):
        acts[act]()

    assert _everything() == before


def _everything() -> list[Any]:
    tables = (models.Claim, models.Hold, models.Appointment, models.AppointmentVersion, models.Closure)
    return [sorted(map(str, model.objects.values_list())) for model in tables]
