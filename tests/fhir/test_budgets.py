"""How many statements a request costs, whatever it finds: what grows with the rows shows here first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from both_patients import consent
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fhir_house import Api, House, bundle, observation, post, vital

pytestmark = pytest.mark.django_db
LAB = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
# BEGIN, COMMIT and savepoints are not counted.
BUDGET = {
    "read": 3, "search": 4, "search with patients": 5, "everything": 28, "create": 10, "create a document": 5,
    "transaction of 20": 5, "transaction of 20 results": 10, "history": 8,
}  # fmt: skip


def counted(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return sum(not each["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for each in captured)


def requests(house: House, api: Api) -> dict[str, Callable[[], object]]:
    ada = str(house.ada)
    found = {"patient": ada, "category": LAB, "date": "ge2020"}
    twenty = bundle(*(post(vital(house.ada)) for _ in range(20)))
    results = bundle(*(post(observation(house.ada)) for _ in range(20)))
    key = api.post("Observation", vital(house.ada)).json["id"]
    return {
        "read": lambda: api.get(f"Patient/{ada}"),
        "search": lambda: api.get("Observation", found),
        "search with patients": lambda: api.get("Observation", {**found, "_include": "Observation:patient"}),
        "everything": lambda: api.get(f"Patient/{ada}/$everything"),
        "create": lambda: api.post("Observation", observation(house.ada)),
        "create a document": lambda: api.post("Observation", vital(house.ada)),
        "transaction of 20": lambda: api.post("", twenty),
        "transaction of 20 results": lambda: api.post("", results),
        "history": lambda: api.get(f"Observation/{key}/_history"),
    }


@pytest.fixture
def api(house: House) -> Api:
    return Api(house.ehr.token, judged=False)


def test_requests_cost_what_they_cost(house, api):
    for _ in range(3):
        house.lab_report(house.ada, ("2823-3", "4.1"), ("2951-2", "140"))
    asked = requests(house, api)
    for work in asked.values():
        work()  # what is looked up once a process

    assert {name: counted(work) for name, work in asked.items()} == BUDGET


def test_a_page_of_many_costs_what_a_page_of_one_costs(house, api):
    house.lab_report(house.ada)
    asked = requests(house, api)["search with patients"]
    asked()
    before = counted(asked)

    for number in range(30):
        house.lab_report(house.bo if number % 2 else house.ada)

    assert counted(asked) == before


def test_consents_of_others_cost_one_statement_at_most(house, api):
    """Of references that might be kept back; the condition itself stands in the statements that read."""
    house.lab_report(house.ada)
    asked = requests(house, api)
    before = {name: counted(asked[name]) for name in ("read", "search")}
    denial = {"type": "deny", "class": [{"code": "Communication"}]}
    assert house.ehr.post("Consent", consent(house.bo, denial)).status == 201

    after = {name: counted(asked[name]) for name in ("read", "search")}

    assert all(before[name] <= after[name] <= before[name] + 1 for name in before), (before, after)
