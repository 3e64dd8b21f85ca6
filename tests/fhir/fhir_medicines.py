"""Medicines, allergies and forms as systems write them, and as feeds and clinicians bring them about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from fhir_house import OPERATOR, Api, House

from fhir_facade.server import wire
from fhir_facade.smart import tokens
from medications import service as medications
from scheduling import service as scheduling
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import PersonId, SiteId, UserId, new_id

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LISINOPRIL = "lisinopril 10 MG Oral Tablet"
RXCUI = "314076"
CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
MRN = "http://example.org/rx"
_serial = count(1)


def drug(text: str = LISINOPRIL, code: str = RXCUI) -> dict[str, Any]:
    made: dict[str, Any] = {"text": text}
    if code:
        made["coding"] = [{"system": RXNORM, "code": code}]
    return made


def dose(digits: str = "1", unit: str = "tablet") -> dict[str, Any]:
    """Twice a day; the amount is written digit for digit."""
    return {
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": wire.Digits(digits), "unit": unit}}],
    }


def request(person_id: PersonId, digits: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": drug(),
        "subject": {"reference": f"Patient/{person_id}"},
        "authoredOn": "2026-05-01T08:30:00+02:00",
        "dosageInstruction": [dose(digits)],
        **more,
    }


def statement(person_id: PersonId, digits: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": drug(),
        "subject": {"reference": f"Patient/{person_id}"},
        "effectivePeriod": {"start": "2026-05-01"},
        "dosage": [dose(digits)],
        **more,
    }


def allergy(person_id: PersonId, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": VERIFIED, "code": "confirmed"}]},
        "code": {"text": "penicillin"},
        "patient": {"reference": f"Patient/{person_id}"},
        "recordedDate": "2026-05-01",
        "reaction": [{"manifestation": [{"text": "Hives"}], "severity": "moderate"}],
        **more,
    }


MAKERS = {"MedicationRequest": request, "MedicationStatement": statement, "AllergyIntolerance": allergy}


def identified(value: str) -> list[dict[str, Any]]:
    return [{"system": MRN, "value": value}]


def form(**more: Any) -> dict[str, Any]:
    """One group; how bad the pain is, is asked only where there is some."""
    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "url": "http://example.org/forms/pain",
        "version": "1",
        "title": "Pain",
        "item": [
            {
                "linkId": "g",
                "type": "group",
                "item": [
                    {"linkId": "pain", "type": "boolean", "required": True, "text": "Is there pain?"},
                    {
                        "linkId": "level",
                        "type": "integer",
                        "required": True,
                        "enableWhen": [{"question": "pain", "operator": "=", "answerBoolean": True}],
                    },
                    {
                        "linkId": "where",
                        "type": "choice",
                        "answerOption": [
                            {"valueCoding": {"system": "http://example.org/c", "code": code}}
                            for code in ("head", "back")
                        ],
                    },
                    {"linkId": "dose", "type": "decimal"},
                    {"linkId": "words", "type": "string", "maxLength": 10, "repeats": True},
                ],
            }
        ],
        **more,
    }


def item(link: str, *values: dict[str, Any], **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"linkId": link, **more}
    if values:
        made["answer"] = list(values)
    return made


def response(person_id: PersonId, questionnaire: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": questionnaire,
        "status": "completed",
        "subject": {"reference": f"Patient/{person_id}"},
        "authored": "2026-05-01T08:00:00Z",
        "item": [{"linkId": "g", "item": list(items)}] if items else [],
        **more,
    }


def fed(house: House, person_id: PersonId, text: str = LISINOPRIL, **more: Any) -> medications.Filed:
    """What a feed that is no FHIR client says of a medicine."""
    said = {
        "source": medications.Source.EHR_A, "system": "north-emr", "external_id": f"N{next(_serial)}",
        "drug_text": text, "status_word": "active", "dosage_text": "take 1.50 tablets twice daily",
        "said_at": house.now - timedelta(hours=1), "kind": medications.StatementKind.ORDER,
    }  # fmt: skip
    return medications.file_statement(
        actor=OPERATOR, person_id=person_id, said=medications.IncomingStatement(**(said | more)),
        now=clock.now(),
    )  # fmt: skip


def fed_allergy(house: House, person_id: PersonId, text: str = "ibuprofen", **more: Any) -> medications.Filed:
    said = {
        "source": medications.Source.EHR_A, "system": "north-emr", "external_id": f"A{next(_serial)}",
        "substance_text": text, "reaction_text": "Swollen lips", "severity": "severe",
        "said_at": house.now - timedelta(hours=1),
    }  # fmt: skip
    return medications.file_allergy(
        actor=OPERATOR, person_id=person_id, said=medications.IncomingAllergy(**(said | more)),
        now=clock.now(),
    )  # fmt: skip


def clinician(house: House, site: SiteId, scope: str = "user/*.cruds") -> Api:
    """A clinician who works at one site, by their token."""
    user = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[Role.CLINICIAN], site_ids=[site],
        now=clock.now(),
    )  # fmt: skip
    return house.api(scope, user_id=user)


def patient_user(house: House, person_id: PersonId) -> UserId:
    return accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[], person_id=person_id, now=clock.now()
    )


def another_system(house: House, client_id: str = "far", source: str = "ehr-b") -> Api:
    tokens.register_client(
        actor=OPERATOR, client_id=client_id, name="Far EHR", per_minute=100_000, medicine_source=source,
        now=clock.now(),
    )  # fmt: skip
    token, _ = tokens.issue(actor=OPERATOR, client_id=client_id, scope="system/*.cruds", now=clock.now())
    return Api(token)


def step(visit: scheduling.Appointment, move: Any, *, now: datetime | None = None) -> None:
    move(
        actor=OPERATOR, appointment_id=visit.appointment_id, request_key=str(new_id()), now=now or clock.now()
    )


def lines(person_id: PersonId) -> tuple[medications.LineView, ...]:
    return medications.get_list(actor=OPERATOR, person_id=person_id, now=clock.now()).lines


def shelved(house: House) -> House:
    """Ada's orders by the API and by a feed, her statement and her allergies; one order is Bo's. ``keys`` are
    their ids by name.
    """
    metformin = drug("metformin 500 MG Oral Tablet", "")
    bodies = {
        "order": request(house.ada, status="on-hold"),
        "other": request(house.ada, medicationCodeableConcept=metformin, authoredOn="2026-07-01"),
        "taken": statement(
            house.ada, status="completed", effectivePeriod={"start": "2026-01-01", "end": "2026-02-01"}
        ),
        "allergy": allergy(house.ada),
        "theirs": request(house.bo),
    }
    house.keys = {
        name: house.ehr.post(body["resourceType"], body).json["id"] for name, body in bodies.items()
    }
    house.keys["fed"] = str(fed(house, house.ada, started_on=date(2026, 6, 1)).entity_id)
    house.keys["fed-allergy"] = str(fed_allergy(house, house.ada).entity_id)
    return house
