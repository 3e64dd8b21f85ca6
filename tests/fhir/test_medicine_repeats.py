"""Writers of medicines at once, on connections of their own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.test import Client
from fhir_house import Api, House, together
from fhir_medicines import MAKERS, MRN, identified, lines, statement

from fhir_facade.server import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_item_21_many_at_once_make_one(kind):
    """Under a condition, and under the source's own number alone."""
    house = House()
    body = MAKERS[kind](house.ada, identifier=identified("X1"))
    condition = f"identifier={MRN}|X1"

    answers = together(house, [
        *[lambda api: api.post(kind, body, if_none_exist=condition)] * 10,
        *[lambda api: api.post(kind, body)] * 10,
    ])  # fmt: skip

    assert Counter(each.status for each in answers) == {201: 1, 200: 19}
    assert len({each.json["id"] for each in answers}) == 1
    assert len(house.ehr.get(kind).ids) == 1


def test_item_14_of_many_who_saw_one_version_one_writes():
    house = House()
    first = house.ehr.post("MedicationStatement", statement(house.ada)).json
    path = f"MedicationStatement/{first['id']}"
    words = [{**first, "dosage": [{"text": f"{number} tablets daily"}]} for number in range(2, 10)]

    answers = together(
        house, [lambda api, said=said: api.put(path, said, if_match='W/"1"') for said in words]
    )

    assert Counter(each.status for each in answers) == {200: 1, 412: 7}
    kept = house.ehr.get(path)
    assert kept.version == "2"
    (line,) = lines(house.ada)
    assert line.dosage_text == kept.json["dosage"][0]["text"]


def sent(api: Api, said: dict[str, Any]) -> Any:
    """Not through ``Api.post``, which takes no answer of 500 or more."""
    headers = {"authorization": f"Bearer {api.token}"}
    return Client().post("/fhir/", wire.dump(said), content_type="application/fhir+json", headers=headers)


def test_transactions_that_cross_end_whole_or_not_at_all():
    """Half of them write Ada first, half Bo: who cannot have both in time is told to come again."""
    house = House()

    def both(first, second):
        entries = [
            {"resource": statement(each), "request": {"method": "POST", "url": "MedicationStatement"}}
            for each in (first, second)
        ]
        said = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        return lambda api: sent(api, said)

    answers = together(house, [both(house.ada, house.bo), both(house.bo, house.ada)] * 3)

    statuses = Counter(each.status_code for each in answers)
    assert set(statuses) <= {200, 503}
    assert statuses[200] >= 1
    assert all(each.headers["Retry-After"] for each in answers if each.status_code == 503)
    found = house.ehr.get("MedicationStatement").matches
    whose = Counter(each["subject"]["reference"] for each in found)
    assert set(whose.values()) == {statuses[200]}
