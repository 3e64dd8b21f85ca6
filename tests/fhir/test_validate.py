"""Item 53, $validate over every type: by FHIR, by the profile, and as the write that it would be."""

from __future__ import annotations

import pytest
from every_type import body, changed, definition_of, that_can
from fhir_medicines import form, identified, request

from fhir_facade.server.elements import US_CORE
from fhir_facade.server.models import Document, DocumentVersion
from fhir_facade.subscriptions.models import Subscription
from steadwell.audit.models import AuditEntry
from steadwell.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db
WRITTEN = that_can("create")
BASE = "http://hl7.org/fhir/StructureDefinition/"


@pytest.fixture
def house(house):
    house.open_clinic()
    return house


def asked(api, where, resource=None, **more):
    parts = [{"name": name, "valueCode" if name == "mode" else "valueUri": v} for name, v in more.items()]
    if resource is not None:
        parts.append({"name": "resource", "resource": resource})
    return api.post(f"{where}/$validate", {"resourceType": "Parameters", "parameter": parts})


def kept():
    """All that a write would leave behind."""
    several = (Document, DocumentVersion, Subscription, OutboxEvent)
    written = AuditEntry.objects.exclude(action__in=("fhir.validate", "fhir.search", "fhir.read"))
    return [*(each.objects.count() for each in several), written.count()]


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_53_what_is_right_and_what_is_not(house, kind):
    said = body(house, kind)
    before = kept()

    plain = house.ehr.post(f"{kind}/$validate", said)
    by_name = asked(house.ehr, kind, said, profile=f"{BASE}{kind}")
    created = asked(house.ehr, kind, said, mode="create")
    wrong = asked(house.ehr, kind, {**said, "nonsense": 1})
    other = asked(house.ehr, kind, {"resourceType": "Basic", "code": {"text": "x"}})

    for fine in (plain, by_name, created):
        assert (fine.status, fine.issue["severity"]) == (200, "information"), fine.text
    assert (wrong.status, wrong.issue["severity"], wrong.issue["code"]) == (200, "error", "structure")
    assert wrong.issue["expression"] == [f"{kind}.nonsense"]
    assert other.issue["severity"] == "error"
    assert asked(house.ehr, kind, said, profile="http://example.org/none").status == 400
    assert asked(house.ehr, kind, said, mode="bogus").status == 400
    assert asked(house.ehr, kind).status == 400
    assert kept() == before


@pytest.mark.parametrize("kind", that_can("update"))
def test_item_53_as_an_update(house, kind):
    first = house.ehr.post(kind, body(house, kind)).json
    path, better = f"{kind}/{first['id']}", changed(kind, first)
    before = kept()

    assert asked(house.ehr, path, better, mode="update").issue["severity"] == "information"
    assert asked(house.ehr, kind, better, mode="update").issue["severity"] == "information"
    other = asked(house.ehr, path, {**better, "id": "other"}, mode="update")

    assert (other.status, other.issue["severity"]) == (200, "error")
    assert house.ehr.get(path).json == first
    assert kept() == before


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_53_as_a_deletion(house, kind):
    said = body(house, kind)
    if kind == "Observation":
        said["category"][0]["coding"][0]["code"] = "vital-signs"
    path = f"{kind}/{house.ehr.post(kind, said).json['id']}"
    before = kept()

    answer = asked(house.ehr, path, mode="delete")

    expected = "information" if kind in that_can("delete") else "error"
    assert (answer.status, answer.issue["severity"]) == (200, expected), answer.text
    assert asked(house.ehr, f"{kind}/00000000-0000-7000-8000-000000000000", mode="delete").issue["code"] in {
        "not-found", "not-supported",
    }  # fmt: skip
    assert house.ehr.get(path).status == 200
    assert kept() == before


