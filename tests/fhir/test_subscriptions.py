"""Checklist J: subscriptions, as clients write them and as they are told (items 77 and 78)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from fhir_house import clinic
from receiving import BACKPORT, CUT, HANG, asked, later, run, state_of, subscribed, url_of

from fhir_facade.server import capability
from fhir_facade.smart import tokens
from fhir_facade.subscriptions import hearing, keeping, topics
from fhir_facade.subscriptions.models import Subscription
from medications import service as medications
from scheduling import service as scheduling
from steadwell import clock
from steadwell.actor import system
from steadwell.outbox.models import OutboxDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(house):
    house.open_clinic()
    return house


def other_client(house, scope="system/*.cruds"):
    tokens.register_client(
        actor=system("test"), client_id="other", name="Other", per_minute=100_000, now=clock.now()
    )
    token, _ = tokens.issue(actor=system("test"), client_id="other", scope=scope, now=clock.now())
    return type(house.ehr)(token)


def test_item_77_handshake_comes_before_active(house, receiver):
    made = house.ehr.post("Subscription", asked(receiver))
    before = state_of(house.ehr, made.json["id"])

    run()

    greeting = receiver.got[0]
    assert before == "requested"
    assert (len(receiver.got), greeting.kind, greeting.said("status")) == (1, "handshake", "requested")
    assert greeting.headers["Content-Type"].startswith("application/fhir+json")
    assert greeting.said("subscription").endswith(f"/fhir/Subscription/{made.json['id']}")
    assert greeting.said("topic") == url_of("appointment-booked")
    assert state_of(house.ehr, made.json["id"]) == "active"


def test_what_nobody_subscribes_to_is_delivered_to_nobody(house, receiver):
    """And is delivered from the moment that somebody does."""
    hearing.rest(now=clock.now())
    house.visit(house.ada)
    before = OutboxDelivery.objects.filter(consumer__startswith="fhir.").count()
    subscribed(house.ehr, receiver)

    house.visit(house.bo, hours=1)
    hearing.rest(now=clock.now())  # somebody listens: it stays awake
    house.visit(house.ada, hours=2)
    run()

    assert before == 0
    assert receiver.numbers == [1, 2]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_item_77_receiver_that_refuses_the_greeting_is_an_error(house, receiver, status):
    receiver.answers = lambda got: status
    receiver.location = "http://10.0.0.8/"

    key = house.ehr.post("Subscription", asked(receiver)).json["id"]
    run()
    house.visit(house.ada)
    run(later(days=9))

    now = house.ehr.get(f"Subscription/{key}").json
    assert now["status"] == "error"
    assert str(status) in now["error"]
    assert len(receiver.got) == 1


@pytest.mark.parametrize("silence", [CUT, HANG])
def test_item_77_greeting_without_an_answer_is_tried_three_times(house, receiver, silence):
    receiver.answers = lambda got: silence
    patience = {"timeout": 1} if silence == HANG else {}

    key = house.ehr.post("Subscription", asked(receiver, **patience)).json["id"]
    run()
    assert state_of(house.ehr, key) == "requested"
    run(later(seconds=13))
    run(later(seconds=300))

    assert state_of(house.ehr, key) == "error"
    assert Subscription.objects.get(pk=key).failures == 3
    if silence == CUT:  # within a second a loaded machine may not even have called
        assert [each.kind for each in receiver.got] == ["handshake"] * 3
        assert len({each.json["id"] for each in receiver.got}) == 1


def test_item_77_topics_are_listed():
    rest = capability.statement("http://testserver/fhir")["rest"][0]["resource"]
    said = next(each for each in rest if each["type"] == "Subscription")

    urls = {each["valueCanonical"] for each in said["extension"]}
    assert {each["url"] for each in said["extension"]} == {
        f"{BACKPORT}capabilitystatement-subscriptiontopic-canonical"
    }
    assert urls == {each.url for each in topics.served()}
    assert {url_of(f"appointment-{each}") for each in ("booked", "moved", "cancelled")} <= urls
    assert {url_of(f"result-{each}") for each in ("released", "corrected")} <= urls
    assert said["supportedProfile"] == [f"{BACKPORT}backport-subscription"]
    assert url_of("medication-changed") in urls


def test_item_78_each_step_of_a_visit_is_told_to_its_topic(house, receiver):
    keys = {
        code: subscribed(house.ehr, receiver, f"appointment-{code}")
        for code in ("booked", "moved", "cancelled")
    }
    visit = house.visit(house.ada)
    scheduling.reschedule(
        actor=system("desk"), appointment_id=visit.appointment_id, offer=house.offer(3),
        request_key=clinic.key(), now=house.now,
    )  # fmt: skip
    scheduling.cancel(
        actor=system("desk"), appointment_id=visit.appointment_id, request_key=clinic.key(), now=house.now,
        reason="ill",
    )  # fmt: skip
    run()

    told = {each.said("topic"): each for each in receiver.events}
    assert set(told) == {url_of(f"appointment-{code}") for code in keys}
    assert len(receiver.events) == 3
    for code, key in keys.items():
        each = told[url_of(f"appointment-{code}")]
        assert each.said("subscription").endswith(key)
        assert each.event["focus"].endswith(f"/Appointment/{visit.appointment_id}")
        assert each.number == 1


def test_item_78_results_are_told(house, receiver):
    subscribed(house.ehr, receiver, "result-released")
    subscribed(house.ehr, receiver, "result-corrected")
    filed = house.lab_report(house.ada, filler_number="FX-1")
    run()
    house.lab_report(house.ada, ("2823-3", "5.2"), filler_number="FX-1", issued_at=house.now)
    run()

    told = [(each.said("topic"), each.event["focus"].rpartition("/")[2]) for each in receiver.events]
    assert told == [
        (url_of("result-released"), str(filed.report_id)),
        (url_of("result-corrected"), str(filed.report_id)),
    ]


@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
def test_item_78_as_much_is_said_as_was_asked_for(house, receiver, content):
    key = subscribed(house.ehr, receiver, content=content)
    visit = house.visit(house.ada)
    run()

    (told,) = receiver.events
    first, *rest = told.json["entry"]
    assert (told.json["type"], first["resource"]["resourceType"]) == ("history", "Parameters")
    assert first["request"] == {"method": "GET", "url": f"Subscription/{key}/$status"}
    assert told.said("events-since-subscription-start") == "1"
    assert set(told.event) == {"event-number", "timestamp"} | ({"focus"} if content != "empty" else set())
    assert [each.get("resource", {}).get("id") for each in rest] == {
        "empty": [], "id-only": [None], "full-resource": [str(visit.appointment_id)],
    }[content]  # fmt: skip
    assert (str(visit.appointment_id) in told.text) == (content != "empty")


def test_item_78_filters_are_kept_to(house, receiver):
    filters = [f"Appointment?patient=Patient/{house.bo}", "Appointment?status=cancelled"]
    subscribed(house.ehr, receiver, filters=filters)
    house.visit(house.ada)
    theirs = house.visit(house.bo, hours=2)
    run()

    assert [each.event["focus"].rpartition("/")[2] for each in receiver.events] == [
        str(theirs.appointment_id)
    ]
    assert receiver.numbers == [1]


def test_item_78_quiet_is_broken_by_a_heartbeat(house, receiver):
    subscribed(house.ehr, receiver, heartbeat=3600)

    run(later(minutes=50))
    assert receiver.of_kind("heartbeat") == []
    run(later(minutes=62))
    assert len(receiver.of_kind("heartbeat")) == 1
    house.visit(house.ada)
    run(later(minutes=100))
    run(later(minutes=124))
    assert len(receiver.of_kind("heartbeat")) == 1  # an event was sign enough
    run(later(minutes=165))

    assert len(receiver.of_kind("heartbeat")) == 2
    assert receiver.of_kind("heartbeat")[-1].said("events-since-subscription-start") == "1"


def test_subscription_of_plain_r4_gets_the_resource_itself(house, receiver):
    said = asked(receiver, criteria=f"Appointment?patient=Patient/{house.ada}")
    key = house.ehr.post("Subscription", said).json["id"]
    run()
    visit = house.visit(house.ada)
    house.visit(house.bo, hours=2)
    run()

    greeting, told = receiver.got
    assert (greeting.method, greeting.text) == ("POST", "")
    assert (told.method, told.path) == ("PUT", f"/told/Appointment/{visit.appointment_id}")
    assert told.json["id"] == str(visit.appointment_id)
    assert state_of(house.ehr, key) == "active"


def test_subscription_of_plain_r4_without_payload_gets_a_call(house, receiver):
    said = asked(receiver, criteria="Appointment?status=booked")
    del said["channel"]["payload"], said["channel"]["_payload"]
    house.ehr.post("Subscription", said)
    run()
    house.visit(house.ada)
    run()

    assert [(each.method, each.path, each.text) for each in receiver.got] == [("POST", "/told", "")] * 2


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("criteria", {"criteria": "http://example.org/SubscriptionTopic/unknown"}),
        ("criteria", {"criteria": "Patient?name=x"}),
        ("criteria", {"criteria": "Appointment?nonsense=1"}),
        ("criteria", {"filters": ["Observation?status=final"]}),
        ("criteria", {"filters": ["Appointment?status:nonsense=x"]}),
        ("criteria", {"filters": ["Appointment?patient.name=x"]}),
        ("channel.type", {"channel": {"type": "email"}}),
        ("channel.payload", {"channel": {"payload": "text/plain"}}),
        ("channel.payload", {"content": "everything"}),
        ("channel.endpoint", {"channel": {"endpoint": "ftp://example.org/x"}}),
        ("channel.endpoint", {"channel": {"endpoint": "https://user:x@example.org/"}}),
        ("channel.endpoint", {"channel": {"endpoint": "https://169.254.169.254/latest"}}),
        ("channel.header", {"channel": {"header": ["Host: example.org"]}}),
        ("channel.header", {"channel": {"header": ["X-Two: a\r\nX-Other: b"]}}),
        ("channel.extension", {"heartbeat": 1}),
        ("channel.extension", {"timeout": 900}),
        ("end", {"end": "2020-01-01T00:00:00Z"}),
        ("status", {"status": "error"}),
    ],
)  # fmt: skip
def test_what_is_not_done_here_is_said_in_words(house, receiver, at, said):
    answer = house.ehr.post("Subscription", asked(receiver, **said))

    assert answer.status == 422, answer.text
    assert answer.issue["expression"] == [f"Subscription.{at}"]
    assert len(answer.issue["diagnostics"]) > 15
    assert house.ehr.get("Subscription").ids == []


@override_settings(OUTBOUND_NETWORKS=[])
@pytest.mark.parametrize(
    "address", ["http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/x"]
)
def test_endpoint_is_public_and_secure(house, receiver, address):
    answer = house.ehr.post("Subscription", asked(receiver, channel={"endpoint": address}))

    assert answer.status == 422
    assert answer.issue["expression"] == ["Subscription.channel.endpoint"]


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("system/Subscription.cr system/Appointment.rs", 201),
        ("system/Subscription.c", 403),
        ("system/Subscription.c system/Observation.rs", 403),
        ("system/Subscription.rs system/Appointment.rs", 403),
        ("system/Appointment.cruds", 403),
    ],
)
def test_scopes_decide(house, receiver, scope, status):
    assert house.api(scope).post("Subscription", asked(receiver)).status == status


def test_others_subscriptions_are_not_there(house, receiver):
    key = subscribed(house.ehr, receiver)
    several = [other_client(house), house.of(house.ada), house.of(house.bo)]

    for each in several:
        assert each.get("Subscription").ids == []
        for path in (f"Subscription/{key}", f"Subscription/{key}/$status", f"Subscription/{key}/$events"):
            assert each.get(path).status == 404
        assert each.put(f"Subscription/{key}", asked(receiver, id=key)).status == 404
        assert each.delete(f"Subscription/{key}").status == 404
        assert each.get("Provenance", {"target": f"Subscription/{key}"}).ids == []
        assert each.get(f"Provenance/{key}.1").status == 404
    assert house.ehr.get("Provenance", {"target": f"Subscription/{key}"}).ids == [f"{key}.1"]
    assert house.ehr.get("Subscription", {"status": "active", "url": receiver.url}).ids == [key]
    assert house.ehr.get("Subscription", {"criteria": url_of("appointment-booked")[:20]}).ids == [key]


def test_headers_are_sent_and_kept_sealed(house, receiver, capfd):
    secret = "Bearer sesame-4711-open"
    key = subscribed(house.ehr, receiver, channel={"header": [f"Authorization: {secret}"]})
    house.visit(house.ada)
    run()

    with connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM fhir_facade_subscription s")
        rows = str(cursor.fetchall())
        cursor.execute(
            "SELECT e.payload::text, d.last_error FROM outbox_outboxevent e, outbox_outboxdelivery d"
        )
        rows += str(cursor.fetchall())
    assert [each.headers["Authorization"] for each in receiver.got] == [secret] * 2
    assert "sesame" not in rows
    assert "sesame" not in "".join(capfd.readouterr())
    assert house.ehr.get(f"Subscription/{key}").json["channel"]["header"] == [f"Authorization: {secret}"]


def test_change_greets_again_and_goes_on_counting(house, receiver):
    key = subscribed(house.ehr, receiver)
    house.visit(house.ada)
    run()

    now = house.ehr.get(f"Subscription/{key}")
    changed = {**now.json, "reason": "Another reason"}
    assert (
        house.ehr.put(f"Subscription/{key}", changed, if_match=now.headers["ETag"]).json["status"] == "active"
    )
    assert house.ehr.put(f"Subscription/{key}", changed, if_match=now.headers["ETag"]).status == 412
    moved = asked(receiver, id=key, channel={"endpoint": f"{receiver.url}/elsewhere"})
    assert house.ehr.put(f"Subscription/{key}", moved).json["status"] == "requested"
    run()
    house.visit(house.bo, hours=2)
    run()

    assert state_of(house.ehr, key) == "active"
    assert [each.path for each in receiver.got] == ["/told", "/told", "/told/elsewhere", "/told/elsewhere"]
    assert receiver.numbers == [1, 2]


def test_what_happens_while_it_is_greeted_again_is_told_after(house, receiver):
    key = subscribed(house.ehr, receiver)
    moved = asked(receiver, id=key, channel={"endpoint": f"{receiver.url}/elsewhere"})
    house.ehr.put(f"Subscription/{key}", moved)
    house.visit(house.ada)
    assert receiver.events == []
    run()

    assert [(each.kind, each.path) for each in receiver.got[1:]] == [
        ("handshake", "/told/elsewhere"), ("event-notification", "/told/elsewhere"),
    ]  # fmt: skip


def test_off_is_off_until_it_is_asked_for_again(house, receiver):
    key = subscribed(house.ehr, receiver)
    assert house.ehr.put(f"Subscription/{key}", asked(receiver, id=key, status="off")).json["status"] == "off"
    house.visit(house.ada)
    run()
    assert receiver.events == []

    house.ehr.put(f"Subscription/{key}", asked(receiver, id=key))
    run()
    house.visit(house.bo, hours=2)
    run()

    assert receiver.numbers == [1]


def test_deleted_is_gone_and_told_nothing(house, receiver):
    key = subscribed(house.ehr, receiver)
    house.visit(house.ada)

    assert house.ehr.delete(f"Subscription/{key}").status == 204
    run()

    assert receiver.events == []
    assert house.ehr.get(f"Subscription/{key}").status == 410
    assert house.ehr.delete(f"Subscription/{key}").status == 204
    assert house.ehr.get("Subscription").ids == []


def test_end_turns_it_off(house, receiver):
    key = subscribed(house.ehr, receiver, end=later(hours=1).isoformat())

    run(later(minutes=61))
    house.visit(house.ada)
    run(later(minutes=62))

    assert state_of(house.ehr, key) == "off"
    assert receiver.events == []


def test_client_has_so_many_and_no_more(house, receiver, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_OF_A_SYSTEM", 2)
    statuses = [house.ehr.post("Subscription", asked(receiver)).status for _ in range(3)]

    assert statuses == [201, 201, 422]
    assert other_client(house).post("Subscription", asked(receiver)).status == 201


def test_patch_and_conditional_create(house, receiver):
    key = subscribed(house.ehr, receiver)
    patch = [{"op": "replace", "path": "/reason", "value": "Patched"}]

    patched = house.ehr.send("PATCH", f"Subscription/{key}", patch, kind="application/json-patch+json")
    again = house.ehr.post("Subscription", asked(receiver), if_none_exist=f"url={receiver.url}")

    assert (patched.json["reason"], patched.json["status"]) == ("Patched", "active")
    assert (again.status, again.json["id"]) == (200, key)


def test_item_78_medicines_that_change_are_told(house, receiver):
    subscribed(house.ehr, receiver, "medication-changed")
    filed = medications.file_statement(
        actor=system("feed"), person_id=house.ada, now=clock.now(),
        said=medications.IncomingStatement(
            source=medications.Source.EHR_A, system="city", external_id="M-1", drug_text="Lisinopril 10 MG",
            status_word="active", said_at=clock.now() - timedelta(minutes=1),
        ),
    )  # fmt: skip
    run()

    assert [each.event["focus"].rpartition("/")[2] for each in receiver.events] == [str(filed.entity_id)]
