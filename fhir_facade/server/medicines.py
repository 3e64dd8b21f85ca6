"""Medicines written over the API.

A system that sends them is a source of medications: its words are kept version by version, reconciled and
checked there (ADR 0156). A clinician prescribes, and a patient says what they take, as in the portal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.server import documents, wire
from fhir_facade.server.access import Access
from fhir_facade.server.dosages import amount_words, dosage_words
from fhir_facade.server.elements import RXNORM
from fhir_facade.server.outcome import Failed, Issue, failed, not_found, stale
from fhir_facade.server.registry import registry
from fhir_facade.server.search import running
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from medications import service as medications
from steadwell.actor import Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, new_id
from steadwell.relations import Sql

_FILERS = (Role.SYSTEM, Role.ADMINISTRATOR)
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    text: str
    rxcui: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a resource says, as medications takes it."""

    drug: Drug
    status: str
    dosage: str
    started_on: date | None
    ended_on: date | None
    reason: str
    prescriber: str = ""
    quantity: str = ""
    repeats: int | None = None


class Medicines:
    """The writer of MedicationRequest or MedicationStatement."""

    def __init__(self, kind: medications.StatementKind) -> None:
        self._kind = kind
        self._is_order = kind is medications.StatementKind.ORDER
        self._type = "MedicationRequest" if self._is_order else "MedicationStatement"

    def create(self, access: Access, said: Resource) -> Stored:
        person_id = patient_of(access, said)
        words = self._words(access, said)
        with medications.Joined():
            if access.actor.has(*_FILERS):
                stored = self._file_new(access, person_id, said, words)
            else:
                stored = Stored(key=self._decide(access, person_id, said, words), beside=True)
        if not stored.existed:
            documents.index_beside(access, self._type, stored.key, said)
        return stored

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        documents.lock(access, self._type, key)
        row = self._row(access, "t.id = %s", key)
        if row is None:
            raise not_found()
        if version is not None and version != row["version"]:
            raise stale(str(row["version"]))
        same_patient(access, PersonId(row["person_id"]), said)
        words = self._words(access, said)
        with medications.Joined():
            if access.actor.has(*_FILERS):
                own_words(access, row)
                self._file(access, PersonId(row["person_id"]), row["external_id"], words, row)
            else:
                self._change(access, row, said, words)
        documents.index_beside(access, self._type, key, said)
        return Stored(key=key, beside=True)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "A medicine is not deleted: update it to entered-in-error.")

    # -- a source's word --

    def _file_new(self, access: Access, person_id: PersonId, said: Resource, words: Words) -> Stored:
        external_id = external_id_of(self._type, said)
        where = "t.system = %s AND t.external_id = %s"
        known = self._row(access, where, sender_of(access), external_id)
        if known is not None:
            return repeated(UUID(str(known["id"])), said)
        return Stored(key=self._file(access, person_id, external_id, words, None), beside=True)

    def _file(
        self, access: Access, person_id: PersonId, external_id: str, words: Words,
        before: Mapping[str, Any] | None,
    ) -> UUID:  # fmt: skip
        said = medications.IncomingStatement(
            source=medications.Source(access.grant.medicine_source), system=sender_of(access),
            external_id=external_id, kind=self._kind, drug_text=words.drug.text, rxcui=words.drug.rxcui,
            status_word=words.status, said_at=said_at(access, before), dosage_text=words.dosage,
            started_on=words.started_on, ended_on=words.ended_on, reason_text=words.reason,
            prescriber_name=words.prescriber, quantity_text=words.quantity, refills_left=words.repeats,
            site_id=access.grant.site_id, seen_version=before["version"] if before else None,
        )  # fmt: skip
        filed = medications.file_statement(actor=access.actor, person_id=person_id, said=said, now=access.now)
        return filed.entity_id

    def _row(self, access: Access, where: str, *values: object) -> Mapping[str, Any] | None:
        rows = medications.describe_statement_rows(actor=access.actor, kinds=[self._kind])
        found = running.fetch_dicts(Sql("SELECT t.* FROM (") + rows + Sql(f") t WHERE {where}", values))
        return found[0] if found else None

    # -- a decision, by the portal's rules --

    def _decide(self, access: Access, person_id: PersonId, said: Resource, words: Words) -> UUID:
        if words.status != "active":
            raise failed(
                422,
                "business-rule",
                "What is new is active. Change it afterwards.",
                at=f"{self._type}.status",
            )
        about: dict[str, Any] = {
            "actor": access.actor, "person_id": person_id, "drug_text": words.drug.text,
            "rxcui": words.drug.rxcui, "dosage_text": words.dosage, "reason_text": words.reason,
            "request_key": key_of(access, self._type, said), "now": access.now,
        }  # fmt: skip
        if not self._is_order:
            return medications.add_medicine(**about, started_on=words.started_on).statement_id
        return _checked(
            lambda: medications.prescribe(
                **about, site_id=_site_of(access), quantity_text=words.quantity, refills=words.repeats or 0,
                overrides={},
            )
        ).statement_id  # fmt: skip

    def _change(self, access: Access, row: Mapping[str, Any], said: Resource, words: Words) -> None:
        about: dict[str, Any] = {
            "actor": access.actor, "statement_id": row["id"], "seen_version": row["version"],
            "dosage_text": words.dosage, "why": f"FHIR: {access.grant.client_id}"[:200],
            "request_key": key_of(access, self._type, said), "now": access.now,
        }  # fmt: skip
        if not self._is_order:
            medications.change_medicine(
                **about, drug_text=words.drug.text, rxcui=words.drug.rxcui, started_on=words.started_on,
                status=medications.Status(words.status), ended_on=words.ended_on, reason_text=words.reason,
            )  # fmt: skip
            return
        if (words.drug.text, words.drug.rxcui) != (row["drug_text"], row["code_sent"]):
            raise failed(
                422, "business-rule", "An order keeps its medicine. Stop it, then prescribe another.",
                at="MedicationRequest.medication[x]",
            )  # fmt: skip
        status = _ORDER_STATUS[words.status]
        _checked(
            lambda: medications.change_order(
                **about, status=status, quantity_text=words.quantity, refills=words.repeats, overrides={}
            )
        )

    def _words(self, access: Access, said: Resource) -> Words:
        return _order_words(access, said) if self._is_order else _statement_words(access, said)


