from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduling import models
from scheduling import service as scheduling
from scheduling.demo import clinic, people, seeding
from steadwell.actor import Actor, Role
from steadwell.ids import UserId, new_id

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 3, 15, 20, tzinfo=UTC)


def test_seed_makes_the_clinic_once():
    assert seeding.seed(now=NOW)
    made = (models.Site, models.Practitioner, models.Appointment)
    counts = {model: model.objects.count() for model in made}

    assert not seeding.seed(now=NOW + timedelta(hours=1))

    assert counts[models.Site] == 3
    assert counts[models.Practitioner] == 14
    assert counts[models.Appointment] > 1500
    assert {model: model.objects.count() for model in counts} == counts


def test_seeded_patient_finds_times_and_has_visits():
    seeding.seed(now=NOW)
    maria = people.person_id(0)
    actor = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=maria)

    ahead = scheduling.list_for_patient(actor=actor, person_id=maria, now=NOW)
    found = scheduling.search(
        actor=actor, visit_type_id=clinic.visit_type_id("family-visit"), person_id=maria, now=NOW
    )

    assert len(ahead) == 2
    assert found.more
    booked = scheduling.book_direct(
        actor=actor, person_id=maria, offer=found.offers[0].ref, request_key="first", now=NOW
    )
    assert booked.status in {scheduling.Status.BOOKED, scheduling.Status.PENDING}


def test_seeded_day_has_every_side_of_a_day():
    seeding.seed(now=NOW)
    desk = Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({clinic.site_id(0)})
    )

    (day,) = scheduling.list_day(actor=desk, site_id=clinic.site_id(0), on=NOW.date(), now=NOW)

    statuses = {visit.status for column in day.columns for visit in column.visits}
    assert {scheduling.Status.BOOKED, scheduling.Status.FULFILLED, scheduling.Status.IN_PROGRESS} <= statuses
