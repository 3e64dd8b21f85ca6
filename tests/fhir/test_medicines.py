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
    patient_user,
    request,
    statement,
)

from medications import service as medications
from steadwell import clock
from steadwell.actor import system

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
    assert {k: v for k, v in read.json.items() if k not in {"id", "meta"}} == MAKERS[kind](house.ada)


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


@pytest.mark.parametrize(
    ("kind", "word", "status"),
    [
        *(("MedicationStatement", each.value, each) for each in medications.Status),
        ("MedicationRequest", "active", medications.Status.ACTIVE),
        ("MedicationRequest", "on-hold", medications.Status.ON_HOLD),
        ("MedicationRequest", "cancelled", medications.Status.STOPPED),
        ("MedicationRequest", "completed", medications.Status.COMPLETED),
        ("MedicationRequest", "entered-in-error", medications.Status.ENTERED_IN_ERROR),
        ("MedicationRequest", "stopped", medications.Status.STOPPED),
        ("MedicationRequest", "draft", medications.Status.INTENDED),
        ("MedicationRequest", "unknown", medications.Status.UNKNOWN),
    ],
)
def test_statuses_go_in_and_come_out(house, kind, word, status):
    key = made(house.ehr, MAKERS[kind](house.ada, status=word)).json["id"]

    (line,) = lines(house.ada)
    assert line.evidence[0].statement.status is status
    assert house.ehr.get(f"{kind}/{key}").json["status"] == word
    assert house.ehr.get(kind, {"status": word}).ids == [key]
    assert house.ehr.get(kind, {"status:not": word}).ids == []


@pytest.mark.parametrize(
    ("word", "shown"),
    [("discontinued", "stopped"), ("held", "on-hold"), ("ordered", "draft"),
     ("patient not taking", "cancelled"), ("expired", "completed"), ("nobody knows", "unknown")],
)  # fmt: skip
def test_a_feeds_words_are_shown_in_fhirs(house, word, shown):
    fed(house, house.ada, status_word=word)

    assert [e["status"] for e in house.ehr.get("MedicationRequest", {"status": shown}).matches] == [shown]


@pytest.mark.parametrize(
    ("clinical", "verified", "status"),
    [("active", "confirmed", "active"), ("inactive", "confirmed", "inactive"),
     ("resolved", "unconfirmed", "resolved"), ("inactive", "refuted", "entered-in-error"),
     (None, "entered-in-error", "entered-in-error")],
)  # fmt: skip
def test_statuses_of_allergies_go_in_and_come_out(house, clinical, verified, status):
    body = allergy(house.ada)
    body["verificationStatus"]["coding"][0]["code"] = verified
    if clinical is None:
        del body["clinicalStatus"]
    else:
        body["clinicalStatus"]["coding"][0]["code"] = clinical
    key = made(house.ehr, body).json["id"]

    (kept,) = medications.get_list(actor=system("t"), person_id=house.ada, now=clock.now()).allergies
    assert (kept.status, kept.reaction_text, kept.severity) == (status, "Hives", "moderate")
    assert house.ehr.get("AllergyIntolerance", {"verification-status": verified}).ids == [key]
    if clinical:
        assert house.ehr.get("AllergyIntolerance", {"clinical-status": clinical}).ids == [key]


@pytest.mark.parametrize("word", ["active", "inactive", "resolved", "refuted", "entered-in-error", "odd"])
def test_a_feeds_allergies_keep_fhirs_rules(house, word):
    """ait-1 and ait-2: google-fhir-r4 looks at each."""
    fed_allergy(house, house.ada, status_word=word)

    (shown,) = house.ehr.get("AllergyIntolerance", {"patient": str(house.ada)}).matches

    assert ("clinicalStatus" in shown) == (word != "entered-in-error")
    assert shown["reaction"] == [{"manifestation": [{"text": "Swollen lips"}], "severity": "severe"}]


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


