"""The audit trail and the ledger as staff and patients meet them over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.audit import service as audit
from steadwell.audit.models import AuditEntry
from steadwell.events import AppointmentBooked
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from steadwell.outbox import handover
from steadwell.outbox import service as outbox
from steadwell.outbox.deliveries import deliver
from steadwell.outbox.models import OutboxDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin_client():
    user = accounts.create_user(
        email="admin@example.org", password=None, roles={Role.ADMINISTRATOR}, now=clock.now()
    )
    return sign_in(Client(), user)


@pytest.fixture
def patient_client():
    person = identity.register(
        actor=system("import"),
        source="clinic",
        external_id="p1",
        demographics=identity.Demographics(family_name="Person", given_name="One"),
        now=clock.now(),
    )
    user = accounts.create_user(
        email="patient@example.org", password=None, roles=(), person_id=person, now=clock.now()
    )
    return sign_in(Client(), user)


def test_no_data_leaves_when_its_audit_row_cannot_be_written(patient_client, owner_connection):
    assert patient_client.get("/visits/").status_code == 200
    owner_connection.execute('REVOKE INSERT ON audit_auditentry FROM "steadwell_app"')
    try:
        answer = patient_client.get("/visits/")
    finally:
        owner_connection.execute('GRANT INSERT ON audit_auditentry TO "steadwell_app"')

    assert answer.status_code == 503


def test_trail_is_found_by_exact_id_and_looking_is_recorded(admin_client):
    subject = PersonId(new_id())
    audit.record(
        actor=system("import"),
        action="visit.read",
        category="appointment",
        subject_id=subject,
        now=clock.now(),
    )

    found = admin_client.get("/admin/audit/auditentry/", {"q": str(subject)})
    nothing = admin_client.get("/admin/audit/auditentry/", {"q": str(subject)[:8]})

    assert found.status_code == 200
    assert "visit.read" in found.content.decode()
    assert "visit.read" not in nothing.content.decode()
    looks = AuditEntry.objects.filter(action="audit.read").order_by("id")
    assert [look.detail for look in looks] == [{"searched": str(subject)}, {}]


@pytest.mark.parametrize("path", ["add/", "1/delete/"])
def test_trail_cannot_be_written_in_the_admin(admin_client, path):
    assert admin_client.get(f"/admin/audit/auditentry/{path}").status_code in {302, 403, 404}


def set_one_aside(hear):
    def impossible(event, ctx):
        raise outbox.Impossible("gone")

    hear(AppointmentBooked, consumer="test.admin", handler=impossible)
    now = clock.now() - timedelta(hours=1)
    with transaction.atomic():
        outbox.publish(AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1), now=now)
    row = OutboxDelivery.objects.get(consumer="test.admin")
    handover.claim(now=clock.now())
    deliver(delivery_id=row.pk, now=clock.now())
    return row.pk


def act(client, action, pk, **more):
    return client.post(
        "/admin/outbox/outboxdelivery/", {"action": action, "_selected_action": [pk], **more}, follow=True
    )


def test_what_was_set_aside_is_listed_with_its_cause_and_replayed(admin_client, hear):
    pk = set_one_aside(hear)

    assert "gone: Impossible" in admin_client.get("/admin/outbox/outboxdelivery/").content.decode()
    answer = act(admin_client, "replay", pk)

    assert "1 delivery was changed." in answer.content.decode()
    assert OutboxDelivery.objects.get(pk=pk).state == "waiting"
    assert AuditEntry.objects.filter(action="delivery.replay").count() == 1


def test_settling_in_the_admin_needs_its_reason(admin_client, hear):
    pk = set_one_aside(hear)

    act(admin_client, "settle", pk)
    unsettled = OutboxDelivery.objects.get(pk=pk).state
    act(admin_client, "settle", pk, reason="told by phone")

    assert (unsettled, OutboxDelivery.objects.get(pk=pk).state) == ("quarantined", "done")


def test_due_rows_are_listed(admin_client):
    outbox.schedule(kind="test.listed", key="1", due_at=clock.now(), now=clock.now())

    assert "test.listed" in admin_client.get("/admin/outbox/outboxdue/").content.decode()
