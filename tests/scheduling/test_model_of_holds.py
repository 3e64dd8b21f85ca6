"""Holds and visits against a model that knows only who has which time, run step by step at random."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from small_clinic import NOW, Clinic, key, patient

from scheduling import models
from scheduling import service as scheduling
from scheduling.holds import LASTS
from steadwell.actor import Actor

TIMES = [(9, 0), (9, 30), (10, 0)]
times = st.sampled_from(range(len(TIMES)))
people = st.sampled_from(range(3))


class Holds(RuleBasedStateMachine):
    """One clinician, three times, three patients; time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clinic = Clinic()
        self.people: list[Actor] = [patient() for _ in range(3)]
        self.now = NOW
        self.held: dict[int, tuple[int, datetime, scheduling.Hold]] = {}  # by person
        self.booked: dict[int, tuple[int, scheduling.Appointment]] = {}  # by time

    def free(self, time: int, person: int) -> bool:
        holder = [p for p, (t, ends, _) in self.held.items() if t == time and ends > self.now and p != person]
        return time not in self.booked and not holder

    @rule(person=people, time=times)
    def hold(self, person: int, time: int) -> None:
        before = self.held.get(person)
        same = before is not None and before[0] == time and before[1] > self.now
        try:
            held = self.clinic.hold(self.people[person], *TIMES[time], now=self.now)
        except scheduling.SlotTaken:
            assert not self.free(time, person)
        except scheduling.PatientBusy:
            assert self.booked[time][0] == person
        else:
            assert self.free(time, person)
            assert same == (before is not None and before[2] == held)
            self.held[person] = (time, held.expires_at, held)

    @rule(person=people)
    def book_what_is_held(self, person: int) -> None:
        if person not in self.held:
            return
        time, ends, held = self.held[person]
        try:
            visit = scheduling.book(
                actor=self.people[person], hold_id=held.hold_id, request_key=key(), now=self.now
            )
        except scheduling.HoldEnded:
            assert ends <= self.now
        else:
            assert ends > self.now
            self.booked[time] = (person, visit)
            del self.held[person]

    @rule(person=people, time=times)
    def book_at_once(self, person: int, time: int) -> None:
        try:
            visit = self.clinic.book(self.people[person], *TIMES[time], now=self.now)
        except scheduling.SlotTaken:
            assert not self.free(time, person)
        except scheduling.PatientBusy:
            assert self.booked[time][0] == person
        else:
            assert self.free(time, person)
            self.held.pop(person, None)  # a user's hold for the patient is given back by any booking
            self.booked[time] = (person, visit)

    @rule(time=times)
    def cancel(self, time: int) -> None:
        if time in self.booked:
            person, visit = self.booked.pop(time)
            scheduling.cancel(
                actor=self.people[person], appointment_id=visit.appointment_id, reason="", request_key=key(),
                now=self.now,
            )  # fmt: skip

    @rule(time=times, to=times)
    def move(self, time: int, to: int) -> None:
        if time not in self.booked or time == to:
            return
        person, visit = self.booked[time]
        try:
            moved = scheduling.reschedule(
                actor=self.people[person], appointment_id=visit.appointment_id,
                offer=self.clinic.offer(*TIMES[to]), request_key=key(), now=self.now,
            )  # fmt: skip
        except (scheduling.SlotTaken, scheduling.PatientBusy):
            assert not self.free(to, person)
        else:
            assert self.free(to, person)
            self.held.pop(person, None)
            del self.booked[time]
            self.booked[to] = (person, moved)

    @rule(minutes=st.sampled_from([1, 5, int(LASTS.total_seconds()) // 60]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def search_and_model_agree(self) -> None:
        shown = set(self.clinic.open_times(now=self.now, site_ids=[self.clinic.site]))
        model = {
            f"{hour:02}:{minute:02}" for n, (hour, minute) in enumerate(TIMES) if self.free(n, person=-1)
        }
        assert {each for each in shown if each < "10:30"} == model

    @invariant()
    def claims_are_the_visits_and_holds(self) -> None:
        standing = {visit.appointment_id for _, visit in self.booked.values()}
        lasting = models.Claim.objects.filter(expires_at__isnull=True, site_id=self.clinic.site)
        assert set(lasting.values_list("owner_id", flat=True)) == standing


@pytest.mark.django_db
def test_holds_and_visits_do_what_the_model_says():
    run_state_machine_as_test(
        Holds, settings=settings(max_examples=12, stateful_step_count=20, deadline=None, print_blob=True)
    )
