"""Allergies written over the API: a source's word, or what patients and clinicians enter as in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.server import documents, sources
from fhir_facade.server.access import Access
from fhir_facade.server.medicine_words import Drug, concept_words, first_words
from fhir_facade.server.outcome import failed, not_found, stale
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from medications import service as medications
from steadwell.ids import PersonId
from steadwell.relations import Sql

CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_TYPE = "AllergyIntolerance"
_NOT_SO = ("entered-in-error", "refuted")


class Allergies:
    """The writer of AllergyIntolerance."""

    def create(self, access: Access, said: Resource) -> Stored:
        person_id = sources.patient_of(access, said)
        with medications.Joined():
            if access.actor.has(*sources.FILERS):
                stored = _file_new(access, person_id, said)
            else:
                stored = Stored(key=_add(access, person_id, said), beside=True)
        if not stored.existed:
            documents.index_beside(access, _TYPE, stored.key, said)
        return stored

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        documents.lock(_TYPE, key, now=access.now)
        row = _row(access, "t.id = %s", key)
        if row is None:
            raise not_found()
        if version is not None and version != row["version"]:
            raise stale(str(row["version"]))
        person_id = PersonId(row["person_id"])
        sources.same_patient(access, person_id, said)
        with medications.Joined():
            if access.actor.has(*sources.FILERS):
                sources.own_words(access, row)
                _file(access, person_id, row["external_id"], said, row)
            else:
                _change(access, row, said)
        documents.index_beside(access, _TYPE, key, said)
        return Stored(key=key, beside=True)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "An allergy is not deleted: update it to entered-in-error.")


WRITER = Allergies()


def _row(access: Access, where: str, *values: object) -> Mapping[str, Any] | None:
    rows = medications.describe_allergy_rows(actor=access.actor)
    found = running.fetch_dicts(Sql("SELECT t.* FROM (") + rows + Sql(f") t WHERE {where}", values))
    return found[0] if found else None


def _file_new(access: Access, person_id: PersonId, said: Resource) -> Stored:
    external_id = sources.external_id_of(_TYPE, said)
    where = "t.system = %s AND t.external_id = %s"
    known = _row(access, where, sources.sender_of(access), external_id)
    if known is not None:
        return sources.repeated(UUID(str(known["id"])), said)
    return Stored(key=_file(access, person_id, external_id, said, None), beside=True)


def _file(
    access: Access, person_id: PersonId, external_id: str, said: Resource, before: Mapping[str, Any] | None
) -> UUID:
    substance = _substance(said)
    incoming = medications.IncomingAllergy(
        source=medications.Source(access.grant.medicine_source), system=sources.sender_of(access),
        external_id=external_id, substance_text=substance.text, rxcui=substance.rxcui,
        said_at=sources.said_at(access, before),
        status_word=_status(said), reaction_text=_reaction(said), severity=_severity(said),
        site_id=access.grant.site_id, seen_version=before["version"] if before else None,
    )  # fmt: skip
    filed = medications.file_allergy(actor=access.actor, person_id=person_id, said=incoming, now=access.now)
    return filed.entity_id


def _add(access: Access, person_id: PersonId, said: Resource) -> UUID:
    if _status(said) != "active":
        raise failed(
            422, "business-rule", "What is new is active. Change it afterwards.", at=f"{_TYPE}.clinicalStatus"
        )
    substance = _substance(said)
    return medications.add_allergy(
        actor=access.actor, person_id=person_id, substance_text=substance.text, rxcui=substance.rxcui,
        reaction_text=_reaction(said), severity=_severity(said),
        request_key=sources.key_of(access, _TYPE, said), now=access.now,
    ).allergy_id  # fmt: skip


def _change(access: Access, row: Mapping[str, Any], said: Resource) -> None:
    substance = _substance(said)
    medications.change_allergy(
        actor=access.actor, allergy_id=row["id"], seen_version=row["version"],
        substance_text=substance.text, rxcui=substance.rxcui, reaction_text=_reaction(said),
        severity=_severity(said), status=_status(said), why=f"FHIR: {access.grant.client_id}"[:200],
        request_key=sources.key_of(access, _TYPE, said), now=access.now,
    )  # fmt: skip


def _substance(said: Resource) -> Drug:
    """What it is to: the code, else the substance that a reaction names."""
    of_reactions = (each.get("substance") for each in mappings(said.get("reaction")))
    concept = said.get("code") or next((each for each in of_reactions if each), None)
    found = concept_words(concept, at=f"{_TYPE}.code")
    if len(found.text) > 300:
        raise failed(422, "too-long", "A substance has at most 300 characters here.", at=f"{_TYPE}.code")
    return found


def _status(said: Resource) -> str:
    verified = _code(said.get("verificationStatus"), VERIFICATION)
    if verified in _NOT_SO:
        return verified
    return _code(said.get("clinicalStatus"), CLINICAL)


def _code(concept: Any, system: str) -> str:
    codings = mappings(mapping(concept).get("coding"))
    found = (text_of(each.get("code")) for each in codings if each.get("system") in {None, system})
    return next((each for each in found if each), "")


def _reaction(said: Resource) -> str:
    """What was seen, of all reactions, in words."""
    seen = [
        first_words([each]) for reaction in mappings(said.get("reaction"))
        for each in mappings(reaction.get("manifestation"))
    ]  # fmt: skip
    return ", ".join(each for each in dict.fromkeys(seen) if each)[:300]


def _severity(said: Resource) -> str:
    """The worst of them."""
    found = {text_of(each.get("severity")) for each in mappings(said.get("reaction"))}
    return next((each for each in ("severe", "moderate", "mild") if each in found), "")
