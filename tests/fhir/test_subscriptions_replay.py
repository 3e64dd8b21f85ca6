"""Item 79: ``$status`` says how far a subscription is, ``$events`` gives again what was sent."""

from __future__ import annotations

import pytest
from django.db import transaction
from fhir_house import clinic
from receiving import Got, later, run, subscribed, value_of

from fhir_facade.server.operations import subscriptions
from fhir_facade.subscriptions import tending
from fhir_facade.subscriptions.models import SubscriptionEvent
from scheduling import service as scheduling
from steadwell import clock
from steadwell.actor import system
from steadwell.outbox.service import DeliveryContext

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(house):
    house.open_clinic()
    return house


def parameters(answer, at=0):
    return {p["name"]: value_of(p) for p in answer.entries[at]["resource"]["parameter"] if "part" not in p}


def events_in(answer):
    found = [p["part"] for p in answer.entries[0]["resource"]["parameter"] if "part" in p]
    return [{each["name"]: value_of(each) for each in part} for part in found]


def test_item_79_status_says_how_far_it_is(house, receiver):
    key = subscribed(house.ehr, receiver)
    for hours in (0, 2):
        house.visit(house.ada, hours=hours)
    run()

    answer = house.ehr.get(f"Subscription/{key}/$status")

    assert (answer.status, answer.json["type"]) == (200, "searchset")
    said = parameters(answer)
    assert (said["type"], said["status"]) == ("query-status", "active")
    assert said["events-since-subscription-start"] == "2"
    assert said["subscription"].endswith(key)
    posted = {"resourceType": "Parameters", "parameter": [{"name": "id", "valueId": key}]}
    assert parameters(house.ehr.post("Subscription/$status", posted)) == said
    assert house.ehr.get("Subscription/$status", {"status": "off"}).entries == []
    assert len(house.ehr.get("Subscription/$status", {"status": "active,off"}).entries) == 1


def test_item_79_events_give_again_exactly_what_was_sent(house, receiver):
    key = subscribed(house.ehr, receiver, content="full-resource")
    for hours in (0, 2, 4):
        visit = house.visit(house.ada, hours=hours)
        run()
    scheduling.cancel(
        actor=system("desk"), appointment_id=visit.appointment_id, request_key=clinic.key(), now=house.now,
        reason="ill",
    )  # fmt: skip

    missed = house.ehr.get(f"Subscription/{key}/$events", {"eventsSinceNumber": 2, "eventsUntilNumber": 3})
    everything = house.ehr.get(f"Subscription/{key}/$events")

    assert parameters(missed)["type"] == "query-event"
    assert [each["event-number"] for each in events_in(missed)] == ["2", "3"]
    assert missed.entries[1:] == [entry for got in receiver.events[1:] for entry in got.json["entry"][1:]]
    assert missed.entries[2]["resource"]["status"] == "booked"  # as it was sent, whatever it is by now
    assert events_in(everything) == [Got.event.fget(each) for each in receiver.events]
    only_ids = house.ehr.get(f"Subscription/{key}/$events", {"content": "id-only"})
    assert all("resource" not in entry for entry in only_ids.entries[1:])
    assert len(only_ids.entries) == 4
    assert len(house.ehr.get(f"Subscription/{key}/$events", {"content": "empty"}).entries) == 1
    assert house.ehr.get(f"Subscription/{key}/$events", {"content": "more"}).status == 400
    assert house.ehr.get(f"Subscription/{key}/$events", {"eventsSinceNumber": "x"}).status == 400


def test_item_79_what_waits_for_a_receiver_that_is_away_can_be_asked_for(house, receiver):
    key = subscribed(house.ehr, receiver)
    receiver.answers = lambda got: 500
    now = clock.now()
    for hours in (0, 2):
        house.visit(house.ada, hours=hours)
        run(now)  # so that no pause is over between the two

    said = parameters(house.ehr.get(f"Subscription/{key}/$status"))
    asked_for = events_in(house.ehr.get(f"Subscription/{key}/$events"))

    assert said["events-since-subscription-start"] == "2"
    assert "500" in str(house.ehr.get(f"Subscription/{key}/$status").json)
    assert [each["event-number"] for each in asked_for] == ["1", "2"]
    receiver.answers = lambda got: 200
    run(later(seconds=13))
    assert [each.event for each in receiver.events[-2:]] == asked_for


def test_content_is_never_more_than_was_subscribed_to(house, receiver):
    key = subscribed(house.ehr, receiver, content="empty")
    visit = house.visit(house.ada)
    run()

    answer = house.ehr.get(f"Subscription/{key}/$events", {"content": "full-resource"})

    assert len(answer.entries) == 1
    assert str(visit.appointment_id) not in answer.text


def test_answer_holds_so_many_events_and_says_how_many_there_are(house, receiver, monkeypatch):
    monkeypatch.setattr(subscriptions, "MOST_EVENTS", 2)
    key = subscribed(house.ehr, receiver)
    for hours in (0, 2, 4):
        house.visit(house.ada, hours=hours)
    run()

    answer = house.ehr.get(f"Subscription/{key}/$events")

    assert [each["event-number"] for each in events_in(answer)] == ["1", "2"]
    assert parameters(answer)["events-since-subscription-start"] == "3"


def test_operations_need_the_scope_to_read(house, receiver):
    key = subscribed(house.ehr, receiver)
    narrow = house.api("system/Appointment.rs")

    assert narrow.get(f"Subscription/{key}/$status").status == 403
    assert narrow.get(f"Subscription/{key}/$events").status == 403


def test_old_events_are_forgotten(house, receiver):
    subscribed(house.ehr, receiver)
    house.visit(house.ada)
    run()
    assert SubscriptionEvent.objects.count() == 1

    with transaction.atomic():
        tending.tidy(None, DeliveryContext(delivery_id=1, attempt=1, now=later(days=31)))

    assert SubscriptionEvent.objects.count() == 0
