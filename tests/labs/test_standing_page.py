"""The clinic's own answer for patients who did not say when they want to see results, on its page."""

from __future__ import annotations

from datetime import timedelta

import lab_house as house
import pytest
import time_machine
from release_house import Family, choice_rules, work
from review_house import NOW, ReviewHouse

from labs import policies
from labs.models import Hold, LabSender
from labs.policy import Choice, Legal
from notifications.models import Message
from steadwell.actor import Role
from steadwell.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinic() -> ReviewHouse:
    choice_rules()
    return ReviewHouse()


@pytest.fixture
def manager(clinic):
    return clinic.client(clinic.manager)


def path(clinic, place="") -> str:
    return f"/clinic/labs/settings/{place}?site={clinic.site}"


def test_a_manager_sees_and_sets_what_holds_at_the_clinic(clinic, manager):
    assert "When patients see results" in manager.get(path(clinic)).content.decode()

    sent = {"choice": "after-seen", "legal": Legal.LAW.value, "reason": "State law"}
    answer = manager.post(path(clinic, "standing/"), sent)

    assert answer.status_code == 302
    assert policies.standing_at(clinic.site) == policies.Standing(choice=Choice.AFTER_SEEN, legal=Legal.LAW)
    noted = AuditEntry.objects.get(action="release-default.set")
    assert (noted.roles, noted.reason) == (Role.MANAGER.value, "State law")
    assert '<option value="after-seen" selected>' in manager.get(path(clinic)).content.decode()


def test_a_delay_without_its_legal_reason_is_refused_in_words(clinic, manager):
    answer = manager.post(path(clinic, "standing/"), {"choice": "after-talk", "legal": "", "reason": ""})

    assert "A delay for everybody needs its legal reason." in answer.content.decode()
    assert policies.standing_at(clinic.site).choice is Choice.AT_ONCE


def test_what_is_set_holds_the_results_of_who_has_not_chosen(clinic, manager):
    manager.post(path(clinic, "standing/"), {"choice": "after-seen", "legal": Legal.LAW.value})
    family = Family()
    LabSender.objects.update(site_id=clinic.site)

    family.file()

    held = Hold.objects.get()
    assert (held.person_id, held.legal) == (family.person_id, Legal.LAW.value)


def test_only_managers_of_the_clinic_set_it(clinic):
    elsewhere = clinic.client(clinic.staff(Role.MANAGER, clinic.other_site))
    for client in (elsewhere, clinic.client(clinic.doctor)):
        answer = client.post(path(clinic, "standing/"), {"choice": "after-seen", "legal": Legal.LAW.value})
        assert answer.status_code in {403, 404}

    assert policies.standing_at(clinic.site).choice is Choice.AT_ONCE


@pytest.mark.parametrize(("days", "is_told"), [(None, False), (30, False), (90, True)])
def test_a_laboratory_s_old_results_are_filed_and_not_told(days, is_told):
    """A first load of the past stays quiet, as far back as the clinic says for that laboratory."""
    family = Family()
    if days is not None:
        LabSender.objects.update_or_create(sender="north-lab", defaults={"told_within_days": days})
    then = house.NOW - timedelta(days=60)

    house.file(house.report(patient=family.incoming, issued_at=then, collected_at=then, sent_at=then))
    work()

    assert Message.objects.filter(template="result.ready").exists() is is_told
