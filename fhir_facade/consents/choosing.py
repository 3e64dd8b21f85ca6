"""What a patient keeps back, in the portal: kinds of data, from everybody or from one app.

It is one Consent of theirs, written as an EHR would write one: in versions, with its author, and in force
from the next request on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fhir_facade.consents import keeping, provisions
from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.oauth.models import Approval
from fhir_facade.server import documents, wire
from fhir_facade.server.access import Access
from fhir_facade.server.elements import LOINC, reference
from fhir_facade.server.models import Document
from fhir_facade.server.wire import Resource
from fhir_facade.smart.models import Client
from fhir_facade.smart.types import Grant
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound, Stale
from steadwell.ids import PersonId

PORTAL: Final = "portal"  # whose word it is; no client bears this id
EVERYBODY: Final = ""
EVERYTHING: Final = "everything"
KINDS: Final[dict[str, tuple[str, ...]]] = {
    EVERYTHING: (),
    "visits": ("Appointment", "AppointmentResponse", "Encounter"),
    "results": ("Observation", "DiagnosticReport", "ServiceRequest", "Specimen"),
    "medicines": ("MedicationRequest", "MedicationStatement", "MedicationDispense"),
    "allergies": ("AllergyIntolerance",),
    "messages": ("Communication",),
    "forms": ("QuestionnaireResponse",),
    "people": ("RelatedPerson",),
    "trail": ("AuditEvent", "Provenance"),
}
_CONSENT = "http://terminology.hl7.org/CodeSystem/consentscope"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
Kept = Mapping[str, Collection[str]]  # by client id, or EVERYBODY: the kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is kept back now. ``version`` is what a writer has to have seen, 0 before the first choice;
    ``clients`` are those from whom something can be kept back, by id.
    """

    version: int
    kept: Mapping[str, frozenset[str]]
    clients: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was kept back from a moment on."""

    at: datetime
    kept: Mapping[str, frozenset[str]]


def find_choices(*, actor: Actor, person_id: PersonId, now: datetime) -> Choices:
    """Raises NotFound for a patient whom the actor does not stand for."""
    row = _document(actor, person_id)
    kept = _kept(wire.read_stored(row.body)) if row else {}
    return Choices(
        version=row.version if row else 0, kept=kept, clients=_clients(actor, person_id, kept, now)
    )


def list_changes(*, actor: Actor, person_id: PersonId) -> list[Change]:
    """Every choice that was made, the newest first."""
    row = _document(actor, person_id)
    several = keeping.versions(row.pk) if row else []
    return [Change(at=v.recorded_at, kept=_kept(wire.read_stored(v.body))) for v in several if v.body]


def choose(*, actor: Actor, person_id: PersonId, kept: Kept, seen_version: int, now: datetime) -> None:
    """Keep this back from now on, and nothing else. The same again is no new version.

    Raises NotFound for a patient whom the actor does not stand for or a client that nobody knows, Stale when
    somebody chose in between.
    """
    access = _access(actor, now)
    with transaction.atomic():
        # Two first choices do not both make a consent.
        documents.lock(keeping.KIND, person_id, now=access.now)
        row = _document(actor, person_id)
        if (row.version if row else 0) != seen_version:
            raise Stale
        before = _kept(wire.read_stored(row.body)) if row else {}
        allowed = {EVERYBODY, *_clients(actor, person_id, before, now)}
        wanted = {who: frozenset(kinds) for who, kinds in kept.items() if kinds}
        if not set(wanted) <= allowed or any(kinds - set(KINDS) for kinds in wanted.values()):
            raise NotFound
        if wanted == before:
            return
        said = _consent(person_id, wanted, now)
        if row is None:
            key = keeping.WRITER.create(access, said).key
        else:
            key = keeping.WRITER.update(access, row.pk, {**said, "id": str(row.pk)}, row.version).key
        audit.record(
            actor=actor, action="consent.choose", category="access", subject_id=person_id, entity_id=key,
            now=now,
        )  # fmt: skip


def _document(actor: Actor, person_id: PersonId) -> Document | None:
    ids = actor.ids_of(person_id)
    if not ids:
        raise NotFound
    rows = Document.objects.filter(
        type=keeping.KIND, client_id=PORTAL, person_id__in=ids, deleted=False, beside=False
    )
    return rows.order_by("id").first()


def _clients(actor: Actor, person_id: PersonId, kept: Kept, now: datetime) -> dict[str, str]:
    """Apps that are let into the record, and those from which something is kept back already."""
    live = Approval.objects.filter(
        person_id__in=actor.ids_of(person_id), ended_at__isnull=True, ends_at__gt=now
    ).values("client")
    found = Client.objects.filter(pk__in=live) | Client.objects.filter(client_id__in=list(kept))
    return dict(found.order_by("name").values_list("client_id", "name"))


def _access(actor: Actor, now: datetime) -> Access:
    grant = Grant(
        client_id=PORTAL, client_name="Steadwell", user_id=actor.user_id, person_id=None, scopes=(),
        token_id=UUID(int=0), expires_at=now + timedelta(minutes=1),
    )  # fmt: skip
    base = settings.FHIR_BASE_URL or f"{settings.PUBLIC_URL}/fhir"
    return Access(grant=grant, actor=actor, now=now, base=base)


def _consent(person_id: PersonId, kept: Kept, now: datetime) -> Resource:
    """All is permitted but what is kept back."""
    denials = [_denial(who, kind) for who in sorted(kept) for kind in KINDS if kind in kept[who]]
    provision: dict[str, Any] = {"type": "permit"}
    if denials:
        provision["provision"] = denials
    return {
        "resourceType": keeping.KIND,
        "status": "active",
        "scope": {"coding": [{"system": _CONSENT, "code": provisions.PRIVACY}]},
        "category": [{"coding": [{"system": LOINC, "code": "59284-0", "display": "Patient Consent"}]}],
        "patient": reference("Patient", person_id),
        "dateTime": wire.instant(now),
        "policyRule": {"coding": [{"system": _ACT, "code": "OPTIN"}]},
        "provision": provision,
    }


def _denial(who: str, kind: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "deny"}
    if who:
        named = {"type": "Device", "identifier": {"system": provisions.client_system(), "value": who}}
        made["actor"] = [{"role": {"coding": [{"system": _ROLE, "code": "IRCP"}]}, "reference": named}]
    if KINDS[kind]:
        made["class"] = [{"system": provisions.TYPES, "code": each} for each in KINDS[kind]]
    return made


def _kept(said: Resource) -> dict[str, frozenset[str]]:
    """Back from the provisions that _consent made."""
    found: dict[str, set[str]] = {}
    for each in mappings(mapping(said.get("provision")).get("provision")):
        types = tuple(text_of(c.get("code")) for c in mappings(each.get("class")))
        kind = next((name for name, several in KINDS.items() if several == types), EVERYTHING)
        actors = [mapping(a.get("reference")) for a in mappings(each.get("actor"))]
        who = next((text_of(mapping(a.get("identifier")).get("value")) for a in actors), EVERYBODY)
        found.setdefault(who, set()).add(kind)
    return {who: frozenset(kinds) for who, kinds in found.items()}
