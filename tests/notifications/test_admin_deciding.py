"""Actions, words and campaigns in the admin: looks are noted, the services change, sites are kept apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from notifications import ledger
from notifications.models import Campaign, PatientAction, Wording
from notifications.service import ActionKind
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.ids import SiteId, UserId, new_id
from tests.notifications.house import NOW, patient
from tests.notifications.test_campaigns import campaign, say
from tests.notifications.test_campaigns import criteria_of_site as of_site
from tests.notifications.test_ledger import LATER, SITE, asked
from tests.notifications.test_wordings import proposed
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
ADMIN = "/admin/notifications"


def staff(role: Role, site: SiteId = SITE) -> tuple[Client, UserId]:
    user_id = accounts.create_user(
        email=f"{role}-{new_id()}@example.org", password=None, roles=[role], site_ids=[site], now=NOW
    )
    return sign_in(Client(), user_id), user_id


def missed(**more: Any) -> PatientAction:
    about = asked(**more)
    ledger_check(about)
    return PatientAction.objects.get(about=about)


def ledger_check(about: UUID) -> None:
    from notifications import service as notifications

    notifications.check_ledger(now=LATER)
    assert PatientAction.objects.get(about=about).state == "told"


def test_what_did_not_end_is_found_by_patient_and_each_look_is_noted() -> None:
    somebody = patient()
    row = missed(somebody=somebody)
    missed()
    client, _ = staff(Role.MANAGER)

    found = client.get(f"{ADMIN}/patientaction/", {"q": str(somebody.person_id)}).content.decode()
    page = client.get(f"{ADMIN}/patientaction/{row.pk}/change/").content.decode()

    assert found.count(f"/patientaction/{row.pk}/change/") >= 1
    assert AuditEntry.objects.filter(action="action.view", subject_id=somebody.person_id).count() == 2
    assert "Settled, as I say" in page


def test_it_is_settled_with_a_reason_and_not_without() -> None:
    row = missed()
    client, user_id = staff(Role.MANAGER)
    path = f"{ADMIN}/patientaction/{row.pk}/change/"

    client.post(path, {"act": "settle", "reason": " "})
    row.refresh_from_db()
    assert row.state == "told"
    client.post(path, {"act": "settle", "reason": "Called them."})

    row.refresh_from_db()
    assert (row.state, row.settled_by, row.reason) == ("settled", user_id, "Called them.")
    assert AuditEntry.objects.filter(action="action.settle", reason="Called them.").count() == 1
    assert 'name="act"' not in client.get(path).content.decode()


def test_it_is_tried_again_where_its_app_can(monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[UUID] = []
    monkeypatch.setitem(ledger._replays, ActionKind.FORM, lambda about, _sequence, _now: again.append(about))
    row = missed(kind=ActionKind.FORM)
    client, _ = staff(Role.MANAGER)

    client.post(f"{ADMIN}/patientaction/{row.pk}/change/", {"act": "again"})

    row.refresh_from_db()
    assert (row.state, row.replays, again) == ("open", 1, [row.about])


def test_another_sites_actions_are_not_there() -> None:
    row = missed()
    client, _ = staff(Role.MANAGER, SiteId(new_id()))

    assert f"{row.pk}" not in client.get(f"{ADMIN}/patientaction/").content.decode()
    path = f"{ADMIN}/patientaction/{row.pk}/change/"
    assert client.get(path).status_code == 404
    assert client.post(path, {"act": "settle", "reason": "x"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "told"


def test_a_second_person_takes_words_into_use() -> None:
    author, author_id = staff(Role.MANAGER)
    second, second_id = staff(Role.MANAGER)
    version = proposed(Actor(user_id=author_id, roles=frozenset({Role.MANAGER})))
    path = f"{ADMIN}/wording/{version}/change/"

    assert 'value="approve"' not in author.get(path).content.decode()
    author.post(path, {"act": "approve"})
    assert Wording.objects.get().state == "proposed"
    second.post(path, {"act": "refuse", "reason": ""})
    assert Wording.objects.get().state == "proposed"
    page = second.get(path).content.decode()
    second.post(path, {"act": "approve"})

    assert "Seen on" in page
    found = Wording.objects.get()
    assert (found.state, found.decided_by) == ("live", second_id)


def test_a_manager_moves_their_own_sites_campaigns_only() -> None:
    mine, theirs = campaign(of_site(SITE)), campaign(of_site(SiteId(new_id())))
    client, _ = staff(Role.MANAGER)

    listed = client.get(f"{ADMIN}/campaign/").content.decode()
    client.post(f"{ADMIN}/campaign/{mine}/change/", {"act": "stop"})

    assert str(mine) in listed
    assert str(theirs) not in listed
    assert client.post(f"{ADMIN}/campaign/{theirs}/change/", {"act": "stop"}).status_code == 404
    assert Campaign.objects.get(pk=mine).state == "stopped"
    assert AuditEntry.objects.filter(action="campaign.stop", entity_id=mine).count() == 1
    assert Campaign.objects.get(pk=theirs).state == "draft"


def test_a_word_that_came_too_late_is_said_so() -> None:
    made = campaign(of_site(SITE))
    client, _ = staff(Role.MANAGER)
    say(made, "stop")

    answer = client.post(f"{ADMIN}/campaign/{made}/change/", {"act": "start"}, follow=True)

    assert "errorlist" in answer.content.decode() or 'class="error"' in answer.content.decode()
    assert Campaign.objects.get(pk=made).state == "stopped"


@pytest.mark.parametrize("what", ["campaign", "wording", "ledgercheck", "patientaction"])
def test_the_admin_is_not_for_the_front_desk_or_patients(what: str) -> None:
    for client in (staff(Role.FRONT_DESK)[0], sign_in(Client(), patient().user_id)):
        assert client.get(f"{ADMIN}/{what}/").status_code == 302


@pytest.mark.parametrize("what", ["campaign", "wording", "ledgercheck", "patientaction"])
def test_nothing_is_added_or_deleted(what: str) -> None:
    row = missed()
    client, _ = staff(Role.ADMINISTRATOR)

    assert client.get(f"{ADMIN}/{what}/").status_code == 200
    assert client.get(f"{ADMIN}/{what}/add/").status_code == 403
    assert client.post(f"{ADMIN}/patientaction/{row.pk}/delete/", {"post": "yes"}).status_code == 403
