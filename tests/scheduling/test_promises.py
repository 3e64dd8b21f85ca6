"""Every act upon a visit is in the ledger until its patient has heard how it ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from small_clinic import NOW, TUESDAY, Clinic, key, person_of
from test_visits_told import deliver, reader  # noqa: F401 - a fixture

from notifications import service as notifications
from notifications.models import Message, PatientAction
from scheduling import service as scheduling
from steadwell.actor import Actor
from steadwell.errors import Refusal

pytestmark = pytest.mark.django_db
FAR = TUESDAY + timedelta(days=14)
LATER = NOW + timedelta(minutes=16)


def ledger() -> list[tuple[str, str]]:
    return list(PatientAction.objects.order_by("opened_at", "id").values_list("kind", "state"))


def test_book_move_and_cancel_are_open_until_the_patient_is_told(reader: Actor) -> None:  # noqa: F811
    clinic = Clinic()
    visit = clinic.book(reader, on=FAR)
    assert ledger() == [("book", "open")]
    deliver()
    assert ledger() == [("book", "done")]

    scheduling.reschedule(
        actor=reader, appointment_id=visit.appointment_id, offer=clinic.offer(10, on=FAR),
        request_key=key(), now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    scheduling.cancel(
        actor=reader, appointment_id=visit.appointment_id, reason="", request_key=key(),
        now=NOW + timedelta(minutes=2),
    )  # fmt: skip
    assert ledger() == [("book", "done"), ("move", "open"), ("cancel", "open")]
    deliver()

    assert ledger() == [("book", "done"), ("move", "done"), ("cancel", "done")]


def test_a_refused_act_owes_nothing(reader: Actor) -> None:  # noqa: F811
    clinic = Clinic()
    clinic.book(reader, on=FAR)

    with pytest.raises(Refusal):
        clinic.book(reader, on=FAR)

    assert len(ledger()) == 1


def test_a_request_is_open_until_the_clinic_has_answered(reader: Actor) -> None:  # noqa: F811
    clinic = Clinic(site_fields={"mode": "request"})
    yes, no = clinic.book(reader, on=FAR), clinic.book(reader, 10, on=FAR)
    deliver()
    assert ledger() == [("request", "open"), ("request", "open")]

    scheduling.approve(actor=clinic.manager, appointment_id=yes.appointment_id, request_key=key(), now=NOW)
    scheduling.decline(
        actor=clinic.manager, appointment_id=no.appointment_id, reason="x", request_key=key(), now=NOW
    )
    deliver()

    states = dict(PatientAction.objects.filter(kind="request").values_list("about", "state"))
    assert states == {yes.appointment_id: "done", no.appointment_id: "told"}
    assert not PatientAction.objects.filter(state="open").exists()


def test_what_no_worker_carried_is_told_to_patient_and_staff_and_then_replayed(
    reader: Actor,  # noqa: F811
) -> None:
    clinic = Clinic()
    clinic.book(reader, on=FAR)

    found = notifications.check_ledger(now=LATER)
    (missed,) = notifications.list_missed(actor=clinic.manager, now=LATER)
    notifications.replay_action(actor=clinic.manager, action_id=missed.action_id, now=LATER)
    deliver(LATER)

    assert (found.told, found.silent) == (1, 0)
    assert missed.can_replay
    assert ledger() == [("book", "done")]
    said = Message.objects.filter(person_id=person_of(reader), channel="in-app").order_by("id")
    assert [m.template for m in said] == ["action.not-done", "visit.booked"]
