"""Patients written over the API go to identity, which says who they are."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.lab_patients import patient as as_sent
from fhir_facade.server import documents
from fhir_facade.server.access import Access
from fhir_facade.server.elements import short_name
from fhir_facade.server.outcome import failed, stale
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from steadwell.actor import Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from steadwell.relations import Sql

NUMBER = "record-number"


class Patients:
    """An EHR's patient is a source record of that EHR: the person is whoever identity links it to. An update
    says what is right from now on, in our own record.
    """

    def create(self, access: Access, said: Resource) -> Stored:
        if not access.actor.has(Role.SYSTEM) and not access.actor.is_staff:
            raise failed(403, "forbidden", "Patients are registered by systems and staff.")
        demographics, identifiers = _read(said, access)
        source = f"fhir:{access.grant.client_id}"[:60]
        external = next((f"{i.system}|{i.value}" for i in identifiers), str(new_id()))[:200]
        before = identity.find_standing(source=source, external_id=external)
        person_id = identity.register(
            actor=access.actor, source=source, external_id=external, demographics=demographics,
            identifiers=identifiers, now=access.now,
        )  # fmt: skip
        return Stored(key=person_id, beside=True, existed=before is not None)

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        person_id = PersonId(key)
        documents.lock("Patient", key, now=access.now)
        rows = identity.describe_person_rows(actor=access.actor)
        now = running.fetch(Sql("SELECT t.version FROM (") + rows + Sql(") t WHERE t.id = %s", (key,)))
        if version is not None and now and now[0][0] != version:
            raise stale(str(now[0][0]))
        known = identity.get_detail(actor=access.actor, person_id=person_id, now=access.now)
        demographics, identifiers = _read(said, access)
        identity.update_demographics(
            actor=access.actor, person_id=person_id, demographics=demographics, identifiers=identifiers,
            expected_version=known.shown.version, reason=f"FHIR: {access.grant.client_id}"[:200],
            now=access.now,
        )  # fmt: skip
        return Stored(key=key, beside=True)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "A patient is never deleted.")


WRITER = Patients()


def _read(said: Resource, access: Access) -> tuple[identity.Demographics, tuple[identity.Identifier, ...]]:
    sender = f"fhir:{access.grant.client_id}"
    found = as_sent(said, {}, sender)
    if found is None or not (found.demographics.family_name or found.demographics.given_name):
        raise failed(422, "required", "A patient needs a name here.", at="Patient.name")
    numbers = tuple(
        replace(each, system=short_name(each.system))
        for each in found.identifiers
        if short_name(each.system) != NUMBER  # ours to give
    )
    demographics = replace(
        found.demographics, language=_language(said), birth_date=_whole_date(said.get("birthDate"))
    )
    return demographics, numbers


def _language(said: Resource) -> str:
    for each in mappings(said.get("communication")):
        for coding in mappings(mapping(each.get("language")).get("coding")):
            code = text_of(coding.get("code"))
            if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", code):
                return code[:10]
    return "en"


def _whole_date(value: Any) -> date | None:
    """A year or a month is no birth date to match by; it stays in the document."""
    text = text_of(value)
    return date.fromisoformat(text) if len(text) == 10 else None
