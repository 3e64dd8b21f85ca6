"""Bulk export (items 72 to 76): asked for, written on its own queue, read by who asked and nobody else."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import validating
from both_patients import stay
from fhir_house import observation
from fhir_medicines import drug, form, item, response, step
from steps import run_promised

from fhir_facade.bulk import exporting
from fhir_facade.bulk.models import Export, ExportFile
from fhir_facade.smart import tokens
from fhir_facade.smart.models import Client as FhirClient
from scheduling import service as scheduling
from steadwell import clock
from steadwell.actor import system
from steadwell.outbox.deliveries import deliver
from steadwell.outbox.models import OutboxDelivery

pytestmark = pytest.mark.django_db
ASYNC = {"prefer": "respond-async"}


def other(house, scope="system/*.rs"):
    tokens.register_client(
        actor=system("test"), client_id="other", name="Other", per_minute=100_000, now=clock.now()
    )
    token, _ = tokens.issue(actor=system("test"), client_id="other", scope=scope, now=clock.now())
    return type(house.ehr)(token)


def asked(api, path="$export", params=None):
    answer = api.get(path, params, **ASYNC)
    assert answer.status == 202, answer.text
    return answer.headers["Content-Location"].partition("/fhir/")[2]


def download(api, path, encoding="identity"):
    sent = {"authorization": f"Bearer {api.token}", "accept-encoding": encoding}
    return api._client.get(f"/fhir/{path}", headers=sent)


def lines(api, manifest):
    """Every resource of every file, by type."""
    found = {}
    for each in manifest["output"]:
        answer = download(api, each["url"].partition("/fhir/")[2])
        assert answer.headers["Content-Type"] == "application/fhir+ndjson"
        written = answer.content.decode().splitlines()
        assert [validating.verdict(row) for row in written] == [""] * each["count"]
        rows = [json.loads(row) for row in written]
        assert {row["resourceType"] for row in rows} == {each["type"]}
        found.setdefault(each["type"], []).extend(rows)
    return found


def exported(house, api=None, path="$export", params=None):
    api = api or house.ehr
    place = asked(api, path, params)
    run_promised()
    answer = api.get(place)
    assert answer.status == 200, answer.text
    return lines(api, answer.json)


def test_item_72_export_is_asked_for_and_answered_later(house):
    assert type(house.ehr)("").get("$export", **ASYNC).status == 401
    assert house.ehr.get("$export").status == 400

    group = house.ehr.post("Group", {"resourceType": "Group", "type": "person", "actual": True}).json["id"]
    for path in ("$export", "Patient/$export", f"Group/{group}/$export"):
        answer = house.ehr.get(path, accept="application/fhir+json", **ASYNC)

        assert answer.status == 202, path
        assert answer.headers["Content-Location"].startswith("http://testserver/fhir/bulk/")
        waiting = house.ehr.follow(answer.headers["Content-Location"])
        assert waiting.status == 202
        assert int(waiting.headers["Retry-After"]) > 0
        assert "types" in waiting.headers["X-Progress"]
        assert house.ehr.get(path).status == 400, path
        assert type(house.ehr)("").get(path, **ASYNC).status == 401, path


def test_item_73_manifest_and_end(house):
    place = asked(house.ehr)
    run_promised()

    done = house.ehr.get(place)

    assert done.status == 200
    assert done.headers["Content-Type"] == "application/json"
    assert parsedate_to_datetime(done.headers["Expires"]) > clock.now()
    assert {"transactionTime", "request", "requiresAccessToken", "output", "error"} <= done.json.keys()
    assert all(each["url"].startswith("http") for each in done.json["output"])
    assert house.ehr.delete(place).status == 202
    gone = house.ehr.get(place)
    assert (gone.status, gone.json["resourceType"]) == (404, "OperationOutcome")
    assert not ExportFile.objects.exists()


def test_item_74_everybody_is_in_it_and_each_line_is_a_resource(house):
    found = exported(house)

    assert {str(house.ada), str(house.bo)} <= {each["id"] for each in found["Patient"]}


def test_item_74_group_holds_its_members_only(house):
    for person in (house.ada, house.bo):
        assert house.ehr.post("Observation", observation(person, "5.10")).status == 201
    member = {"entity": {"reference": f"Patient/{house.ada}"}}
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": [member]}
    key = house.ehr.post("Group", group).json["id"]

    found = exported(house, path=f"Group/{key}/$export")

    assert {each["id"] for each in found["Patient"]} == {str(house.ada)}
    assert str(house.bo) not in json.dumps(found)
    assert found["Observation"]


@pytest.mark.parametrize("spelling", ["application/fhir+ndjson", "application/ndjson", "ndjson"])
def test_item_74_formats_and_types(house, spelling):
    found = exported(house, params={"_outputFormat": spelling, "_type": "Patient"})

    assert set(found) == {"Patient"}
    assert house.ehr.get("$export", {"_outputFormat": "csv"}, **ASYNC).status == 400
    assert house.ehr.get("$export", {"_type": "Nonsense"}, **ASYNC).status == 400


def test_item_74_since_leaves_out_what_was_known(house):
    later = (clock.now() + timedelta(minutes=1)).isoformat()

    assert exported(house, params={"_since": later, "_type": "Patient"}) == {}


def test_item_75_filters_and_elements(house):
    params = {"_type": "Patient", "_typeFilter": "Patient?family=Canaryada", "_elements": "id,gender"}

    found = exported(house, params=params)["Patient"]

    assert [each["id"] for each in found] == [str(house.ada)]
    assert "birthDate" not in found[0]


def test_item_75_a_filter_has_values_with_commas(house):
    house.lab_report(house.ada, ("2823-3", "4.1"), ("2951-2", "140"), ("2160-0", "1.1"))
    wanted = "Observation?code=2823-3,2951-2,Patient?family=Canaryada"

    found = exported(house, params={"_type": "Observation,Patient", "_typeFilter": wanted})

    assert (len(found["Observation"]), len(found["Patient"])) == (2, 1)
    for wrong in ("Observation?date=yesterday", "Observation?nonsense=1", "Observation", "Nothing?x=1"):
        assert house.ehr.get("$export", {"_typeFilter": wrong}, **ASYNC).status == 400, wrong


def test_item_72_what_a_body_says_is_what_is_exported(house):
    house.lab_report(house.ada)
    said = [{"name": "_type", "valueString": each} for each in ("Patient", "DiagnosticReport")]
    body = {"resourceType": "Parameters", "parameter": said}

    answer = house.ehr.post("$export", body, **ASYNC)
    run_promised()
    manifest = house.ehr.follow(answer.headers["Content-Location"]).json

    assert {each["type"] for each in manifest["output"]} == {"Patient", "DiagnosticReport"}
    one = {"name": "patient", "valueReference": {"reference": f"Patient/{house.ada}"}}
    assert house.ehr.post("Patient/$export", {**body, "parameter": [one]}, **ASYNC).status == 400


def test_files_are_for_the_client_that_asked(house):
    place = asked(house.ehr, params={"_type": "Patient"})
    run_promised()
    file = house.ehr.get(place).json["output"][0]["url"].partition("/fhir/")[2]
    stranger = other(house)

    assert stranger.get(place).status == 404
    assert stranger.get(file).status == 404
    assert stranger.delete(place).status == 404
    assert type(house.ehr)("").get(file).status == 401


def test_client_that_was_switched_off_gets_nothing_more(house):
    place = asked(house.ehr, params={"_type": "Patient"})
    FhirClient.objects.filter(client_id="ehr").update(active=False)

    run_promised()

    assert Export.objects.get().state == "failed"
    assert house.ehr.get(place).status == 401


def test_patients_token_exports_that_patient_only(house):
    found = exported(house, house.api("patient/*.rs", person_id=house.ada), path="Patient/$export")

    assert str(house.bo) not in json.dumps(found)
    assert {each["id"] for each in found["Patient"]} == {str(house.ada)}


def test_rows_go_into_files_step_by_step_none_twice(house, monkeypatch):
    monkeypatch.setattr(exporting, "STEP_ROWS", 2)
    people = {str(house.person(f"Family{n}", "Given", f"N-{n}")) for n in range(5)}

    found = exported(house, params={"_type": "Patient"})["Patient"]

    ids = [each["id"] for each in found]
    assert people <= set(ids)
    assert len(ids) == len(set(ids))
    assert ExportFile.objects.count() > 2


def test_file_travels_compressed(house):
    place = asked(house.ehr, params={"_type": "Patient"})
    run_promised()
    file = house.ehr.get(place).json["output"][0]["url"].partition("/fhir/")[2]

    answer = download(house.ehr, file, "gzip")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content).splitlines()[0])["resourceType"] == "Patient"


def test_item_75_it_has_a_queue_of_its_own_and_may_run_twice(house):
    place = asked(house.ehr, params={"_type": "Patient"})

    queues = set(OutboxDelivery.objects.filter(state="waiting").values_list("queue", flat=True))
    run_promised()
    first = house.ehr.get(place).json
    delivery = OutboxDelivery.objects.filter(queue="fhir.export").latest("pk")
    OutboxDelivery.objects.filter(pk=delivery.pk).update(state="handed", attempts=0)
    deliver(delivery_id=delivery.pk, now=clock.now())

    assert "fhir.export" in queues
    again = house.ehr.get(place).json
    assert again["output"] == first["output"]
    assert len(lines(house.ehr, again)["Patient"]) == 2


def test_so_many_at_once(house):
    answers = [house.ehr.get("$export", **ASYNC).status for _ in range(5)]

    assert answers == [202, 202, 202, 202, 429]


def test_item_75_what_has_run_out_is_forgotten(house):
    asked(house.ehr)
    run_promised()
    later = clock.now() + timedelta(hours=25)

    exporting.forget(None, type("Context", (), {"now": later})())

    assert not Export.objects.exists()


def test_item_74_medicines_allergies_encounters_and_forms_are_exported(shelf):
    shelf.open_clinic()
    step(shelf.visit(shelf.ada), scheduling.arrive)
    shelf.ehr.post("Encounter", stay(shelf.ada))
    place = f"Questionnaire/{shelf.ehr.post('Questionnaire', form()).json['id']}"
    shelf.ehr.post("QuestionnaireResponse", response(shelf.ada, place, item("pain", {"valueBoolean": False})))
    shelf.ehr.post("Medication", {"resourceType": "Medication", "code": drug()})

    everything = exported(shelf)
    of_patients = exported(shelf, path="Patient/$export")
    stopped = exported(shelf, params={
        "_type": "MedicationRequest", "_typeFilter": "MedicationRequest?status=on-hold",
    })  # fmt: skip

    wanted = {
        "MedicationRequest": 4, "MedicationStatement": 1, "AllergyIntolerance": 2, "Encounter": 2,
        "QuestionnaireResponse": 1,
    }  # fmt: skip
    counts = {kind: len(rows) for kind, rows in everything.items()}
    assert {kind: counts.get(kind) for kind in wanted} == wanted
    assert (counts["Medication"], counts["Questionnaire"]) == (1, 1)
    assert {kind: len(of_patients[kind]) for kind in wanted} == wanted
    assert [each["id"] for each in stopped["MedicationRequest"]] == [shelf.keys["order"]]
    assert len(exported(shelf, shelf.of(shelf.ada), "Patient/$export")["MedicationRequest"]) == 3
