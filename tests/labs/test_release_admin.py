"""The release policy in the admin: written as versions, refused in words, withdrawn with what it holds."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from release_house import NOW, Family, rule
from signing_in import sign_in

from labs import models
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
ROW = {
    "loinc": "56888-1", "site_id": "", "age_from": "", "age_until": "", "on_choice": "",
    "delay": "until-signed", "hours": "0", "longest_hours": "48", "legal": "45 CFR 171.103(a)(1)",
    "legal_text": "State law", "words_en": "Held until {until}.", "words_es": "", "why": "New law",
}  # fmt: skip
ADD = "/admin/labs/releaserule/add/"


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=True):
        yield


def staff(*roles: Role) -> Client:
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=list(roles), now=clock.now()
    )
    return sign_in(Client(), user_id)


def test_an_administrator_writes_a_row_and_its_next_version():
    admin = staff(Role.ADMINISTRATOR)

    added = admin.post(ADD, ROW)
    assert added.status_code == 302, added.context_data["adminform"].form.errors
    first = models.ReleaseRule.objects.get(loinc="56888-1")
    changed = admin.post(f"/admin/labs/releaserule/{first.pk}/change/", {**ROW, "longest_hours": "24"})

    assert changed.status_code == 302
    rows = models.ReleaseRule.objects.filter(entity_id=first.entity_id).order_by("version")
    assert [(row.version, row.longest_hours, row.reason) for row in rows] == [
        (1, 48, "New law"), (2, 24, "New law"),
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{"longest_hours": "0"}, {"words_en": ""}, {"words_en": "By {doctor}"}])
def test_a_row_without_an_end_or_words_is_refused_in_words(wrong):
    answer = staff(Role.ADMINISTRATOR).post(ADD, ROW | wrong)

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not models.ReleaseRule.objects.filter(loinc="56888-1").exists()


def test_withdrawing_a_row_shows_what_it_holds():
    family = Family()
    rule_id = rule()
    report_id = family.file()
    row = models.ReleaseRule.objects.get(entity_id=rule_id)

    staff(Role.ADMINISTRATOR).post(
        "/admin/labs/releaserule/", {"action": "withdraw", "_selected_action": [row.pk]}
    )

    assert family.sees(report_id, now=NOW) is not None
    assert models.Hold.objects.get().ended_how == "rule"


def test_clinicians_write_no_policy():
    assert staff(Role.CLINICIAN).get(ADD).status_code in {302, 403, 404}