REQUESTS = Medicines(medications.StatementKind.ORDER)
STATEMENTS = Medicines(medications.StatementKind.STATEMENT)
_ORDER_STATUS = {
    "active": medications.Status.ACTIVE, "on-hold": medications.Status.ON_HOLD,
    "cancelled": medications.Status.STOPPED, "stopped": medications.Status.STOPPED,
    "completed": medications.Status.COMPLETED, "draft": medications.Status.INTENDED,
    "entered-in-error": medications.Status.ENTERED_IN_ERROR, "unknown": medications.Status.UNKNOWN,
}  # fmt: skip


def _checked(decide: Callable[[], medications.StatementView]) -> medications.StatementView:
    """What the rules say against it goes to the client in words; a reason is given in the clinic's pages."""
    try:
        return decide()
    except medications.ReasonNeeded as refusal:
        found = (each for each in refusal.check.findings if each.needs_reason)
        words = (f"{each.kind}, {each.severity}: {each.mechanism.get('en', '')}" for each in found)
        issues = [Issue("business-rule", text, "MedicationRequest.medication[x]") for text in words]
        raise Failed(422, tuple(issues)) from refusal


# -- what allergies share --


def sender_of(access: Access) -> str:
    return f"fhir:{access.grant.client_id}"[:56]


def said_at(access: Access, before: Mapping[str, Any] | None) -> datetime:
    """Now; never before what it corrects, whatever another server's clock said."""
    return max(access.now, before["said_at"]) if before else access.now


def external_id_of(kind: str, said: Resource) -> str:
    """The source's own name for it: its first identifier; without one, each that comes is a new one."""
    for each in mappings(said.get("identifier")):
        if value := text_of(each.get("value")).strip():
            return f"{kind}?{text_of(each.get('system'))}|{value}"[:200]
    return str(new_id())


def repeated(key: UUID, said: Resource) -> Stored:
    """Said once more under the same identifier: the same words are the same resource."""
    if not documents.says(key, said):
        raise failed(409, "duplicate", "It is known under this identifier. Update it instead.")
    return Stored(key=key, beside=True, existed=True)


def own_words(access: Access, row: Mapping[str, Any]) -> None:
    if row["system"] != sender_of(access):
        raise failed(409, "business-rule", "This came from another source, which alone changes its words.")


def patient_of(access: Access, said: Resource) -> PersonId:
    found = documents.person_of(said, base=access.base)
    if found is None:
        raise failed(422, "required", "It needs its patient, by reference.")
    return found


def same_patient(access: Access, person_id: PersonId, said: Resource) -> None:
    if not identity.same_person(patient_of(access, said), person_id):
        raise failed(422, "business-rule", "It stays with its patient.")


def key_of(access: Access, kind: str, said: Resource) -> str:
    """A repeat under the same X-Request-Id is the same write; entries of one Bundle are several."""
    digest = blake2b(wire.dump(said), digest_size=16).hexdigest()
    return f"{kind}:{digest}:{access.request_id or new_id()}"


