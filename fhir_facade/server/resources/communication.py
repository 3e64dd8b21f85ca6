"""Communication: what patients were told in the portal, what was written in conversations with the care team,
and what other systems wrote.
"""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import at, concept, reference, resource
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.resources.observation import SUBJECT
from fhir_facade.server.wire import Resource, instant
from messaging import service as messaging
from notifications import service as notifications
from steadwell.relations import Sql

CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category"
OURS = "urn:steadwell:communication-category"  # HL7's own has no code for a conversation
COLUMNS = {
    "patient": (SUBJECT,),
    "subject": (SUBJECT,),
    "recipient": (SUBJECT,),
    "category": (
        Column(exprs={"system": f"'{CATEGORY}'", "code": "'notification'", "text": "'notification'"}),
    ),
    "status": (Column(exprs={"system": "'http://hl7.org/fhir/event-status'", "code": "'completed'"}),),
    "sent": (Column(exprs={"at": "t.told_at"}),),
    "received": (Column(exprs={"at": "t.read_at"}),),
}
# What a proxy wrote has no sender here: people who act for patients are no resources.
_FROM_PATIENT = "t.side = 'patient' AND t.role = 'patient'"
_BY_CLINICIAN = "t.side = 'care-team' AND t.practitioner_id IS NOT NULL"
WRITTEN = {
    **COLUMNS,
    "recipient": (
        Column(
            exprs={
                "type": "CASE WHEN t.side = 'care-team' THEN 'Patient' END",
                "id": "CASE WHEN t.side = 'care-team' THEN t.person_id END",
            },
            person=True,
        ),
    ),
    "sender": (
        Column(
            exprs={
                "type": f"CASE WHEN {_FROM_PATIENT} THEN 'Patient' END",
                "id": f"CASE WHEN {_FROM_PATIENT} THEN t.person_id END",
            },
            person=True,
        ),
        Column(
            exprs={
                "type": f"CASE WHEN {_BY_CLINICIAN} THEN 'Practitioner' END",
                "id": f"CASE WHEN {_BY_CLINICIAN} THEN t.practitioner_id END",
            }
        ),
    ),
    "category": (Column(exprs={"system": f"'{OURS}'", "code": "'conversation'", "text": "'conversation'"}),),
    "sent": (Column(exprs={"at": "t.at"}),),
}
_ABOUT = {"appointment": "A visit", "medicines": "Medicines", "results": "Results", "other": "Something else"}


def build(row: Row, access: Access) -> Resource:
    subject, body = notifications.describe_notice(
        template=row["template"], params=row["params"], language="en"
    )
    version = "2" if row["read_at"] else "1"
    return resource(
        "Communication",
        row["id"],
        {
            "meta": {"versionId": version, "lastUpdated": instant(row["read_at"] or row["told_at"])},
            "status": "completed",
            "category": [
                {"coding": [{"system": CATEGORY, "code": "notification", "display": "Notification"}]}
            ],
            "subject": reference("Patient", row["person_id"]),
            "topic": {"text": subject},
            "sent": at(row["told_at"]),
            "received": at(row["read_at"]),
            "recipient": [reference("Patient", row["person_id"])],
            "payload": [{"contentString": body}] if body else [],
        },
    )


def _relation(access: Access) -> Sql:
    return notifications.describe_notice_rows(actor=access.actor)


def build_written(row: Row, access: Access) -> Resource:
    """One message of a conversation, which is never changed: only that it was read comes to it."""
    of_team = row["side"] == messaging.Side.CARE_TEAM.value
    patient = reference("Patient", row["person_id"])
    sender = patient if row["role"] == "patient" and not of_team else None
    if of_team and row["practitioner_id"]:
        sender = reference("Practitioner", row["practitioner_id"])
    return resource(
        "Communication",
        row["id"],
        {
            "meta": {
                "versionId": "2" if row["read_at"] else "1",
                "lastUpdated": instant(row["read_at"] or row["at"]),
            },
            "status": "completed",
            "category": [concept(OURS, "conversation", "Conversation")],
            "subject": patient,
            "topic": {"text": _ABOUT[row["subject"]]},
            "sent": at(row["at"]),
            "received": at(row["read_at"]),
            "sender": sender,
            "recipient": [patient] if of_team else [],
            "payload": [{"contentString": row["text"]}],
        },
    )


def _written(access: Access) -> Sql:
    return messaging.describe_message_rows(actor=access.actor)


_WHO = ("Patient", "Practitioner", "PractitionerRole", "Organization", "RelatedPerson", "HealthcareService")
PARAMS = (
    Param(name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
    Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
    Param(name="recipient", kind=Kind.REFERENCE, paths=("recipient",), targets=_WHO),
    Param(name="sender", kind=Kind.REFERENCE, paths=("sender",), targets=_WHO),
    Param(name="category", kind=Kind.TOKEN, paths=("category",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="sent", kind=Kind.DATE, paths=("sent",)),
    Param(name="received", kind=Kind.DATE, paths=("received",)),
)
DEFINITION = Definition(
    type="Communication",
    origins=(
        Origin(
            name="notifications",
            relation=_relation,
            columns=COLUMNS,
            build=build,
            person="t.person_id",
            version="1",
            updated="coalesce(t.read_at, t.told_at)",
        ),
        Origin(
            name="messaging",
            relation=_written,
            columns=WRITTEN,
            build=build_written,
            person="t.person_id",
            version="1",
            updated="coalesce(t.read_at, t.at)",
        ),
        documents("Communication", PARAMS),
    ),
    params=PARAMS,
    interactions=ALL,
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=Documents("Communication"),
)
