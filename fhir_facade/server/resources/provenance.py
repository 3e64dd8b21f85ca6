"""Provenance: of each write over the API, made from its version. Nothing is stored for it, so none is
missing.
"""

from __future__ import annotations

from uuid import UUID

from fhir_facade.server.access import Access
from fhir_facade.server.elements import US_CORE, at, concept, resource
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row, registry
from fhir_facade.server.wire import Resource, instant
from steadwell.actor import Role
from steadwell.relations import FALSE, Sql, every, some

PROFILE = f"{US_CORE}us-core-provenance"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
TRANSMITTER = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
_ROWS = """
SELECT v.entity_id::text || '.' || v.version AS id, v.entity_id, v.version, v.recorded_at AS changed_at,
v.type, v.method, v.person_id, v.client_id, v.recorded_by, c.name AS client
FROM fhir_facade_documentversion v LEFT JOIN fhir_facade_client c ON c.client_id = v.client_id WHERE """
_ACTS = {
    "POST": ("CREATE", "create"),
    "PUT": ("UPDATE", "revise"),
    "PATCH": ("UPDATE", "revise"),
    "DELETE": ("DELETE", "delete"),
}
# Types of which some are not for everybody who reads the type.
_WITHHELD = (
    "Observation", "DiagnosticReport", "Appointment", "Medication", "MedicationRequest",
    "MedicationStatement", "AllergyIntolerance", "Subscription",
)  # fmt: skip
COLUMNS = {
    "target": (Column(exprs={"type": "t.type", "id": "t.entity_id"}),),
    "patient": (Column(exprs={"type": "'Patient'", "id": "t.person_id"}, person=True),),
    "recorded": (Column(exprs={"at": "t.changed_at"}),),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def _key(key: str) -> Sql | None:
    entity, _, version = key.partition(".")
    try:
        return Sql("t.entity_id = %s AND t.version = %s", (UUID(entity), int(version)))
    except ValueError:
        return None


def _relation(access: Access) -> Sql:
    """Of patients' resources to whoever reads those; of everybody's to everybody. What a type's scopes hide
    stays hidden here: only types that the token may read.
    """
    kinds = [d.type for d in registry() if access.rules(d.type, "r") and not _narrowed(access, d.type)]
    ours = [d.type for d in registry() if not d.of_patients]
    readable = Sql("v.type = ANY (%s)", (kinds,))
    if access.actor.has(Role.SYSTEM, Role.ADMINISTRATOR):  # of subscriptions each client knows its own
        return Sql(_ROWS) + every([readable, _shown(access, "Subscription")])
    shown = every([readable, *(_shown(access, kind) for kind in _WITHHELD if kind in kinds)])
    if access.reads_everybody:
        return Sql(_ROWS) + shown
    own = access.own_ids()
    mine = Sql("v.person_id = ANY (%s)", (own,)) if own else FALSE
    return Sql(_ROWS) + every([shown, some([mine, Sql("v.type = ANY (%s)", (ours,))])])


def _shown(access: Access, kind: str) -> Sql:
    """What the reader does not see, they do not see the origin of either."""
    definition = registry().find(kind)
    assert definition is not None  # noqa: S101 - one of ours
    rows = [
        Sql("v.entity_id IN (SELECT t.id FROM (")
        + access.relation(f"{kind}:{o.name}", o.relation)
        + Sql(") t)")
        for o in definition.origins
    ]
    return some([Sql("v.type <> %s", (kind,)), *rows])


def _narrowed(access: Access, kind: str) -> bool:
    return all(rule.query for rule in access.rules(kind, "r"))


def build(row: Row, access: Access) -> Resource:
    act, occurred = _ACTS[row["method"]]
    client = {"display": row["client"] or row["client_id"]}
    author = {"display": f"User of {client['display']}"} if row["recorded_by"] else client
    target = f"{row['type']}/{row['entity_id']}/_history/{row['version']}"
    return resource(
        "Provenance",
        row["id"],
        {
            "meta": {"versionId": "1", "lastUpdated": instant(row["changed_at"]), "profile": [PROFILE]},
            "target": [
                {"reference": target if row["method"] != "DELETE" else f"{row['type']}/{row['entity_id']}"}
            ],
            "recorded": at(row["changed_at"]),
            "activity": concept("http://terminology.hl7.org/CodeSystem/v3-DataOperation", act, occurred),
            "agent": [
                {"type": concept(PARTICIPANT, "author", "Author"), "who": author, "onBehalfOf": client},
                {"type": concept(TRANSMITTER, "transmitter", "Transmitter"), "who": client},
            ],
        },
    )


DEFINITION = Definition(
    type="Provenance",
    origins=(
        Origin(
            name="versions",
            relation=_relation,
            columns=COLUMNS,
            build=build,
            person="t.person_id",
            key=_key,
            version="1",
            speaks_of="t.type",
        ),
    ),
    params=(
        Param(
            name="target",
            kind=Kind.REFERENCE,
            paths=("target",),
            targets=(
                "Patient",
                "RelatedPerson",
                "Practitioner",
                "PractitionerRole",
                "Organization",
                "Location",
                "Appointment",
                "AppointmentResponse",
                "ServiceRequest",
                "Specimen",
                "DiagnosticReport",
                "Observation",
                "Communication",
                "Medication",
                "MedicationRequest",
                "MedicationStatement",
                "AllergyIntolerance",
                "Encounter",
                "Questionnaire",
                "QuestionnaireResponse",
                "Consent",
                "Group",
                "HealthcareService",
                "Schedule",
                "Slot",
                "Subscription",
                "AuditEvent",
                "Binary",
            ),
        ),
        Param(name="patient", kind=Kind.REFERENCE, targets=("Patient",)),
        Param(name="recorded", kind=Kind.DATE),
    ),
    profiles=(PROFILE,),
    compartment=("patient",),
    key_kind="text",
)
