"""Item 80 and 69: a client is told what it may read at the moment of sending, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from fhir_house import OPERATOR
from receiving import later, run, state_of, subscribed

from fhir_facade.smart import tokens
from fhir_facade.smart.models import AccessToken
from fhir_facade.smart.models import Client as FhirClient
from fhir_facade.subscriptions import tending
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from labs.models import Hold
from steadwell import clock
from steadwell.audit.models import AuditEntry
from steadwell.ids import new_id
from steadwell.outbox.models import OutboxDue, OutboxEvent
from steadwell.outbox.service import DeliveryContext

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(house):
    house.open_clinic()
    return house


def test_item_80_patients_token_hears_of_that_patient_only(house, receiver):
    own = house.of(house.ada)
    subscribed(own, receiver, content="full-resource")
    subscribed(own, receiver, "result-released", content="full-resource")
    house.visit(house.bo)
    house.lab_report(house.bo)
    house.visit(house.ada, hours=2)
    house.lab_report(house.ada)
    run()

    assert receiver.numbers == [1, 1]
    everything = "".join(each.text for each in receiver.got)
    assert str(house.ada) in everything
    for canary in (str(house.bo), "anarybo", "Bofirst"):
        assert canary not in everything
    assert SubscriptionEvent.objects.count() == 2


def test_scopes_narrow_what_is_told(house, receiver):
    """A token for one category of reports hears of those."""
    scope = "system/Subscription.cruds system/DiagnosticReport.rs?category=http://example.org/none|imaging"
    narrow = house.api(scope)
    subscribed(narrow, receiver, "result-released")
    house.lab_report(house.ada)
    run()

    assert receiver.events == []
    assert SubscriptionEvent.objects.count() == 0


def test_revoked_token_ends_it_with_what_lay_ready(house, receiver):
    key = subscribed(house.ehr, receiver, content="full-resource")
    receiver.answers = lambda got: 500
    house.visit(house.ada)
    run()
    assert SubscriptionEvent.objects.get().body

    row = Subscription.objects.get(pk=key)
    tokens.revoke(actor=OPERATOR, token_id=row.token_id, now=clock.now())
    receiver.answers = lambda got: 200
    run(later(seconds=15))

    row.refresh_from_db()
    assert len(receiver.events) == 1
    assert (row.state, row.cause) == ("off", "access-ended")
    assert not SubscriptionEvent.objects.exists()


def test_service_is_told_after_its_short_token_ran_out(house, receiver):
    service = house.api("system/*.cruds", minutes=5)
    subscribed(service, receiver)
    house.visit(house.ada)

    run(later(minutes=10))

    assert receiver.numbers == [1]


def test_patients_token_that_ran_out_ends_it(house, receiver):
    own = house.api("patient/*.cruds", minutes=5, person_id=house.ada)
    key = subscribed(own, receiver)
    house.visit(house.ada)

    run(later(minutes=10))

    assert receiver.events == []
    assert Subscription.objects.get(pk=key).state == "off"


@pytest.mark.parametrize("change", [{"active": False}, {"scopes": "system/Patient.rs"}])
def test_client_that_may_no_longer_is_told_nothing(house, receiver, change):
    key = subscribed(house.ehr, receiver)
    house.visit(house.ada)
    FhirClient.objects.filter(client_id="ehr").update(**change)

    run()

    assert receiver.events == []
    assert Subscription.objects.get(pk=key).state == "off"


def test_what_may_not_be_read_any_more_loses_its_content_and_keeps_its_number(house, receiver):
    """Between the first attempt and the second the report is held back from the patient."""
    own = house.of(house.ada)
    subscribed(own, receiver, "result-released", content="full-resource")
    receiver.answers = lambda got: 500
    filed = house.lab_report(house.ada)
    run()
    assert str(filed.report_id) in receiver.events[0].text

    _hold(house, filed)
    receiver.answers = lambda got: 200
    run(later(seconds=15))

    first, second = receiver.events
    assert (first.number, second.number) == (1, 1)
    assert first.json["id"] == second.json["id"]
    assert str(filed.report_id) not in second.text
    assert set(second.event) == {"event-number", "timestamp"}


def test_events_of_what_may_not_be_read_any_more_have_no_content(house, receiver):
    own = house.of(house.ada)
    key = subscribed(own, receiver, "result-released", content="full-resource")
    filed = house.lab_report(house.ada)
    run()
    assert str(filed.report_id) in own.get(f"Subscription/{key}/$events").text

    _hold(house, filed)

    assert str(filed.report_id) not in own.get(f"Subscription/{key}/$events").text


def _hold(house, filed, loinc=""):
    """The clinic holds it back from the patient's side, the report or one of its tests."""
    Hold.objects.create(
        report_id=filed.report_id, person_id=house.ada, loinc=loinc, audience="everyone", cause="rule",
        rule_id=new_id(), rule_version=1, delay="hours-after-final", legal="45 CFR 171.201",
        legal_text="A rule of the clinic.", opened_at=house.now, starts_at=house.now - timedelta(days=1),
        ends_at=house.now + timedelta(days=5),
    )  # fmt: skip


def test_correction_of_a_test_that_is_held_back_tells_nothing(house, receiver):
    own = house.of(house.ada)
    subscribed(own, receiver, "result-corrected")
    with_staff = subscribed(house.ehr, receiver, "result-corrected")
    filed = house.lab_report(house.ada, ("2823-3", "4.1"), ("2160-0", "80"), filler_number="FX-9")
    _hold(house, filed, loinc="2160-0")

    house.lab_report(
        house.ada, ("2823-3", "4.1"), ("2160-0", "95"), filler_number="FX-9", issued_at=house.now
    )
    run()

    assert [each.said("subscription").endswith(with_staff) for each in receiver.events] == [True]


def test_each_notification_is_on_the_audit_trail(house, receiver):
    subscribed(house.ehr, receiver)
    visit = house.visit(house.ada)
    run()

    row = AuditEntry.objects.get(action="fhir.notify")
    assert (row.subject_id, row.entity_id, row.category) == (house.ada, visit.appointment_id, "Appointment")
    assert row.detail["client"] == "ehr"


def test_queue_and_logs_hold_ids_only(house, receiver, capfd):
    subscribed(house.ehr, receiver, content="full-resource", channel={"header": ["X-Key: canary-key"]})
    house.visit(house.ada)
    house.lab_report(house.ada)
    run()

    kept = json.dumps(
        [
            *OutboxEvent.objects.values_list("payload", flat=True),
            *OutboxDue.objects.values_list("payload", flat=True),
        ]
    )
    written = kept + "".join(capfd.readouterr())
    for canary in ("anaryada", "Adafirst", "canary-key", receiver.url):
        assert canary not in written


def test_every_hour_what_has_no_rights_is_turned_off(house, receiver):
    key = subscribed(house.ehr, receiver)
    AccessToken.objects.update(revoked_at=clock.now())

    with transaction.atomic():
        tending.tidy(None, DeliveryContext(delivery_id=1, attempt=1, now=clock.now()))

    assert Subscription.objects.get(pk=key).state == "off"
    assert state_of(house.api("system/*.cruds"), key) == "off"