def concept_words(concept: Any, *, at: str) -> Drug:
    """The words of a coded drug or substance, and RxNorm's code where it is given."""
    codings = mappings(mapping(concept).get("coding"))
    rxnorm = next((each for each in codings if each.get("system") == RXNORM and each.get("code")), {})
    names = (text_of(each.get("display")) for each in (rxnorm, *codings))
    text = text_of(mapping(concept).get("text")) or next((name for name in names if name), "")
    text = text.strip() or next((text_of(each.get("code")) for each in (rxnorm, *codings)), "").strip()
    if not text:
        raise failed(422, "required", "It needs a name or a code.", at=at)
    if len(text) > _LONGEST or len(text_of(rxnorm.get("code"))) > 20:
        raise failed(422, "too-long", f"A name has at most {_LONGEST} characters here.", at=at)
    return Drug(text=text, rxcui=text_of(rxnorm.get("code")))


def day_of(value: Any) -> date | None:
    """A whole day; a year or a month is none, and stays in the document."""
    text = text_of(value)[:10]
    return date.fromisoformat(text) if len(text) == 10 else None


def first_words(concepts: Any) -> str:
    for each in mappings(concepts):
        found = text_of(each.get("text")) or next(
            (text for c in mappings(each.get("coding")) if (text := text_of(c.get("display")))), ""
        )
        if found:
            return found[:300]
    return ""


def _drug(access: Access, said: Resource) -> Drug:
    kind = said["resourceType"]
    if "medicationCodeableConcept" in said:
        at = f"{kind}.medicationCodeableConcept"
        return concept_words(said["medicationCodeableConcept"], at=at)
    at = f"{kind}.medicationReference"
    return concept_words(_medication(access, said, at).get("code"), at=at)


def _medication(access: Access, said: Resource, at: str) -> Resource:
    name = text_of(mapping(said.get("medicationReference")).get("reference"))
    if name.startswith("#"):
        inner = (each for each in mappings(said.get("contained")) if each.get("id") == name[1:])
        return next((each for each in inner if each.get("resourceType") == "Medication"), {})
    kind, key = named(name.split("/_history/")[0], base=access.base)
    definition = registry().find("Medication")
    found = None
    if kind == "Medication" and definition is not None and access.rules(kind, "r"):
        found = running.read(access, definition, key)
    if found is None:
        raise failed(422, "not-found", "There is no such Medication.", at=at)
    return found.resource


def _statement_words(access: Access, said: Resource) -> Words:
    period = mapping(said.get("effectivePeriod"))
    return Words(
        drug=_drug(access, said), status=said["status"],
        dosage=_dosage(said.get("dosage"), "MedicationStatement.dosage"),
        started_on=day_of(said.get("effectiveDateTime")) or day_of(period.get("start")),
        ended_on=day_of(period.get("end")), reason=first_words(said.get("reasonCode")),
    )  # fmt: skip


def _order_words(access: Access, said: Resource) -> Words:
    if said["intent"] != "order":
        raise failed(
            422, "business-rule", "Orders are kept here. What is only planned or proposed is none.",
            at="MedicationRequest.intent",
        )  # fmt: skip
    dispense = mapping(said.get("dispenseRequest"))
    return Words(
        drug=_drug(access, said), status=said["status"],
        dosage=_dosage(said.get("dosageInstruction"), "MedicationRequest.dosageInstruction"),
        started_on=day_of(said.get("authoredOn")), ended_on=None,
        reason=first_words(said.get("reasonCode")),
        prescriber=text_of(mapping(said.get("requester")).get("display"))[:200],
        quantity=amount_words(mapping(dispense.get("quantity")))[:60],
        repeats=_repeats(dispense.get("numberOfRepeatsAllowed")),
    )  # fmt: skip


def _repeats(value: Any) -> int | None:
    if isinstance(value, int) and not 0 <= value <= 99:
        raise failed(
            422, "value", "At most 99 repeats are kept here.",
            at="MedicationRequest.dispenseRequest.numberOfRepeatsAllowed",
        )  # fmt: skip
    return value if isinstance(value, int) else None


def _dosage(said: Any, at: str) -> str:
    """Never cut: half a dosage is another one."""
    words = dosage_words(mappings(said))
    if len(words) > _LONGEST:
        raise failed(422, "too-long", f"A dosage has at most {_LONGEST} characters here.", at=at)
    return words


def _site_of(access: Access) -> SiteId:
    """Where a clinician prescribes: the client's site, or the only one they work at."""
    sites = {SiteId(s) for s in (*access.actor.site_ids, *(s for _, s in access.actor.grants if s))}
    if access.grant.site_id is not None:
        sites = {access.grant.site_id}
    at = [each for each in sites if Role.CLINICIAN in access.actor.roles_at(each)]
    if not at:
        raise failed(403, "forbidden", "Clinicians prescribe, at a site where they work.")
    if len(at) > 1:
        raise failed(422, "business-rule", "It cannot be told at which site this is prescribed.")
    return at[0]
