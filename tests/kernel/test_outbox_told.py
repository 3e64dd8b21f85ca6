"""What the ledger tells: one trace from the request to the provider's call, ages, outcomes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from steadwell import clock
from steadwell.errors import Invalid
from steadwell.events import AppointmentBooked
from steadwell.ids import new_id
from steadwell.observability.service import SpanKind, recorded_spans, span
from steadwell.outbox import handover
from steadwell.outbox import service as outbox
from steadwell.outbox.deliveries import deliver

pytestmark = pytest.mark.django_db(transaction=True)


def book(at):
    with transaction.atomic():
        outbox.publish(AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1), now=at)


def run_all(at):
    for ids in handover.claim(now=at).ids.values():
        for each in ids:
            deliver(delivery_id=each, now=at)


def scraped() -> str:
    return Client().get("/metrics").content.decode()


def test_one_trace_from_the_click_to_the_call_outside(hear, now):
    class Provider:
        def prepare(self, event, context):
            return "call"

        def call(self, call):
            return "sent"

        def settle(self, event, context, outcome):
            pass

    hear(AppointmentBooked, consumer="a", handler=Provider())

    with recorded_spans() as spans:
        with span("request"):
            book(now)
        run_all(now)

    def one(name, consumer=None):
        return next(s for s in spans if (s.name, s.attributes.get("consumer")) == (name, consumer))

    request, delivered, outside = one("request"), one("outbox.deliver", "a"), one("outside.call", "a")
    assert {each.context.trace_id for each in spans} == {request.context.trace_id}
    assert delivered.parent.span_id == request.context.span_id
    assert outside.parent.span_id == delivered.context.span_id
    assert outside.kind == SpanKind.CLIENT


def test_scrape_tells_the_age_of_the_oldest_work_by_queue(hear):
    hear(AppointmentBooked, consumer="told.age", queue="labs.critical", handler=lambda e, c: None)
    book(clock.now() - timedelta(minutes=5))

    text = scraped()

    age = next(
        line
        for line in text.splitlines()
        if line.startswith('steadwell_outbox_oldest_seconds{queue="labs.cr')
    )
    assert 300 <= float(age.split()[-1]) < 900
    assert 'steadwell_outbox_depth{queue="labs.critical"} 1.0' in text
    assert 'steadwell_outbox_quarantined{queue="labs.critical"} 0.0' in text


def test_scrape_tells_what_was_done_and_what_was_set_aside(hear, now):
    def refuse(event, context):
        raise Invalid

    hear(AppointmentBooked, consumer="told.done", handler=lambda e, c: None)
    hear(AppointmentBooked, consumer="told.refused", queue="ehr", handler=refuse)
    book(now)

    run_all(now)

    text = scraped()
    assert 'steadwell_deliveries_total{consumer="told.done",outcome="done"} 1.0' in text
    assert 'steadwell_deliveries_total{consumer="told.refused",outcome="quarantined"} 1.0' in text
    assert 'steadwell_delivery_lag_seconds_count{consumer="told.done"} 1.0' in text
    assert 'steadwell_outbox_quarantined{queue="ehr"} 1.0' in text


def test_ready_tells_how_far_the_relay_is_behind(hear):
    hear(AppointmentBooked, consumer="told.relay", handler=lambda e, c: None)
    book(clock.now() - timedelta(minutes=5))

    relay = Client().get("/healthz/ready").json()["checks"]["relay"]

    assert relay["state"] == "ok"
    assert relay["behind_seconds"] >= 0
