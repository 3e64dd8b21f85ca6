"""Items 91 and 92: what is too much is told with a time, is counted per client, and is forgotten again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from every_type import slot
from fhir_house import OPERATOR, Api, House, practitioner

from fhir_facade import tidying
from fhir_facade.server.models import ConditionClaim
from fhir_facade.smart import tokens
from fhir_facade.smart.models import ClientWindow
from steadwell import clock


def client(client_id: str, per_minute: int) -> Api:
    tokens.register_client(
        actor=OPERATOR, client_id=client_id, name=client_id, per_minute=per_minute, now=clock.now()
    )
    token, _ = tokens.issue(actor=OPERATOR, client_id=client_id, scope="system/*.rs", now=clock.now())
    return Api(token, judged=False)


@pytest.mark.django_db
def test_item_91_a_flood_is_answered_without_touching_data(house, django_assert_num_queries, time_machine):
    time_machine.move_to(clock.now(), tick=False)  # all within one minute
    flood = client("flood", 2)
    assert [flood.get("Patient").status for _ in range(2)] == [200, 200]

    with django_assert_num_queries(1) as counted:  # whose token it is, and how much it has asked
        refused = flood.get("Patient", {"_include": "*", "_count": "500"})

    assert refused.status == 429
    assert not any("identity_" in each["sql"] for each in counted.captured_queries)
    assert ClientWindow.objects.get(client_id="flood").used == 3


@pytest.mark.django_db
def test_item_91_the_minute_ends_when_it_was_said(house, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    flood = client("flood", 1)
    flood.get("Patient")
    wait = int(flood.get("Patient").headers["Retry-After"])

    time_machine.shift(timedelta(seconds=wait))

    assert flood.get("Patient").status == 200


@pytest.mark.django_db(transaction=True)
def test_item_91_one_clients_flood_leaves_anothers_requests_alone(transactional_db, time_machine):
    """Both at once: the flood is cut at its limit, the other one is answered each time, with as many
    statements as without the flood.
    """
    time_machine.move_to(clock.now(), tick=False)  # all within one minute
    house = House()
    flood, quiet = client("flood", 20), client("quiet", 1_000)
    alone = statements(quiet, house)
    begin, statuses = threading.Barrier(4, timeout=120), []

    def press() -> None:
        try:
            begin.wait()
            statuses.extend(flood.get("Patient").status for _ in range(40))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, name="flood") for _ in range(3)]
    for thread in threads:
        thread.start()
    begin.wait()
    beside = [statements(quiet, house) for _ in range(20)]
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()

    assert (statuses.count(200), statuses.count(429)) == (20, 100)
    assert set(beside) == {alone}
    used = dict(ClientWindow.objects.values_list("client_id", "used"))
    assert used == {"flood": 120, "quiet": 21}


def statements(api: Api, house: House) -> int:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert api.get(f"Patient/{house.ada}").status == 200
    return len(captured)


@pytest.mark.django_db
def test_item_92_a_retry_under_a_condition_makes_nothing_twice(house):
    body = practitioner()
    number = body["identifier"][0]
    condition = f"identifier={number['system']}|{number['value']}"

    answers = [house.ehr.post("Practitioner", body, if_none_exist=condition) for _ in range(3)]

    assert [each.status for each in answers] == [201, 200, 200]
    assert len({each.json["id"] for each in answers}) == 1


@pytest.mark.django_db
def test_item_92_a_condition_in_the_address_holds_as_well(house):
    body = practitioner()
    where = f"Practitioner?identifier={body['identifier'][0]['value']}&_format=json"

    answers = [house.ehr.post(where, body) for _ in range(2)]

    assert [each.status for each in answers] == [201, 200]
    assert house.ehr.post("Practitioner?nonsense=1", body).status == 400


@pytest.mark.django_db
def test_item_92_a_booking_that_is_sent_again_is_the_same_booking(house):
    house.open_clinic()
    free = slot(house)
    visit = {
        "resourceType": "Appointment", "status": "booked", "slot": [{"reference": f"Slot/{free['id']}"}],
        "start": free["start"], "end": free["end"],
        "participant": [{"actor": {"reference": f"Patient/{house.ada}"}, "status": "accepted"}],
    }  # fmt: skip

    first, again = (house.ehr.post("Appointment", visit, x_request_id="retry-1") for _ in range(2))

    assert first.status == 201
    assert again.json["id"] == first.json["id"]
    assert len(house.ehr.get("Appointment", {"patient": str(house.ada)}).ids) == 1


@pytest.mark.django_db
def test_searches_have_their_limits_and_say_so(house):
    """Values, parameters and chains, with words."""
    several = {
        "values": {"_id": ",".join(str(number) for number in range(101))},
        "parameters": [("code", "x")] * 31,
        "chain": {"patient.link.link.link.link.name": "x"},
    }

    for asked in several.values():
        refused = house.ehr.get("Observation", asked)
        assert refused.status == 400
        assert len(refused.issue["diagnostics"]) > 20
    assert house.ehr.get("Observation", [("code", "x")] * 30).status == 200


@pytest.mark.django_db
def test_what_was_counted_and_claimed_is_forgotten(house, monkeypatch):
    monkeypatch.setattr(tidying, "BATCH", 2)
    now = clock.now()
    for hours in (2, 3, 4, 5, 6, 0):
        ConditionClaim.objects.create(
            type="Patient", digest=bytes([hours]), taken_at=now - timedelta(hours=hours)
        )
        ClientWindow.objects.create(client_id=f"c{hours}", started_at=now - timedelta(hours=hours), used=1)

    tidying.tidy(None, type("Context", (), {"now": now})())

    assert [bytes(each.digest) for each in ConditionClaim.objects.all()] == [b"\x00"]
    assert set(ClientWindow.objects.values_list("client_id", flat=True)) <= {"c0", "ehr"}
