from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from scheduling import models
from scheduling import service as scheduling
from scheduling.demo import clinic, people, seeding
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import UserId, new_id

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 3, 15, 20, tzinfo=UTC)


def test_seed_makes_the_clinic_once():
    assert seeding.seed(now=NOW)
    made = (models.Site, models.Practitioner, models.Appointment)
    counts = {model: model.objects.count() for model in made}

    assert not seeding.seed(now=NOW + timedelta(hours=1))

    assert {model: model.objects.count() for model in counts} == counts


def test_seeded_clinic_is_the_one_that_was_promised():
    seeding.seed(now=NOW)
    known = scheduling.get_clinic(now=NOW)
    everyone = [people.person_id(number) for number in range(people.COUNT)]
    specialities = [set(each.specialities) for each in known.practitioners.values()]

    assert (len(known.sites), len({site.time_zone for site in known.sites.values()})) == (3, 2)
    assert len(specialities) == 14
    assert len(set.union(*specialities)) == 6
    assert len(identity.names(actor=system("test"), person_ids=everyone, now=NOW)) == 600
    visits = models.Appointment.objects
    assert visits.filter(ends_at__lt=NOW).count() > 500
    assert visits.filter(starts_at__gt=NOW).count() > 500
    assert set(visits.values_list("person_id", flat=True)) <= set(everyone)
    served = visits.values("person_id").distinct().count()
    assert served > 400


def test_seeded_clinicians_can_be_booked_for_six_weeks():
    seeding.seed(now=NOW)
    desk = system("test")

    for kind in scheduling.list_visit_types(now=NOW, for_patients=False):
        last = scheduling.search(
            actor=desk, visit_type_id=kind.visit_type_id, now=NOW,
            from_on=NOW.date() + timedelta(days=35), until_on=NOW.date() + timedelta(days=41), limit=1,
        )  # fmt: skip
        assert last.offers, kind.code


def rows_of_a_seed() -> list[tuple[object, ...]]:
    """Everything made, without what only this run knows; taken back again."""
    before = transaction.savepoint()
    seeding.seed(now=NOW)
    visits = models.Appointment.objects.order_by("id").values_list(
        "id", "person_id", "practitioner_id", "site_id", "visit_type_id", "starts_at", "status", "note"
    )
    claims = models.Claim.objects.order_by("owner_id", "claimant_id", "kind").values_list(
        "owner_id", "claimant_id", "kind", "during"
    )
    everyone = [people.person_id(number) for number in range(people.COUNT)]
    names = identity.names(actor=system("test"), person_ids=everyone, now=NOW)
    known = [(each, names[each].full_name, names[each].birth_date) for each in everyone]
    found: list[tuple[object, ...]] = [*visits, *claims, *known]
    transaction.savepoint_rollback(before)
    return found


def test_two_seeds_make_the_same_clinic():
    first, second = rows_of_a_seed(), rows_of_a_seed()

    assert len(first) > 5000
    assert first == second


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
