"""One person, a manager at one clinic and front desk at another: each role counts where it was given."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from small_clinic import NOW, Clinic, at, key, patient, person_of

from scheduling import service as scheduling
from scheduling import setup
from scheduling.setup import SetUp
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.errors import Forbidden, NotFound

pytestmark = pytest.mark.django_db


def manager_and_desk(led: Clinic, staffed: Clinic) -> Actor:
    """The actor as a request gets it, read from the grants."""
    user_id = accounts.create_user(
        email=f"{uuid4().hex}@example.org",
        password=None,
        roles=[Role.MANAGER],
        site_ids=[led.site],
        now=clock.now(),
    )
    accounts.grant_role(
        actor=system("test"),
        user_id=user_id,
        role=Role.FRONT_DESK,
        site_ids=[staffed.site],
        now=clock.now(),
    )
    actor = accounts.actor_for_user(user_id=user_id, now=clock.now())
    assert actor is not None
    return actor


def change(name: str, actor: Actor, visit: scheduling.Appointment, **more: Any) -> scheduling.Appointment:
    values = {"appointment_id": visit.appointment_id, "request_key": key(), "now": NOW, **more}
    result: scheduling.Appointment = getattr(scheduling, name)(actor=actor, **values)
    return result


@pytest.mark.parametrize(("name", "more"), [("start", {}), ("mark_error", {"reason": "Wrong patient"})])
def test_a_manager_s_moves_are_for_the_clinic_they_lead(name: str, more: dict[str, str]):
    led, staffed = Clinic(), Clinic()
    who = manager_and_desk(led, staffed)
    here, there = led.book(patient(), 9), staffed.book(patient(), 9)

    change(name, who, here, now=at(9), **more)

    with pytest.raises((Forbidden, scheduling.MoveNotAllowed)):
        change(name, who, there, now=at(9), **more)


def test_the_moves_shown_are_those_of_the_role_at_the_clinic():
    led, staffed = Clinic(), Clinic()
    who = manager_and_desk(led, staffed)
    here, there = (
        scheduling.get_appointment(
            actor=who, appointment_id=clinic.book(patient(), 9).appointment_id, now=NOW
        )
        for clinic in (led, staffed)
    )

    assert here.moves - there.moves == {scheduling.Move.START, scheduling.Move.MARK_ERROR}
    assert (
        there.moves
        == scheduling.get_appointment(actor=staffed.desk, appointment_id=there.appointment_id, now=NOW).moves
    )


def test_front_desk_acts_are_for_both_clinics():
    led, staffed = (Clinic(site_fields={"mode": "request"}) for _ in range(2))
    who = manager_and_desk(led, staffed)

    for clinic in (led, staffed):
        asked = clinic.book(patient(), 9)
        assert change("approve", who, asked).status is scheduling.Status.BOOKED
        over = scheduling.overbook(
            actor=who,
            person_id=person_of(patient()),
            offer=clinic.offer(9),
            reason="Cannot wait",
            request_key=key(),
            now=NOW,
        )
        assert over.overbooked
        assert change("arrive", who, asked, now=at(9)).status is scheduling.Status.ARRIVED


def test_a_third_clinic_stays_closed():
    who, third = manager_and_desk(Clinic(), Clinic()), Clinic(site_fields={"mode": "request"})
    asked = third.book(patient(), 9)

    with pytest.raises(NotFound):
        change("approve", who, asked)
    with pytest.raises(NotFound):
        scheduling.overbook(
            actor=who,
            person_id=person_of(patient()),
            offer=third.offer(9),
            reason="Cannot wait",
            request_key=key(),
            now=NOW,
        )


def test_the_set_up_is_changed_at_the_clinic_they_lead():
    led, staffed = Clinic(), Clinic()
    who = manager_and_desk(led, staffed)
    room = {"kind": "consulting-room", "name": "Room 9"}

    setup.save_setup(actor=who, kind=SetUp.RESOURCE, values={**room, "site_id": led.site}, now=NOW)

    with pytest.raises(Forbidden):
        setup.save_setup(actor=who, kind=SetUp.RESOURCE, values={**room, "site_id": staffed.site}, now=NOW)


# --- the role that is written down -----------------------------------------------------------------------


def written(visit: scheduling.Appointment) -> tuple[str, str]:
    """The role of a visit's latest version, and the roles of its latest audit entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT recorded_role FROM scheduling_appointmentversion WHERE entity_id = %(id)s"
            " ORDER BY version DESC LIMIT 1), (SELECT roles FROM audit_auditentry WHERE entity_id = %(id)s"
            " AND action NOT LIKE '%%read%%' ORDER BY id DESC LIMIT 1)",
            {"id": visit.appointment_id},
        )
        return cursor.fetchone()


