"""Statuses in both directions; what patients and clinicians write goes by the rules of the portal."""

from __future__ import annotations

import pytest
from fhir_medicines import (
    MAKERS,
    RXCUI,
    allergy,
    clinician,
    drug,
    fed,
    fed_allergy,
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
