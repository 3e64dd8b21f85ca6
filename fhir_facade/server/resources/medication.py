"""Medication: a medicine as another system describes it (US Core). Our own lists name theirs by codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import US_CORE
from fhir_facade.server.kept import documents
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition, Kind, Param
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.storing import Value
from fhir_facade.server.wire import Resource
from steadwell.relations import FALSE, Sql

# Whose medicines name it. It is nobody's itself, and says what somebody takes all the same.
_NAMED = (
    ") d WHERE d.id::text IN (SELECT v.target_id FROM fhir_facade_searchvalue v"
    " JOIN fhir_facade_document b ON b.id = v.document_id AND b.person_id = ANY (%s)"
    " WHERE v.target_type = 'Medication' AND v.param = 'medication')"
)
PARAMS = (
    Param(name="code", kind=Kind.TOKEN, paths=("code",), url="clinical-code"),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="form", kind=Kind.TOKEN, paths=("form",)),
    Param(name="ingredient-code", kind=Kind.TOKEN, paths=("ingredient.itemCodeableConcept",)),
)
_KEPT = documents("Medication", PARAMS)


def _relation(access: Access) -> Sql:
    """To patients, those that their own medicines name."""
    rows = _KEPT.relation(access)
    if access.reads_everybody:
        return rows
    own = access.own_ids()
    none = Sql("SELECT d.* FROM (") + rows + Sql(") d WHERE ") + FALSE
    return Sql("SELECT d.* FROM (") + rows + Sql(_NAMED, (own,)) if own else none


class Medications(Documents):
    """Systems and clinicians describe medicines; a patient's own words go into a MedicationStatement."""

    def look(self, access: Access, said: Resource) -> Iterable[Value]:
        _may_write(access)
        return ()

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        _may_write(access)
        Documents.delete(self, access, key, version)


def _may_write(access: Access) -> None:
    if not access.reads_everybody:
        raise failed(403, "forbidden", "Medications are written by systems and clinicians.")


DEFINITION = Definition(
    type="Medication",
    origins=(replace(_KEPT, relation=_relation),),
    params=PARAMS,
    profiles=(f"{US_CORE}us-core-medication",),
    interactions=ALL,
    rev_includes=("Provenance:target", "MedicationRequest:medication", "MedicationStatement:medication"),
    writer=Medications("Medication"),
)
