"""Medicines and allergies over the API: what is written reaches the list, and the list's words are served."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from fhir_house import bundle, post
from fhir_medicines import (
    LISINOPRIL,
    MAKERS,
    MRN,
    RXCUI,
    RXNORM,
    allergy,
    another_system,
    clinician,
    drug,
    fed,
    fed_allergy,
    identified,
    lines,
    request,
    statement,
)

from fhir_facade.server.elements import absent
from medications import service as medications

pytestmark = pytest.mark.django_db
KINDS = sorted(MAKERS)
PATCH = "application/json-patch+json"


def made(api, body):
    answer = api.post(body["resourceType"], body)
    assert answer.status == 201, answer.text
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_item_09_create_and_read(house, kind):
    answer = made(house.ehr, {**MAKERS[kind](house.ada), "id": "mine"})

    key = answer.json["id"]
    assert key != "mine"
    assert answer.headers["Location"] == f"http://testserver/fhir/{kind}/{key}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    read = house.ehr.get(f"{kind}/{key}")
    assert read.json == answer.json
    nobody = {"requester": absent()} if kind == "MedicationRequest" else {}  # what has to be there (item 84)
    assert {k: v for k, v in read.json.items() if k not in {"id", "meta"}} == {
        **MAKERS[kind](house.ada), **nobody,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_item_12_and_13_versions(house, kind):
    first = made(house.ehr, MAKERS[kind](house.ada))
    path = f"{kind}/{first.json['id']}"
    second = house.ehr.put(path, {**first.json, "language": "en"}, if_match=first.headers["ETag"])

    assert (second.status, second.version) == (200, "2"), second.text
    assert house.ehr.get(f"{path}/_history/1").json == first.json
    assert house.ehr.get(f"{path}/_history/2").json == second.json
    assert house.ehr.get(f"{path}/_history/7").status == 404
    history = house.ehr.get(f"{path}/_history")
    assert [e["response"]["etag"] for e in history.entries] == ['W/"2"', 'W/"1"']
    assert [e["request"]["method"] for e in history.entries] == ["PUT", "POST"]
    assert len(house.ehr.get(f"{kind}/_history").entries) == 2


def test_item_13_versions_of_a_feed_are_what_counted_then(house):
    """A word that comes late is a version, and does not become what counts."""
    filed = fed(house, house.ada, external_id="late", dosage_text="take 1 tablet daily")
    fed(house, house.ada, external_id="late", dosage_text="take 2 tablets daily", said_at=house.now)
    fed(house, house.ada, external_id="late", dosage_text="take 9 tablets daily",
        said_at=house.now - timedelta(hours=9))  # fmt: skip
    path = f"MedicationRequest/{filed.entity_id}"

    history = house.ehr.get(f"{path}/_history")

    told = [e["resource"]["dosageInstruction"][0]["text"] for e in history.entries]
    assert told == ["take 2 tablets daily", "take 2 tablets daily", "take 1 tablet daily"]
    assert [e["resource"]["meta"]["versionId"] for e in history.entries] == ["3", "2", "1"]
    assert house.ehr.get(path).version == "3"
    assert house.ehr.get(f"{path}/_history/1").json["dosageInstruction"][0]["text"] == "take 1 tablet daily"


@pytest.mark.parametrize("kind", KINDS)
def test_item_14_and_15_versions_hold(house, kind):
    first = made(house.ehr, MAKERS[kind](house.ada))
    path = f"{kind}/{first.json['id']}"

    again = house.ehr.put(path, first.json, if_match='W/"1"')
    assert (again.status, again.version) == (200, "1")
    assert house.ehr.put(path, {**first.json, "language": "en"}, if_match='W/"1"').status == 200
    stale = house.ehr.put(path, {**first.json, "language": "de"}, if_match='W/"1"')
    assert stale.status == 412
    assert house.ehr.put(path, {**first.json, "id": "other"}).status == 400
    assert house.ehr.delete(path).status == 405


def test_item_16_patch_reaches_the_list(house):
    first = made(house.ehr, statement(house.ada))
    path = f"MedicationStatement/{first.json['id']}"

    stopped = house.ehr.send(
        "PATCH", path, [{"op": "replace", "path": "/status", "value": "stopped"}], kind=PATCH,
        if_match='W/"1"',
    )  # fmt: skip

    assert (stopped.status, stopped.json["status"]) == (200, "stopped"), stopped.text
    assert [line.status for line in lines(house.ada)] == [medications.Status.STOPPED]


@pytest.mark.parametrize("digits", ["1.00", "7.10", "0.50", "0.000000001", "123456789.123456789012", "42"])
@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
def test_item_19_doses_keep_their_digits(house, kind, digits):
    key = made(house.ehr, MAKERS[kind](house.ada, digits)).json["id"]

    for answer in (
        house.ehr.get(f"{kind}/{key}"),
        house.ehr.get(kind, {"patient": str(house.ada)}),
        house.ehr.get(f"{kind}/{key}/_history"),
    ):
        assert f'"value":{digits},' in answer.text
    (line,) = lines(house.ada)
    assert line.dosage_text == f"{digits} tablet twice a day"
    read = line.evidence[0].statement.dosage.amount_low
    # What is longer than any dose stays in the words, and is no number there.
    assert read == (Decimal(digits) if len(digits) <= 20 else None)
    assert read is None or f"{read:f}" == digits


def test_item_19_doses_of_a_feed_keep_theirs(house):
    fed(house, house.ada, dosage_text="take 1.50 tablets twice daily", quantity_text="30.0 tablets")

    found = house.ehr.get("MedicationRequest", {"patient": str(house.ada)})

    assert '"value":1.50,' in found.text
    assert '"value":30.0,' in found.text
    (instruction,) = found.matches[0]["dosageInstruction"]
    assert instruction["timing"]["repeat"] == {"frequency": 2, "period": 1, "periodUnit": "d"}


@pytest.mark.parametrize("kind", KINDS)
def test_item_20_create_unless_there_is_one(house, kind):
    body, condition = MAKERS[kind](house.ada, identifier=identified("R1")), f"identifier={MRN}|R1"

    first = house.ehr.post(kind, body, if_none_exist=condition)
    again = house.ehr.post(kind, {**body, "language": "en"}, if_none_exist=condition)

    assert (first.status, again.status) == (201, 200), again.text
    assert again.json == first.json
    assert house.ehr.get(kind, {"identifier": f"{MRN}|R1"}).ids == [first.json["id"]]


@pytest.mark.parametrize("kind", KINDS)
def test_item_92_a_source_that_repeats_itself_says_one_thing(house, kind):
    body = MAKERS[kind](house.ada, identifier=identified("R2"))
    first = made(house.ehr, body)

    again = house.ehr.post(kind, body)
    other = house.ehr.post(kind, {**body, "language": "en"})

    assert (again.status, again.json["id"], again.version) == (200, first.json["id"], "1")
    assert other.status == 409
    assert another_system(house).post(kind, body).status == 201  # another source's number is another's


@pytest.mark.parametrize("kind", KINDS)
def test_item_22_conditional_update(house, kind):
    path, body = f"{kind}?identifier={MRN}|R3", MAKERS[kind](house.ada, identifier=identified("R3"))

    first = house.ehr.put(path, body)
    second = house.ehr.put(path, {**body, "language": "en"})

    assert (first.status, second.status) == (201, 200), second.text
    assert (second.json["id"], second.version) == (first.json["id"], "2")


def test_item_47_a_transaction_keeps_all_or_nothing(house):
    medication = {"resourceType": "Medication", "code": drug()}
    ordered = request(house.ada)
    del ordered["medicationCodeableConcept"]
    ordered["medicationReference"] = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}

    kept = house.ehr.post("", bundle(
        post(medication, "urn:uuid:00000000-0000-4000-8000-000000000001"), post(ordered),
        post(statement(house.ada)), post(allergy(house.ada)),
    ))  # fmt: skip
    refused = house.ehr.post("", bundle(post(statement(house.bo)), post(request(house.bo, intent="plan"))))

    assert [e["response"]["status"] for e in kept.entries] == ["201"] * 4, kept.text
    key = kept.entries[0]["resource"]["id"]
    assert kept.entries[1]["resource"]["medicationReference"] == {"reference": f"Medication/{key}"}
    assert len(lines(house.ada)) == 1  # both say the same drug
    assert refused.status == 422
    assert refused.issue["expression"] == ["Bundle.entry[1].MedicationRequest.intent"]
    assert lines(house.bo) == ()


def test_each_source_stands_by_its_own_words(house):
    far = another_system(house)
    mine = made(house.ehr, statement(house.ada)).json
    theirs = made(far, statement(house.ada)).json

    refused = far.put(f"MedicationStatement/{mine['id']}", {**mine, "status": "stopped"})

    assert refused.status == 409
    sources = {e.statement.source for line in lines(house.ada) for e in line.evidence}
    assert sources == {medications.Source.EHR_A, medications.Source.EHR_B}
    assert {e["meta"]["source"] for e in house.ehr.get("MedicationStatement").matches} == {
        "urn:steadwell:client:ehr", "urn:steadwell:client:far",
    }  # fmt: skip
    assert far.get(f"MedicationStatement/{theirs['id']}").status == 200
    moved = {**mine, "subject": {"reference": f"Patient/{house.bo}"}}
    assert house.ehr.put(f"MedicationStatement/{mine['id']}", moved).status == 422


def test_item_88_codes_stand_beside_the_words(house):
    fed(house, house.ada, "Lisinopril 10mg tab")

    (shown,) = house.ehr.get("MedicationRequest", {"patient": str(house.ada)}).matches

    concept = shown["medicationCodeableConcept"]
    assert concept["text"] == "Lisinopril 10mg tab"
    assert concept["coding"] == [{"system": RXNORM, "code": RXCUI, "display": LISINOPRIL}]
    assert house.ehr.get("MedicationRequest", {"code": f"{RXNORM}|{RXCUI}"}).ids == [shown["id"]]
    amount = shown["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert (amount["system"], amount["code"]) == ("http://unitsofmeasure.org", "{tablet}")


def test_item_86_must_support_is_there(house):
    house.open_clinic()
    house.visit(house.ada)
    doctor = clinician(house, house.site)
    doctor.post("MedicationRequest", request(house.ada, dispenseRequest={
        "numberOfRepeatsAllowed": 3, "quantity": {"value": 30, "unit": "tablets"},
    }, reasonCode=[{"text": "High blood pressure"}]))  # fmt: skip
    filed = fed(house, house.bo, reason_text="High blood pressure", prescriber_name="Dr Far",
                quantity_text="30 tablets", refills_left=2)  # fmt: skip
    fed_allergy(house, house.bo)

    order = house.ehr.get(f"MedicationRequest/{filed.entity_id}").json
    reaction = house.ehr.get("AllergyIntolerance", {"patient": str(house.bo)}).matches[0]

    for name in ("status", "intent", "reportedBoolean", "medicationCodeableConcept", "subject", "authoredOn",
                 "requester", "reasonCode", "dosageInstruction", "dispenseRequest"):  # fmt: skip
        assert name in order, name
    assert order["dispenseRequest"]["numberOfRepeatsAllowed"] == 2
    assert order["meta"]["source"] == "urn:steadwell:source:north-emr"
    assert order["identifier"][0]["value"].startswith("N")
    for name in ("clinicalStatus", "verificationStatus", "code", "patient", "reaction"):
        assert name in reaction, name
    assert house.ehr.get(order["subject"]["reference"]).status == 200


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"intent": "proposal"}, "MedicationRequest.intent"),
        ({"medicationCodeableConcept": {"coding": [{"system": "http://x"}]}},
         "MedicationRequest.medicationCodeableConcept"),
        ({"dosageInstruction": [{"text": "x" * 501}]}, "MedicationRequest.dosageInstruction"),
        ({"dispenseRequest": {"numberOfRepeatsAllowed": 100}},
         "MedicationRequest.dispenseRequest.numberOfRepeatsAllowed"),
    ],
)  # fmt: skip
def test_what_the_list_cannot_hold_is_refused_with_its_place(house, change, at):
    refused = house.ehr.post("MedicationRequest", request(house.ada, **change))

    assert (refused.status, refused.issue["expression"]) == (422, [at]), refused.text
    assert lines(house.ada) == ()
