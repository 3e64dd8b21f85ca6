"""One resource of each type that can be written, as another system writes it; made from the registry, so that
a new type has no place to hide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from both_patients import consent
from fhir_house import House, observation, practitioner
from fhir_medicines import allergy, drug, form, item, request, response, statement

from fhir_facade.server.registry import Definition, registry
from fhir_facade.subscriptions import topics

SYSTEM = "http://example.org/numbers"
ENDPOINT = "https://app.example.org/told"
Body = dict[str, Any]


def that_can(interaction: str) -> list[str]:
    return [each.type for each in registry() if interaction in each.interactions]


def definition_of(kind: str) -> Definition:
    return registry().by_type[kind]


def body(house: House, kind: str, number: str = "") -> Body:
    """``number`` is its identifier, where the type has one."""
    made = deepcopy(_BODIES[kind](house, {"reference": f"Patient/{house.ada}"}))  # a test may change it
    if number and definition_of(kind).param("identifier"):
        named = {"system": SYSTEM, "value": number}
        made["identifier"] = named if kind == "QuestionnaireResponse" else [named]
    return made


def least(house: House, kind: str) -> Body:
    """As little of one as is taken: what can be left out is."""
    said = body(house, kind)
    for name in [*said]:
        shorter = {n: value for n, value in said.items() if n != name}
        if name != "resourceType":
            tried = house.ehr.post(f"{kind}/$validate?mode=create", shorter)
            said = shorter if tried.issue["severity"] == "information" else said
    return said


def changed(kind: str, said: Body) -> Body:
    """The same with something else in it, as the type allows it."""
    return {**said, **_CHANGES.get(kind, {"language": "en"})}


def slot(house: House) -> Body:
    """The first that is free on the day of the house's visits. One of today may begin before it is taken."""
    asked = {"service-type": "check-up", "start": f"ge{house.starts_at.date()}", "_count": "1"}
    found: Body = house.ehr.get("Slot", asked).matches[0]
    return found


def _appointment(house: House, patient: Body) -> Body:
    free = slot(house)
    return {
        "resourceType": "Appointment", "status": "booked", "slot": [{"reference": f"Slot/{free['id']}"}],
        "start": free["start"], "end": free["end"],
        "participant": [{"actor": patient, "status": "accepted"}],
    }  # fmt: skip


def _answer(house: House, patient: Body) -> Body:
    visit = house.visit(house.ada, hours=len(house.ehr.get("Appointment", {"_count": "500"}).ids))
    return {
        "resourceType": "AppointmentResponse", "participantStatus": "tentative", "actor": patient,
        "appointment": {"reference": f"Appointment/{visit.appointment_id}"},
    }  # fmt: skip


def _response(house: House, patient: Body) -> Body:
    empty = house.ehr.post("Questionnaire", form(url="http://example.org/forms/of-a-response")).json
    return response(house.ada, f"Questionnaire/{empty['id']}", item("pain", {"valueBoolean": False}))


def _subscription(house: House, patient: Body) -> Body:
    return {
        "resourceType": "Subscription", "status": "requested", "reason": "Reminders",
        "criteria": topics.TOPICS["appointment-booked"].url,
        "channel": {"type": "rest-hook", "endpoint": ENDPOINT, "header": ["X-Key: canary-key"]},
    }  # fmt: skip


_BODIES: Mapping[str, Callable[[House, Body], Body]] = {
    "AllergyIntolerance": lambda house, _: allergy(house.ada),
    "Appointment": _appointment,
    "AppointmentResponse": _answer,
    "Communication": lambda _, patient: {
        "resourceType": "Communication", "status": "completed", "subject": patient,
        "sent": "2026-05-01T08:00:00Z", "payload": [{"contentString": "Bring your list."}],
    },
    "Consent": lambda house, _: consent(house.ada),
    "DiagnosticReport": lambda _, patient: {
        "resourceType": "DiagnosticReport", "status": "final", "subject": patient,
        "code": {"text": "Spirometry"}, "effectiveDateTime": "2026-05-01", "issued": "2026-05-01T09:00:00Z",
    },
    "Encounter": lambda _, patient: {
        "resourceType": "Encounter", "status": "finished", "subject": patient,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [{"text": "Home visit"}],
        "period": {"start": "2026-05-01T08:00:00Z", "end": "2026-05-01T09:00:00Z"},
    },
    "Group": lambda _, patient: {
        "resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": patient}],
    },
    "Location": lambda *_: {"resourceType": "Location", "name": "North wing", "status": "active"},
    "Medication": lambda *_: {"resourceType": "Medication", "code": drug()},
    "MedicationRequest": lambda house, _: request(house.ada),
    "MedicationStatement": lambda house, _: statement(house.ada),
    "Observation": lambda house, _: observation(house.ada),
    "Organization": lambda *_: {"resourceType": "Organization", "active": True, "name": "North clinic"},
    "Patient": lambda *_: {
        "resourceType": "Patient", "name": [{"family": "Newcomer", "given": ["Ike"]}], "gender": "female",
    },
    "Practitioner": lambda *_: practitioner(),
    "PractitionerRole": lambda *_: {
        "resourceType": "PractitionerRole", "active": True, "organization": {"display": "North clinic"},
    },
    "Questionnaire": lambda *_: form(),
    "QuestionnaireResponse": _response,
    "RelatedPerson": lambda _, patient: {
        "resourceType": "RelatedPerson", "active": True, "patient": patient, "name": [{"family": "Kin"}],
    },
    "ServiceRequest": lambda _, patient: {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": patient,
        "code": {"text": "Blood count"},
    },
    "Specimen": lambda _, patient: {
        "resourceType": "Specimen", "subject": patient, "type": {"text": "Serum"},
    },
    "Subscription": _subscription,
}  # fmt: skip
_CHANGES: Mapping[str, Body] = {
    # Of a visit only its status and its time change.
    "Appointment": {"status": "cancelled", "cancelationReason": {"text": "Ill"}},
    "Patient": {"gender": "male"},
    "Subscription": {"reason": "Other reminders"},
}


def condition(house: House, kind: str, number: str) -> str:
    """A search that only what ``body`` made of this number matches."""
    if definition_of(kind).param("identifier"):
        return f"identifier={SYSTEM}|{number}"
    return {
        "Subscription": f"url={ENDPOINT}",
        "Appointment": f"patient=Patient/{house.ada}&date=ge{house.now.date()}",
    }[kind]
