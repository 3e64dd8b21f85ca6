from __future__ import annotations

import pytest
from django.test import Client
from hl7_messages import report, result
from signing_in import sign_in
from wire import registered
from working import receive, work

from fhir_facade.hl7v2.models import Hl7Message, Hl7Quarantine, Hl7Sender
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.audit.models import AuditEntry
from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(role: Role) -> Client:
    user = accounts.create_user(
        email=f"{role}@example.org", password=None, roles={role}, site_ids=[SiteId(new_id())], now=clock.now()
    )
    return sign_in(Client(), user)


@pytest.fixture
def admin() -> Client:
    return signed_in(Role.ADMINISTRATOR)


SENDER = {
    "name": "east", "active": "on", "networks": "10.0.0.0/8", "certificates": "CN=lab, O=East;ab=cd",
    "message_types": "ORU^R01,ADT^*", "applications": "LAB|EAST", "processing": "P", "site_id": "",
    "time_zone": "UTC", "connections": "4",
}  # fmt: skip


def test_sender_is_registered_and_changed(admin):
    made = admin.post("/admin/fhir_facade/hl7sender/add/", SENDER)
    sender = Hl7Sender.objects.get()
    changed = admin.post(f"/admin/fhir_facade/hl7sender/{sender.pk}/change/", SENDER | {"active": ""})

    assert (made.status_code, changed.status_code) == (302, 302)
    assert sender.certificates == ["CN=lab, O=East", "ab=cd"]
    assert Hl7Sender.objects.get().active is False
    assert AuditEntry.objects.filter(entity_id=sender.pk).count() == 2


def test_sender_that_cannot_be_is_shown_with_its_fault(admin):
    answer = admin.post("/admin/fhir_facade/hl7sender/add/", SENDER | {"networks": "somewhere"})

    assert b"Write addresses or networks" in answer.content
    assert not Hl7Sender.objects.exists()


def test_each_look_at_a_message_is_recorded(admin):
    registered()
    _, row = receive(report("C1"))
    work()

    listed = admin.get("/admin/fhir_facade/hl7message/")
    shown = admin.get(f"/admin/fhir_facade/hl7message/{row.pk}/change/")

    assert b"filed" in listed.content
    assert b"Rivera^Ana" in shown.content
    assert AuditEntry.objects.filter(action="hl7_message.view", entity_id=row.pk).count() == 2


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.CLINICIAN])
def test_messages_are_for_administrators(role):
    registered()
    _, row = receive(b"no HL7")
    client = signed_in(role)

    for path in (f"hl7message/{row.pk}/change/", "hl7quarantine/", "hl7sender/", "hl7sender/add/"):
        answer = client.get(f"/admin/fhir_facade/{path}")
        assert answer.status_code in {302, 403, 404}, path


def test_message_is_corrected_in_the_admin(admin):
    registered()
    receive(report("C1").replace(b"MSH|^~\\&", b"MSH|^^\\&"))
    question = Hl7Quarantine.objects.get()
    page = f"/admin/fhir_facade/hl7quarantine/{question.pk}/change/"

    assert b"usable separators" in admin.get(page).content
    refused = admin.post(page, {"act": "correct", "text": "nothing", "reason": "x"}, follow=True)
    assert b"cannot be read either" in refused.content
    text = report("C1").decode().replace("\r", "\n")
    done = admin.post(page, {"act": "correct", "text": text, "reason": "separators"})
    work()

    assert done.status_code == 302
    assert Hl7Quarantine.objects.get().state == "corrected"
    assert Hl7Message.objects.filter(origin="correction").count() == 1
    assert b"separators" in admin.get(page).content


def test_message_is_read_again_or_settled_in_the_admin(admin):
    registered()
    receive(report("C1"))
    receive(report("C1", result(value="1")))
    receive(b"no HL7")
    reused, unreadable = Hl7Quarantine.objects.order_by("opened_at")

    admin.post(f"/admin/fhir_facade/hl7quarantine/{reused.pk}/change/", {"act": "replay"})
    silent = admin.post(
        f"/admin/fhir_facade/hl7quarantine/{unreadable.pk}/change/", {"act": "settle"}, follow=True
    )
    admin.post(
        f"/admin/fhir_facade/hl7quarantine/{unreadable.pk}/change/", {"act": "settle", "reason": "a scan"}
    )

    assert b"Say why" in silent.content
    assert list(Hl7Quarantine.objects.order_by("opened_at").values_list("state", flat=True)) == [
        "replayed", "settled",
    ]  # fmt: skip
