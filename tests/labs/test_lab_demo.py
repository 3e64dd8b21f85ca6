"""The demo's laboratory: filed like any other, the same each time, with every kind of story."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labs import models, patients_page
from labs import service as labs
from labs.demo import stories
from scheduling import service as scheduling
from scheduling.demo import seeding
from steadwell.accounts import service as accounts
from steadwell.config.management.commands.seed_demo import seed_results
from steadwell.identity import service as identity
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 3, 15, 20, tzinfo=UTC)


def of(person, **found):
    return models.Report.objects.filter(person_id=person.person_id, **found)


def test_the_demo_has_every_kind_of_story_once():
    seeding.seed(now=NOW)
    assert seed_results(NOW)
    assert not seed_results(NOW)
    maria, daniel, grace, robert, _noah, *_others = scheduling.demo_patients(now=NOW)

    assert models.Report.objects.count() > 40
    assert not models.Report.objects.exclude(waits="").exists()
    assert of(maria, corrected=True).count() == 1
    assert of(maria, loinc="4548-4").count() == 8
    assert of(daniel, quarantined__gt=0).count() == 1
    assert of(grace, loinc="630-4").get().status == labs.Status.FINAL
    assert of(robert, critical=True).count() == 1
    assert models.Hold.objects.get(ended_at=None, audience="everyone").person_id == grace.person_id
    assert models.Signature.objects.count() > 20
    assert bytes(models.Document.objects.get().content[:5]) == b"%PDF-"

    contact = accounts.contact_of(maria.person_id)
    reader = accounts.actor_for_user(user_id=contact.user_id, now=NOW)
    page = labs.reports_of(actor=reader, person_id=maria.person_id, now=NOW)
    corrected = of(maria, corrected=True).get()
    found = patients_page.get_patients_report(actor=reader, report_id=corrected.pk, now=NOW)
    assert len(page.reports) == 11
    assert found.opened == 1
    assert [each.value_text for each in found.before.values()] == ["5.9"]


def test_it_says_the_same_each_time():
    said = identity.Demographics(family_name="Doe", given_name="Jo", sex="female")
    people = [
        labs.DemoPatient(
            person_id=new_id(), number=f"demo-{number}", site_id=new_id(), practitioner_id=new_id(),
            demographics=said,
        )
        for number in range(12)
    ]  # fmt: skip

    assert list(stories.tell(people, NOW)) == list(stories.tell(people, NOW))
