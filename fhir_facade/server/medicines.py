"""Medicines written over the API.

A system that sends them is a source of medications: its words are kept version by version, reconciled and
checked there (ADR 0156). A clinician prescribes, and a patient says what they take, as in the portal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from fhir_facade.server import documents, sources
from fhir_facade.server.access import Access
from fhir_facade.server.medicine_words import Words, order_words, statement_words
from fhir_facade.server.outcome import Failed, Issue, failed, not_found, stale
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from medications import service as medications
from steadwell.actor import Role
from steadwell.ids import PersonId, SiteId
from steadwell.relations import Sql


class Medicines:
    """The writer of MedicationRequest or MedicationStatement."""

    def __init__(self, kind: medications.StatementKind) -> None:
        self._kind = kind
        self._is_order = kind is medications.StatementKind.ORDER
        self._type = "MedicationRequest" if self._is_order else "MedicationStatement"

    def create(self, access: Access, said: Resource) -> Stored:
        person_id = sources.patient_of(access, said)
        words = self._words(access, said)
        with medications.Joined():
            if access.actor.has(*sources.FILERS):
                stored = self._file_new(access, person_id, said, words)
            else:
                stored = Stored(key=self._decide(access, person_id, said, words), beside=True)
        if not stored.existed:
            documents.index_beside(access, self._type, stored.key, said)
        return stored

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        documents.lock(self._type, key, now=access.now)
        row = self._row(access, "t.id = %s", key)
        if row is None:
            raise not_found()
        if version is not None and version != row["version"]:
            raise stale(str(row["version"]))
        sources.same_patient(access, PersonId(row["person_id"]), said)
        words = self._words(access, said)
        with medications.Joined():
            if access.actor.has(*sources.FILERS):
                sources.own_words(access, row)
                self._file(access, PersonId(row["person_id"]), row["external_id"], words, row)
            else:
                self._change(access, row, said, words)
        documents.index_beside(access, self._type, key, said)
        return Stored(key=key, beside=True)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "A medicine is not deleted: update it to entered-in-error.")

    # -- a source's word --

    def _file_new(self, access: Access, person_id: PersonId, said: Resource, words: Words) -> Stored:
        external_id = sources.external_id_of(self._type, said)
        where = "t.system = %s AND t.external_id = %s"
        known = self._row(access, where, sources.sender_of(access), external_id)
        if known is not None:
            return sources.repeated(UUID(str(known["id"])), said)
        return Stored(key=self._file(access, person_id, external_id, words, None), beside=True)

    def _file(
        self, access: Access, person_id: PersonId, external_id: str, words: Words,
        before: Mapping[str, Any] | None,
    ) -> UUID:  # fmt: skip
        said = medications.IncomingStatement(
            source=medications.Source(access.grant.medicine_source), system=sources.sender_of(access),
            external_id=external_id, kind=self._kind, drug_text=words.drug.text, rxcui=words.drug.rxcui,
            status_word=words.status, said_at=sources.said_at(access, before), dosage_text=words.dosage,
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
            "request_key": sources.key_of(access, self._type, said), "now": access.now,
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
            "request_key": sources.key_of(access, self._type, said), "now": access.now,
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
        return order_words(access, said) if self._is_order else statement_words(access, said)


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
