"""How searches of everybody's find their page, and exports their rows: by an index, from where the fewest are
looked at.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from fhir_house import Api, House
from fhir_medicines import clinician, fed

from fhir_facade.bulk import exporting
from fhir_facade.bulk.models import Export
from steadwell import clock
from steadwell.events import ExportStepDue
from steadwell.outbox.types import DeliveryContext

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


# Reports of one result each, like one that there is.
_REPORTS = """
INSERT INTO labs_report SELECT (jsonb_populate_record(r, jsonb_build_object(
  'id', md5('report' || n), 'identity', 'other-' || n))).* FROM labs_report r, generate_series(1, %(many)s) n;
INSERT INTO labs_result SELECT (jsonb_populate_record(r, jsonb_build_object(
  'id', md5('result' || n), 'report_id', md5('report' || n)))).*
FROM labs_result r, generate_series(1, %(many)s) n;
INSERT INTO labs_resultversion SELECT (jsonb_populate_record(w, jsonb_build_object(
  'id', w.id + n, 'entity_id', md5('result' || n), 'report_id', md5('report' || n)))).*
FROM labs_resultversion w, generate_series(1, %(many)s) n
"""
_READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = %s"


def words_read() -> int:
    """How many words of results this connection has read from their table so far."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, ["labs_resultversion"])
        return int(cursor.fetchone()[0])


def read_by_step(export: Export, number: int) -> int:
    """How many of them a step of an export reads."""
    due = ExportStepDue(export_id=export.pk, step=number)
    with transaction.atomic():
        before = words_read()
        exporting.step(due, DeliveryContext(delivery_id=0, attempt=1, now=clock.now()))
        return words_read() - before


@pytest.mark.django_db(transaction=True)
def test_a_step_of_an_export_reads_no_more_than_it_writes(owner_connection, monkeypatch):
    """Also the last one: it does not begin at the first row again."""
    house, many, rows = House(), 4000, 500
    house.lab_report(house.ada)
    with connection.cursor() as cursor:
        cursor.execute(_REPORTS, {"many": many})
    owner_connection.execute("ANALYZE labs_report, labs_result, labs_resultversion")
    monkeypatch.setattr(exporting, "STEP_ROWS", rows)
    house.ehr.get("$export", {"_type": "Observation"}, prefer="respond-async")
    export = Export.objects.get()

    read = [read_by_step(export, number) for number in range(many // rows)]

    export.refresh_from_db()
    assert export.rows == many
    assert max(read) < 1.1 * rows  # planning looks at the two ends of an index