def test_a_patient_says_what_they_take(house):
    own = house.api("patient/*.cruds", person_id=house.ada, user_id=patient_user(house, house.ada))

    first = made(own, statement(house.ada))
    allergic = made(own, allergy(house.ada))
    stopped = own.put(
        f"MedicationStatement/{first.json['id']}", {**first.json, "status": "stopped"}, if_match='W/"1"'
    )

    assert stopped.status == 200, stopped.text
    (line,) = lines(house.ada)
    assert (line.status, line.evidence[0].statement.source) == (
        medications.Status.STOPPED, medications.Source.PATIENT,
    )  # fmt: skip
    assert own.put(
        f"MedicationStatement/{first.json['id']}", {**first.json, "status": "active"}, if_match='W/"1"'
    ).status == 412  # fmt: skip
    assert own.get(f"AllergyIntolerance/{allergic.json['id']}").status == 200
    assert own.post("MedicationRequest", request(house.ada)).status == 403
    assert own.post("MedicationStatement", statement(house.bo)).status in {403, 404}
    fed_by_others = fed(house, house.ada, kind=medications.StatementKind.STATEMENT)
    theirs = own.get(f"MedicationStatement/{fed_by_others.entity_id}").json
    assert own.put(f"MedicationStatement/{theirs['id']}", {**theirs, "status": "stopped"}).status == 409


def test_a_clinician_prescribes_by_the_rules_of_the_clinic(house):
    house.open_clinic()
    house.visit(house.ada)
    doctor = clinician(house, house.site)
    fed_allergy(house, house.ada, "ibuprofen")

    first = made(doctor, request(house.ada))
    ibuprofen = drug("ibuprofen 200 MG Oral Tablet", "")
    dangerous = doctor.post("MedicationRequest", request(house.ada, medicationCodeableConcept=ibuprofen))
    held = doctor.put(
        f"MedicationRequest/{first.json['id']}", {**first.json, "status": "on-hold"}, if_match='W/"1"'
    )
    another = doctor.put(
        f"MedicationRequest/{first.json['id']}",
        {**held.json, "medicationCodeableConcept": drug("metformin 500 MG Oral Tablet", "")},
    )

    assert dangerous.status == 422
    assert "allergy" in dangerous.issue["diagnostics"]
    assert (held.status, held.version) == (200, "2"), held.text
    assert another.status == 422
    (line,) = lines(house.ada)
    assert (line.status, line.evidence[0].statement.source) == (
        medications.Status.ON_HOLD, medications.Source.CLINICIAN,
    )  # fmt: skip
    assert doctor.post("MedicationRequest", request(house.bo)).status == 404  # nobody cares for Bo there


def test_what_the_portal_changes_shows_over_what_was_sent(house):
    """A patient puts their own words right on a page; what only the app wrote stays."""
    user = patient_user(house, house.ada)
    own = house.api("patient/*.cruds", person_id=house.ada, user_id=user)
    note = [{"text": "With breakfast"}]
    key = made(own, statement(house.ada, note=note)).json["id"]
    (line,) = lines(house.ada)
    from steadwell.accounts import service as accounts

    medications.change_medicine(
        actor=accounts.actor_for_user(user_id=user, now=clock.now()),
        statement_id=line.evidence[0].statement.statement_id, seen_version=1,
        drug_text="metformin 500 MG Oral Tablet", dosage_text="1 tablet once a day",
        status=medications.Status.ACTIVE, started_on=None, ended_on=None, reason_text="", request_key="k",
        now=clock.now(),
    )  # fmt: skip

    now = own.get(f"MedicationStatement/{key}").json

    assert now["medicationCodeableConcept"]["text"] == "metformin 500 MG Oral Tablet"
    assert now["dosage"][0]["text"] == "1 tablet once a day"
    assert now["note"] == note
    assert own.get("MedicationStatement", {"code": RXCUI}).ids == []
    assert own.get("MedicationStatement", {"code:text": "metformin"}).ids == [key]


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
