"""Two patients of whom there is something of every type; what is in words says whose and what it is."""

from __future__ import annotations

from typing import Any

from fhir_house import Api, House, observation, vital
from fhir_medicines import allergy, drug, fed, fed_allergy, form, item, request, response, statement, step

from fhir_facade.server.registry import Definition, registry
from scheduling import service as scheduling
from steadwell.ids import PersonId

# Types of which a row comes from elsewhere: an app, a version, the trail.
OF_APPS = frozenset({"Patient", "Appointment", "Provenance", "AuditEvent"})


def bodies(
    person_id: PersonId, name: str, visit: str, *, medication: str, questionnaire: str
) -> list[dict[str, Any]]:
    """What another system writes about a patient, the words of each its own."""
    subject = {"reference": f"Patient/{person_id}"}

    def words(kind: str) -> str:
        return f"{name}-{kind}."

    ordered = request(
        person_id, medicationReference={"reference": medication}, note=[{"text": words("MedicationRequest")}]
    )
    del ordered["medicationCodeableConcept"]
    return [
        observation(person_id, note=[{"text": words("Observation")}]),
        vital(person_id, note=[{"text": words("Observation")}]),
        {"resourceType": "RelatedPerson", "patient": subject, "name": [{"family": words("RelatedPerson")}]},
        {"resourceType": "Specimen", "subject": subject, "note": [{"text": words("Specimen")}]},
        {
            "resourceType": "Communication", "status": "completed", "subject": subject,
            "topic": {"text": words("Communication")},
        },
        {
            "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": subject,
            "code": {"text": words("ServiceRequest")},
        },
        {
            "resourceType": "DiagnosticReport", "status": "final", "subject": subject,
            "code": {"text": words("DiagnosticReport")},
        },
        {
            "resourceType": "AppointmentResponse", "participantStatus": "tentative",
            "appointment": {"reference": f"Appointment/{visit}"}, "actor": subject,
            "comment": words("AppointmentResponse"),
        },
        consent(person_id, text=words("Consent")),
        stay(person_id, reasonCode=[{"text": words("Encounter")}]),
        ordered,
        statement(person_id, note=[{"text": words("MedicationStatement")}]),
        allergy(person_id, note=[{"text": words("AllergyIntolerance")}]),
        response(
            person_id, questionnaire,
            item("pain", {"valueBoolean": False}, text=words("QuestionnaireResponse")),
        ),
    ]  # fmt: skip


def stay(person_id: PersonId, **more: Any) -> dict[str, Any]:
    """An encounter as a hospital writes it on admission."""
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "IMP",
            "display": "inpatient encounter",
        },
        "type": [{"text": "Hospital admission"}],
        "subject": {"reference": f"Patient/{person_id}"},
        "period": {"start": "2026-05-01T08:30:00+02:00"},
        **more,
    }


def consent(person_id: PersonId, *provisions: dict[str, Any], text: str = "", **more: Any) -> dict[str, Any]:
    """A consent that permits all but these provisions."""
    made: dict[str, Any] = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [
            {"coding": [{"system": "http://loinc.org", "code": "59284-0"}], "text": text or "Words"}
        ],
        "patient": {"reference": f"Patient/{person_id}"},
        "dateTime": "2026-05-01",
        "policyRule": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]
        },
        "provision": {"type": "permit"},
        **more,
    }
    if provisions:
        made["provision"]["provision"] = list(provisions)
    return made


def fill(house: House) -> None:
    """Each has something of everything, in two versions where a type has versions."""
    house.open_clinic()
    ehr = Api(house.ehr.token, judged=False)
    empty = ehr.post("Questionnaire", form()).json
    for number, (person_id, name) in enumerate(((house.ada, "Canaryada"), (house.bo, "Canarybo"))):
        visit = house.visit(person_id, hours=number * 2)
        step(house.visit(person_id, hours=number * 2 + 1), scheduling.arrive)
        house.lab_report(person_id)
        fed(house, person_id, reason_text=f"{name}-MedicationRequest.")
        fed_allergy(house, person_id, reaction_text=f"{name}-AllergyIntolerance.")
        # No patient's, so a system may read it whoever is kept back; a patient only where it is theirs.
        drug_text = "Canarybo-Medication." if person_id == house.bo else "A drug of the house"
        named = ehr.post("Medication", {"resourceType": "Medication", "code": drug(drug_text)}).json
        for body in bodies(
            person_id, name, str(visit.appointment_id),
            medication=f"Medication/{named['id']}", questionnaire=f"Questionnaire/{empty['id']}",
        ):  # fmt: skip
            made = ehr.post(body["resourceType"], body)
            assert made.status == 201, made.text
            ehr.put(f"{body['resourceType']}/{made.json['id']}", {**made.json, "language": "en"})


def of_patients() -> list[Definition]:
    """Types of which each resource is one patient's."""
    return [each for each in registry() if each.compartment or each.type == "Patient"]


def ids_of(house: House, person_id: PersonId) -> dict[str, list[str]]:
    """Ids of what is a patient's, by type."""
    found: dict[str, list[str]] = {"Patient": [str(person_id)]}
    for definition in registry():
        if definition.compartment:
            params = {"patient": str(person_id), "_count": "500", "_elements": "id"}
            found[definition.type] = Api(house.ehr.token, judged=False).get(definition.type, params).ids
    assert all(found.values()), {kind for kind, ids in found.items() if not ids}
    return found


def own_marks(kind: str, key: str) -> list[str]:
    """The same where another type has the same ids: what came of a visit has the visit's."""
    if kind in {"Appointment", "Encounter"}:
        return [f'"resourceType":"{kind}","id":"{key}"', f"{kind}/{key}"]
    return [mark(kind, key)]


def mark(kind: str, key: str) -> str:
    """What must not be seen of an id. A number is only somebody's where it is an id."""
    return key if len(key) > 20 else f'"resourceType":"{kind}","id":"{key}"'
