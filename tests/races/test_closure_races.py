"""Closing a clinician's time while it is being booked."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import connection, transaction
from racing import all_at_once, overlapping_claims
from small_clinic import NOW, Clinic, at, key, patient

from scheduling import models
from scheduling import service as scheduling
from steadwell.ids import new_id
from tests.killing import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_leave_and_booking_at_once_leave_no_visit_unlisted():
    for _ in range(8):
        clinic = Clinic()
        leave = partial(
            scheduling.add_leave,
            actor=clinic.manager,
            practitioner_id=clinic.clinician,
            starts_at=at(8),
            ends_at=at(13),
            reason="Ill",
            request_key=key(),
            now=NOW,
        )

        moved, *booked = all_at_once([leave, *(partial(clinic.book, patient(), 9 + n) for n in range(3))])

        stand = {each.appointment_id for each in booked if isinstance(each, scheduling.Appointment)}
        assert {each.appointment_id for each in moved.touched} == stand


def test_leave_waits_for_each_booking_that_is_under_way():
    """One after another is finished when the leave waits for it: more than a lost race has tries."""
    clinic, hours = Clinic(), [9, 10, 11, 12, 13]
    finish: dict[int, threading.Event] = {}
    started = threading.Barrier(len(hours) + 2)

    def claim(hour: int) -> None:
        """What a booking has done before it commits."""
        with transaction.atomic():
            models.Claim.objects.create(
                claimant_id=clinic.clinician,
                during=(at(hour), at(hour, 30)),
                kind="practitioner",
                owner_id=new_id(),
            )
            finish[backend()] = told = threading.Event()
            started.wait(60)
            assert told.wait(60)

    def leave() -> scheduling.DayMove:
        started.wait(60)
        return scheduling.add_leave(
            actor=clinic.manager, practitioner_id=clinic.clinician, starts_at=at(8), ends_at=at(14),
            reason="Ill", request_key=key(), now=NOW,
        )  # fmt: skip

    def finish_whom_the_leave_waits_for() -> None:
        started.wait(60)
        while finish:
            wait_until(lambda: bool(waited_for() & set(finish)), seconds=60, what="the leave waits for one")
            for pid in waited_for() & set(finish):
                finish.pop(pid).set()

    moved, *others = all_at_once(
        [leave, finish_whom_the_leave_waits_for, *(partial(claim, hour) for hour in hours)]
    )

    assert isinstance(moved, scheduling.DayMove)
    assert others == [None] * (len(hours) + 1)
    assert models.Claim.objects.filter(kind="tile").count() == len(hours) + 1
    assert overlapping_claims() == 0


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def waited_for() -> set[int]:
    """Backends that hold up another one of this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unnest(pg_blocking_pids(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        )
        return {pid for (pid,) in cursor.fetchall()}
