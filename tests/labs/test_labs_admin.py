"""Labs in the admin: what could not be read is put right there, and each look is recorded."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from lab_house import NOW, file, potassium, registered, report, seen
from signing_in import sign_in

from labs.models import LabSender, Quarantined, UnitSynonym
from steadwell.accounts import service as accounts
from steadwell.actor import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    user_id = accounts.create_user(
        email="ruth@example.org", password=None, roles=[Role.ADMINISTRATOR], now=NOW
    )
    return sign_in(Client(), user_id)


@pytest.fixture
def unread(db):
    registered()
    return file(report(potassium("5.4", unit="furlongs")))


def address(row: Quarantined) -> str:
    return f"/admin/labs/quarantined/{row.pk}/change/"


def looks(action: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry WHERE action = %s", [action])
        return int(cursor.fetchone()[0])


def test_observation_is_put_right_and_read(admin, unread):
    row = Quarantined.objects.get()
    assert "furlongs" in admin.get(address(row)).content.decode()

    answer = admin.post(
        address(row),
        {"act": "replay", "value": "5.4", "value_type": "NM", "unit": "mmol/L", "reason": "asked the lab"},
    )

    assert answer.status_code == 302
    assert seen(unread).results[0].quantity is not None
    assert looks("lab.view-aside") == 1


def test_decision_without_a_reason_is_refused(admin, unread):
    row = Quarantined.objects.get()

    admin.post(address(row), {"act": "dismiss"})

    row.refresh_from_db()
    assert row.state == Quarantined.State.OPEN


def test_lists_show_and_record_their_looks(admin, unread):
    for name in ("report", "order", "quarantined", "labsender", "unitsynonym", "cliniciannumber"):
        assert admin.get(f"/admin/labs/{name}/").status_code == 200

    assert (looks("lab.view-standing"), looks("lab.view-aside")) == (1, 1)


def test_synonym_is_checked_kept_and_read_with(admin, unread):
    sender = LabSender.objects.create(sender="north-lab")

    refused = admin.post(
        "/admin/labs/unitsynonym/add/", {"sender": "north-lab", "raw": "furlongs", "ucum": "zz"}
    )
    admin.post("/admin/labs/unitsynonym/add/", {"sender": "north-lab", "raw": "furlongs", "ucum": "mmol/L"})
    admin.post("/admin/labs/labsender/", {"action": "read_again", "_selected_action": [sender.pk]})

    assert refused.status_code == 200
    assert UnitSynonym.objects.get().ucum == "mmol/L"
    assert seen(unread).results[0].quantity is not None
    assert looks("lab.setting-save") == 1


def test_others_have_no_admin_of_labs(db):
    user_id = accounts.create_user(email="d@example.org", password=None, roles=[Role.CLINICIAN], now=NOW)

    assert sign_in(Client(), user_id).get("/admin/labs/report/").status_code in {302, 403, 404}