def test_the_role_written_down_is_the_one_held_at_the_visit_s_clinic():
    led, staffed = Clinic(), Clinic()
    who = manager_and_desk(led, staffed)
    here, there = led.book(patient(), 9), staffed.book(patient(), 9)

    change("check_in", who, here, now=at(8, 45))
    change("check_in", who, there, now=at(8, 45))

    assert written(here) == ("manager", "manager")
    assert written(there) == ("front-desk", "front-desk")


def test_an_administrator_acts_as_one_wherever_no_other_role_holds():
    clinic = Clinic()
    user_id = accounts.create_user(
        email="root@example.org", password=None, roles=[Role.ADMINISTRATOR], now=clock.now()
    )
    who = accounts.actor_for_user(user_id=user_id, now=clock.now())
    visit = clinic.book(patient(), 9)

    change("check_in", who, visit, now=at(8, 45))

    assert written(visit) == ("administrator", "administrator")


def test_staff_who_are_patients_act_as_the_patient_on_their_own_visits():
    clinic, ada = Clinic(), patient()
    visit = clinic.book(ada, 9)
    user_id = accounts.create_user(
        email="desk@example.org",
        password=None,
        roles=[Role.FRONT_DESK],
        site_ids=[clinic.site],
        person_id=person_of(ada),
        now=clock.now(),
    )
    who = accounts.actor_for_user(user_id=user_id, now=clock.now())

    change("check_in", who, visit, now=at(8, 45))

    assert written(visit) == ("patient", "patient")


def roles_of_the_last(action: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT roles FROM audit_auditentry WHERE action = %s ORDER BY id DESC LIMIT 1", [action]
        )
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(("leads", "role"), [(True, "manager"), (False, "front-desk")])
def test_the_roles_of_holds_and_closures_are_those_held_at_their_clinic(leads: bool, role: str):
    led, staffed = Clinic(), Clinic()
    who, clinic = manager_and_desk(led, staffed), led if leads else staffed
    held = scheduling.hold(actor=who, person_id=person_of(patient()), offer=clinic.offer(9), now=NOW)

    scheduling.release_hold(actor=who, hold_id=held.hold_id, now=NOW)
    closed = scheduling.block_time(
        actor=who, practitioner_id=clinic.clinician, starts_at=at(10), ends_at=at(11), reason="Training",
        request_key=key(), now=NOW,
    )  # fmt: skip
    scheduling.remove_closure(actor=who, closure_id=closed.closure_id, request_key=key(), now=NOW)

    acts = ("appointment.hold", "appointment.release_hold", "calendar.block", "calendar.open")
    assert [roles_of_the_last(act) for act in acts] == [role] * 4


def test_the_role_of_a_change_of_set_up_is_the_one_held_at_its_clinic():
    led, staffed = Clinic(), Clinic()
    room = {"kind": "consulting-room", "name": "Room 9", "site_id": led.site}

    setup.save_setup(actor=manager_and_desk(led, staffed), kind=SetUp.RESOURCE, values=room, now=NOW)

    assert roles_of_the_last("setup.add") == "manager"
