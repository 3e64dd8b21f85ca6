"""How searches of everybody's find their page: by an index, from where the fewest rows are looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fhir_house import Api, House
from fhir_medicines import clinician, fed

PAGE = 50
# What other clinics said: rows like one that there is, each of a patient of its own.
_OTHERS = """
INSERT INTO medications_statement SELECT (jsonb_populate_record(s, jsonb_build_object(
  'id', uuid_generate.id, 'person_id', gen_random_uuid(), 'external_id', 'other-' || n,
  'site_id', CASE WHEN n %% %(every)s = 0 THEN %(site)s END))).*
FROM medications_statement s, generate_series(1, 6000) n,
  LATERAL (SELECT ('f' || substr(md5(n::text), 2))::uuid AS id) uuid_generate
WHERE s.id = %(like)s
"""


def filled(house: House, owner: Any, *, every: int) -> Api:
    """6,000 statements, newer than those of the clinic's patients; each ``every``-th belongs to its site."""
    house.open_clinic()
    own = [fed(house, person_id, site_id=house.site) for person_id in (house.ada, house.bo)]
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, {"like": own[0].entity_id, "site": str(house.site), "every": every})
    owner.execute("ANALYZE medications_statement")
    return clinician(house, house.site)


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(each for inner in plan.get("Plans", ()) for each in nodes(inner))]


def looked_at(api: Api, kind: str) -> tuple[int, list[str]]:
    """How many statements the search looked at for its page, and by which indexes it came to them."""
    with CaptureQueriesContext(connection) as captured:
        page = api.get(kind, {"_count": str(PAGE)})
    assert page.status == 200
    (finding,) = (
        e["sql"] for e in captured if "medications_statement s" in e["sql"] and "LIMIT 51" in e["sql"]
    )
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + finding)
        plan = cursor.fetchone()[0][0]["Plan"]
    of_statements = [
        each
        for each in nodes(plan)
        if each.get("Relation Name") == "medications_statement" and each["Alias"].startswith("s")
    ]
    indexes = [each["Index Name"] for each in nodes(plan) if "Index Name" in each]
    scans = [*indexes, *(each["Node Type"] for each in of_statements)]
    rows = sum(each["Actual Rows"] + each.get("Rows Removed by Filter", 0) for each in of_statements)
    return int(rows), scans


@pytest.mark.django_db(transaction=True)
def test_a_clinician_of_few_patients_does_not_look_through_everybodys_medicines(owner_connection):
    house = House()
    doctor = filled(house, owner_connection, every=10_000)

    rows, indexes = looked_at(doctor, "MedicationRequest")

    assert "medications_statement_person" in indexes
    assert "Seq Scan" not in indexes
    assert rows == 2
    assert len(doctor.get("MedicationRequest").ids) == 2


@pytest.mark.django_db(transaction=True)
def test_a_clinician_of_many_patients_stops_at_the_page(owner_connection):
    """Of the newest rows every second one is seen: the walk from the newest ends after a page of them."""
    house = House()
    doctor = filled(house, owner_connection, every=2)

    rows, indexes = looked_at(doctor, "MedicationRequest")

    assert "medications_statement_pkey" in indexes
    assert "Seq Scan" not in indexes
    assert rows < 4 * PAGE
