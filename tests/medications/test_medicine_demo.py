"""The demo clinic's medicines: something to reconcile, something unreadable, refills in each state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from medications import service as medications
from medications.models import Refill
from medications.types import LineState, RefillState
from scheduling import service as scheduling
from scheduling.demo import seeding
from steadwell.accounts import service as accounts
from steadwell.config.management.commands.seed_demo import seed_medicines

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 3, 15, 20, tzinfo=UTC)


def test_the_demo_has_every_kind_of_story_once():
    seeding.seed(now=NOW)
    assert seed_medicines(NOW)
    assert not seed_medicines(NOW)
    first, *_ = scheduling.demo_patients(now=NOW)
    doctors = accounts.users_of_practitioners({first.practitioner_id})
    doctor = accounts.actor_for_user(user_id=doctors[first.practitioner_id], now=NOW)
    contact = accounts.contact_of(first.person_id)
    reader = accounts.actor_for_user(user_id=contact.user_id, now=NOW)

    # Everything but APPROVED, which lasts only until the queue's next turn.
    assert set(Refill.objects.values_list("state", flat=True)) == set(RefillState) - {RefillState.APPROVED}
    mine = medications.get_list(actor=reader, person_id=first.person_id, now=NOW)
    lines = {line.name: line for line in mine.lines}
    assert len(lines["lisinopril 10 MG Oral Tablet"].evidence) == 3
    assert lines["lisinopril 10 MG Oral Tablet"].state is LineState.AGREED
    assert [c.what for c in lines["atorvastatin 20 MG Oral Tablet"].conflicts] == ["dose"]
    assert lines["the white heart pill"].state is LineState.AMBIGUOUS
    assert [allergy.name for allergy in mine.allergies] != []
    assert medications.list_to_reconcile(actor=doctor, site_id=first.site_id, now=NOW)
    assert medications.list_reminders(actor=reader, person_id=first.person_id, now=NOW)
