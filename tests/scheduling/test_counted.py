"""What the clinic counts: only what stands, and each hold once."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from small_clinic import NOW, Clinic, key, patient

from scheduling import models
from scheduling import service as scheduling
from scheduling.holds import LASTS
from scheduling.subscribers import tidy
from steadwell.audit import service as audit
from steadwell.observability.metrics import REGISTRY
from steadwell.outbox import service as outbox

pytestmark = pytest.mark.django_db(transaction=True)

EXPIRED = "scheduling_holds_expired_total"
JOURNEYS = "scheduling_booking_journey_seconds_count"
LATER = NOW + LASTS + timedelta(minutes=2)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def run_tidy(now=LATER):
    row = outbox.DueRow(kind="scheduling.tidy", key="x", due_at=now, expires_at=None, about=None, payload={})
    tidy(row, outbox.DeliveryContext(delivery_id=1, attempt=1, now=now))


def test_booking_that_rolled_back_is_not_counted():
    clinic, who = Clinic(), patient()
    held = clinic.hold(who)
    before = counted(JOURNEYS), counted("scheduling_visits_booked_total", mode="booked")

    with (
        mock.patch("steadwell.audit.recording._INSERT", "INSERT INTO no_such_table VALUES "),
        pytest.raises(audit.AuditUnavailable),
    ):
        scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)
    rolled_back = counted(JOURNEYS), counted("scheduling_visits_booked_total", mode="booked")
    scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)

    assert rolled_back == before
    assert counted(JOURNEYS) == before[0] + 1
    assert counted("scheduling_visits_booked_total", mode="booked") == before[1] + 1


def test_abandoned_hold_is_counted_once_and_goes():
    clinic, before = Clinic(), counted(EXPIRED)
    clinic.hold(patient())

    run_tidy()
    run_tidy()

    assert counted(EXPIRED) == before + 1
    assert not models.Hold.objects.exists()
    assert not models.Claim.objects.exists()


def test_hold_whose_time_was_wanted_again_is_counted_once():
    clinic, before = Clinic(), counted(EXPIRED)
    clinic.hold(patient(), 9)

    clinic.book(patient(), 9, now=LATER)
    run_tidy()
    run_tidy()

    assert counted(EXPIRED) == before + 1
    assert models.Claim.objects.exists()


def test_ended_hold_of_someone_who_holds_again_is_counted_once():
    clinic, who, before = Clinic(), patient(), counted(EXPIRED)
    clinic.hold(who, 9)

    clinic.hold(who, 10, now=LATER)
    run_tidy()

    assert counted(EXPIRED) == before + 1
    assert models.Hold.objects.count() == 1


def test_live_given_back_and_booked_holds_are_not_counted():
    clinic, gone, booking, before = Clinic(), patient(), patient(), counted(EXPIRED)
    clinic.hold(patient(), 9)
    given_back, booked = clinic.hold(gone, 10), clinic.hold(booking, 11)
    scheduling.release_hold(actor=gone, hold_id=given_back.hold_id, now=NOW)
    scheduling.book(actor=booking, hold_id=booked.hold_id, request_key=key(), now=NOW)

    run_tidy(NOW + timedelta(minutes=5))

    assert counted(EXPIRED) == before
    assert models.Hold.objects.count() == 1