def wrong_by_its_own_rules(house):
    """What FHIR allows and this type's writer does not; and what FHIR's invariants forbid."""
    response, answer = body(house, "QuestionnaireResponse"), body(house, "AppointmentResponse")
    visit, subscription = body(house, "Appointment"), body(house, "Subscription")
    consent, sick = body(house, "Consent"), body(house, "AllergyIntolerance")
    response["item"][0]["item"][0]["answer"] = [{"valueString": "yes"}]
    sick["verificationStatus"]["coding"][0]["code"] = "entered-in-error"
    subscription["criteria"] = "http://example.org/SubscriptionTopic/unknown"
    consent["provision"]["provision"] = [{"type": "deny", "data": [{"meaning": "instance", "reference": {
        "reference": "Observation/x"}}]}]  # fmt: skip
    yield "QuestionnaireResponse", response, "create"
    yield "QuestionnaireResponse", {**response, "questionnaire": "Questionnaire/none"}, "create"
    yield "AppointmentResponse", {**answer, "appointment": {"reference": "Appointment/none"}}, "create"
    yield "Appointment", {**visit, "status": "proposed"}, "create"
    yield "Subscription", subscription, "create"
    yield "Consent", consent, "create"
    yield "MedicationRequest", request(house.ada, intent="plan"), "create"
    yield (
        "MedicationStatement",
        {**body(house, "MedicationStatement"), "subject": {"display": "Ada"}},
        "create",
    )
    yield "AllergyIntolerance", sick, None
    yield (
        "Questionnaire",
        form(item=[{"linkId": "a", "type": "group", "answerOption": [{"valueString": "x"}]}]),
        None,
    )
    yield "Medication", {**body(house, "Medication"), "status": "bogus"}, None
    yield "Communication", {**body(house, "Communication"), "status": "bogus"}, None


def test_item_53_rules_of_each_type(house):
    before = None
    for kind, said, mode in list(wrong_by_its_own_rules(house)):
        before = before or kept()
        answer = asked(house.ehr, kind, said, **({"mode": mode} if mode else {}))

        assert (answer.status, answer.issue["severity"]) == (200, "error"), (kind, answer.text)
        assert house.ehr.post(kind, said).status in {404, 409, 422}, kind
    assert kept() == before


PROFILED = [kind for kind in WRITTEN if any(p.startswith(US_CORE) for p in definition_of(kind).profiles)]
LACKING = {
    "AllergyIntolerance": "code", "DiagnosticReport": "category", "Encounter": "type", "Location": "name",
    "Medication": "code", "MedicationRequest": "requester", "Observation": "category",
    "Organization": "active", "Patient": "identifier", "Practitioner": "name",
    "PractitionerRole": "organization", "QuestionnaireResponse": "authored", "RelatedPerson": "active",
    "ServiceRequest": "code", "Specimen": "type",
}  # fmt: skip


@pytest.mark.parametrize("kind", PROFILED)
def test_item_53_profiles_want_more_than_fhir(house, kind):
    (profile,) = definition_of(kind).profiles
    good = body(house, kind, "P-1") | {
        "Patient": {"identifier": identified("P-1")},
        "MedicationRequest": {"requester": {"display": "Dr Far"}},
        "DiagnosticReport": {
            "category": [
                {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}
            ]
        },
    }.get(kind, {})  # fmt: skip
    poor = {name: value for name, value in good.items() if name != LACKING[kind]}

    fine = asked(house.ehr, kind, good, profile=profile)
    lacking = asked(house.ehr, kind, poor, profile=profile)
    claimed = asked(house.ehr, kind, {**poor, "meta": {"profile": [profile]}})

    assert fine.issue["severity"] == "information", fine.text
    assert asked(house.ehr, kind, poor).issue["severity"] == "information"
    for answer in (lacking, claimed):
        assert answer.issue["severity"] == "error"
        assert LACKING[kind] in answer.issue["diagnostics"]


def test_item_53_whoever_may_not_write_is_told_so(house):
    said = body(house, "Practitioner")
    reader = house.api("system/Practitioner.rs")
    patient = house.of(house.ada)
    theirs = house.ehr.post("ServiceRequest", {
        **body(house, "ServiceRequest"), "subject": {"reference": f"Patient/{house.bo}"},
    }).json  # fmt: skip

    assert asked(reader, "Practitioner", said).issue["severity"] == "information"
    assert asked(reader, "Practitioner", said, mode="create").status == 403
    assert asked(house.api("system/Slot.rs"), "Practitioner", said).status == 403
    assert asked(patient, "Questionnaire", form(), mode="create").status == 403
    hidden = asked(patient, f"ServiceRequest/{theirs['id']}", mode="delete")
    unknown = asked(patient, "ServiceRequest/00000000-0000-7000-8000-000000000000", mode="delete")
    assert hidden.json == unknown.json
    assert hidden.issue["code"] == "not-found"
