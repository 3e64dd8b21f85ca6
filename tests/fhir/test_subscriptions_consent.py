"""Item 85: what a patient keeps back from a client is not told to it either, from that moment on."""

from __future__ import annotations

import pytest
from both_patients import consent
from receiving import later, run, subscribed
from test_consents import api_of, deny

from fhir_facade.smart import tokens
from steadwell import clock
from steadwell.actor import system

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(house):
    house.open_clinic()
    tokens.register_client(
        actor=system("test"), client_id="other", name="Other", per_minute=100_000, now=clock.now()
    )
    return api_of(house)


def keep_back(house, kind="Appointment"):
    answer = house.ehr.post("Consent", consent(house.ada, deny(kind)))
    assert answer.status == 201, answer.text


def test_item_85_what_is_kept_back_is_not_told(house, other, receiver):
    subscribed(other, receiver)
    keep_back(house)
    house.visit(house.ada)
    house.visit(house.bo, hours=2)
    run()

    assert receiver.numbers == [1]
    assert str(house.ada) not in "".join(each.text for each in receiver.got)


def test_item_85_what_was_not_delivered_yet_loses_its_content(house, other, receiver):
    key = subscribed(other, receiver, content="full-resource")
    receiver.answers = lambda got: 500
    visit = house.visit(house.ada)
    run()

    keep_back(house)
    receiver.answers = lambda got: 200
    run(later(seconds=15))

    first, second = receiver.events
    assert (first.number, first.json["id"]) == (second.number, second.json["id"])
    assert str(visit.appointment_id) not in second.text
    assert str(visit.appointment_id) not in other.get(f"Subscription/{key}/$events").text


def test_item_85_what_was_not_delivered_yet_loses_what_points_at_more(house, other, receiver):
    key = subscribed(other, receiver, "result-released", content="full-resource")
    receiver.answers = lambda got: 500
    house.lab_report(house.ada)
    run()
    assert '"reference":"Observation/' in receiver.events[0].text

    keep_back(house, "Observation")
    receiver.answers = lambda got: 200
    run(later(seconds=15))

    assert '"resourceType":"DiagnosticReport"' in receiver.events[-1].text
    assert '"reference":"Observation/' not in receiver.events[-1].text
    assert '"reference":"Observation/' not in other.get(f"Subscription/{key}/$events").text
