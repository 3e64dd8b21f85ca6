"""What writers of a source's words share: whose they are, under which name, and what may change them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server import documents, wire
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import Failed, failed
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from steadwell.actor import Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id

# Who files what a source says; everybody else decides by the rules of the portal.
FILERS = (Role.SYSTEM, Role.ADMINISTRATOR)


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
        raise not_theirs()


def not_theirs() -> Failed:
    return failed(409, "business-rule", "This came from another source, which alone changes its words.")


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
