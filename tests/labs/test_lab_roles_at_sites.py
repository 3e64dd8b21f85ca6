"""One person, a clinician at one site and a manager at another: the record names the role held there."""

from __future__ import annotations

from uuid import uuid4

import pytest
import time_machine
from release_house import rule
from review_house import NOW, ReviewHouse, key

from labs import policies
from labs import service as labs
from labs.models import ReleaseDefault, ReleaseRule
from labs.policy import Choice, Legal
from labs.review import delegation, inbox
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house() -> ReviewHouse:
    return ReviewHouse()


@pytest.fixture
def both(house) -> Actor:
    """Clinician where the results are, manager of the other site."""
    user_id = accounts.create_user(
        email=f"{uuid4().hex}@example.org", password=None, roles=[Role.CLINICIAN], site_ids=[house.site],
        now=clock.now(),
    )  # fmt: skip
    accounts.grant_role(
        actor=system("test"), user_id=user_id, role=Role.MANAGER, site_ids=[house.other_site], now=clock.now()
    )
    return accounts.actor_for_user(user_id=user_id, now=clock.now())


def roles_of(action: str) -> set[str]:
    return set(AuditEntry.objects.filter(action=action).values_list("roles", flat=True))


def test_what_is_done_with_a_report_names_the_role_at_its_site(house, both):
    filed = house.file()
    (task,) = house.tasks()

    labs.get_report(actor=both, report_id=filed.report_id, now=NOW)
    delegation.delegate(
        actor=both, task_id=task.task_id, to_id=house.colleague_id, request_key=key(), now=NOW
    )

    assert roles_of("lab.view") == roles_of("lab.task.delegated") == {Role.CLINICIAN.value}
    assert inbox.counts(actor=house.colleague, now=NOW).of(inbox.Who.MINE) == 1


def test_versions_of_a_site_s_policy_name_the_role_at_that_site(house, both):
    policies.set_standing(
        actor=both, site_id=house.other_site, choice=Choice.AFTER_SEEN, legal=Legal.LAW, now=NOW
    )

    assert ReleaseDefault.objects.get().recorded_role == Role.MANAGER.value
    assert roles_of("release-default.set") == {Role.MANAGER.value}


def test_a_rule_for_every_site_is_made_in_all_roles(both):
    rule_id = policies.set_rule(
        actor=both, now=NOW,
        rule=policies.NewRule(
            delay=policies.Delay.SIGNED, legal=Legal.LAW, legal_text="The law asks.", words={"en": "Later."},
            longest_hours=10,
        ),
    )  # fmt: skip

    assert ReleaseRule.objects.get(entity_id=rule_id).recorded_role == "clinician,manager"
    assert rule() != rule_id
