"""Checklist C: writing under a condition; races on real connections."""

from __future__ import annotations

from collections import Counter

import pytest
from every_type import body, condition
from fhir_house import House, bundle, observation, post, practitioner, together

NPI = "http://hl7.org/fhir/sid/us-npi"


def named(number: str, **more):
    return practitioner(identifier=[{"system": NPI, "value": number}], **more)


@pytest.mark.django_db
def test_item_20_create_unless_there_is_one(house):
    condition = f"identifier={NPI}|77"

    first = house.ehr.post("Practitioner", named("77"), if_none_exist=condition)
    again = house.ehr.post("Practitioner", named("77"), if_none_exist=condition)

    assert first.status == 201
    assert again.status == 200
    assert again.json["id"] == first.json["id"]
    assert again.headers["Location"] == first.headers["Location"]
    house.ehr.post("Practitioner", named("77"))
    assert house.ehr.post("Practitioner", named("77"), if_none_exist=condition).status == 412
    assert house.ehr.post("Practitioner", named("77"), if_none_exist="nonsense=1").status == 400


@pytest.mark.django_db
def test_item_20_patients_too(house):
    body = {
        "resourceType": "Patient", "name": [{"family": "Newcomer", "given": ["Ike"]}],
        "identifier": [{"system": "http://example.org/mrn", "value": "E-9"}],
    }  # fmt: skip
    condition = "identifier=http://example.org/mrn|E-9"

    first = house.ehr.post("Patient", body, if_none_exist=condition)
    again = house.ehr.post("Patient", body, if_none_exist=condition)

    assert (first.status, again.status) == (201, 200)
    assert first.json["id"] == again.json["id"]


@pytest.mark.django_db
def test_item_22_conditional_update(house):
    path = f"Practitioner?identifier={NPI}|78"

    made = house.ehr.put(path, named("78"))
    changed = house.ehr.put(path, named("78", gender="female"))

    assert (made.status, changed.status) == (201, 200)
    assert changed.json["id"] == made.json["id"]
    assert changed.version == "2"
    house.ehr.post("Practitioner", named("78"))
    assert house.ehr.put(path, named("78")).status == 412
    assert house.ehr.put("Practitioner", named("78")).status == 400


@pytest.mark.django_db
def test_item_23_conditional_delete(house):
    path = f"Practitioner?identifier={NPI}|79"

    assert house.ehr.delete(path).status == 204
    key = house.ehr.post("Practitioner", named("79")).json["id"]
    assert house.ehr.delete(path).status == 204
    assert house.ehr.get(f"Practitioner/{key}").status == 410
    for _ in range(2):
        house.ehr.post("Practitioner", named("79"))
    assert house.ehr.delete(path).status == 412


@pytest.mark.django_db
def test_item_24_conditional_patch(house):
    path = f"Practitioner?identifier={NPI}|80"
    kind, step = "application/json-patch+json", [{"op": "add", "path": "/gender", "value": "female"}]

    assert house.ehr.send("PATCH", path, step, kind=kind).status == 404
    house.ehr.post("Practitioner", named("80"))
    assert house.ehr.send("PATCH", path, step, kind=kind).json["gender"] == "female"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["Practitioner", "Patient", "Observation", "MedicationStatement"])
def test_item_21_fifty_at_once_make_one(kind):
    """A document, and what each kind of app keeps."""
    house = House()
    said, where = body(house, kind, "81"), condition(house, kind, "81")

    answers = together(house, [lambda api: api.post(kind, said, if_none_exist=where)] * 50)

    assert Counter(each.status for each in answers) == {201: 1, 200: 49}
    assert len({each.json["id"] for each in answers}) == 1
    assert len(house.ehr.get(f"{kind}?{where}").ids) == 1


@pytest.mark.django_db(transaction=True)
def test_item_22_updates_at_once_make_one():
    house = House()
    path = f"Practitioner?identifier={NPI}|82"

    answers = together(house, [lambda api: api.put(path, named("82"))] * 12)

    assert Counter(each.status for each in answers) == {201: 1, 200: 11}
    assert len({each.json["id"] for each in answers}) == 1


@pytest.mark.django_db(transaction=True)
def test_item_25_transactions_at_once_make_one():
    house = House()
    said = bundle(post(named("83"), ifNoneExist=f"identifier={NPI}|83"))

    answers = together(house, [lambda api: api.post("", said)] * 12)

    statuses = Counter(each.entries[0]["response"]["status"] for each in answers)
    assert statuses == {"201": 1, "200": 11}


@pytest.mark.django_db(transaction=True)
def test_item_14_of_writers_who_saw_the_same_version_one_wins():
    house = House()
    first = house.ehr.post("Practitioner", named("84")).json
    path = f"Practitioner/{first['id']}"

    answers = together(
        house,
        [lambda api, n=n: api.put(path, {**first, "language": f"x{n}"}, if_match='W/"1"') for n in range(8)],
    )

    assert Counter(each.status for each in answers) == {200: 1, 412: 7}


@pytest.mark.django_db(transaction=True)
def test_item_14_holds_for_results_of_labs():
    house = House()
    first = house.ehr.post("Observation", observation(house.ada, "4.1")).json
    path = f"Observation/{first['id']}"

    def correct(api, n):
        body = {**observation(house.ada, f"5.{n}"), "id": first["id"], "status": "corrected"}
        return api.put(path, body, if_match='W/"1"')

    answers = together(house, [lambda api, n=n: correct(api, n) for n in range(6)])

    assert Counter(each.status for each in answers) == {200: 1, 412: 5}
