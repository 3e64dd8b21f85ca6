"""The documents themselves: made, replaced, deleted; each step a version with its author."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from fhir_facade.server import beside, definitions, indexing, wire
from fhir_facade.server.access import Access
from fhir_facade.server.models import Document, DocumentVersion, SearchValue
from fhir_facade.server.outcome import failed, not_found, stale
from fhir_facade.server.registry import registry
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from steadwell import prepared
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id

_REPLACE = """
UPDATE fhir_facade_document SET version = version + 1, deleted = %(deleted)s, person_id = %(person)s,
  written_at = %(now)s, client_id = %(client)s
WHERE id = %(id)s AND type = %(type)s AND NOT beside AND (%(version)s::int IS NULL OR version = %(version)s)
RETURNING version
"""


@dataclass(frozen=True, slots=True)
class Known:
    version: int
    deleted: bool
    beside: bool
    person_id: UUID | None
    client_id: str


def find(kind: str, key: UUID) -> Known | None:
    row = (
        Document.objects.filter(pk=key, type=kind)
        .values_list("version", "deleted", "beside", "person_id", "client_id")
        .first()
    )
    return Known(*row) if row else None


@dataclass(frozen=True, slots=True)
class Documents:
    """The writer of types that no app owns."""

    type: str

    def create(self, access: Access, said: Resource) -> Stored:
        key = access.key_for_next or new_id()
        access.key_for_next = None
        person_id = person_of(said, base=access.base)
        resource = stamped(said, key, 1, access, source=source_of(access, said))
        Document.objects.bulk_create(
            [
                Document(
                    id=key,
                    type=self.type,
                    version=1,
                    person_id=person_id,
                    written_at=access.now,
                    client_id=access.grant.client_id,
                    body=wire.text(resource),
                )
            ]
        )
        _index(self.type, resource, key, access, is_new=True)
        add_version(access, key, 1, "POST", resource, person_id)
        return Stored(key=key)

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        person_id = person_of(said, base=access.base)
        number = self._replace(access, key, version, person_id, deleted=False)
        resource = stamped(said, key, number, access, source=source_of(access, said))
        Document.objects.filter(pk=key).update(body=wire.text(resource))
        _index(self.type, resource, key, access, is_new=False)
        add_version(access, key, number, "PUT", resource, person_id)
        return Stored(key=key)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        known = find(self.type, key)
        person_id = known.person_id if known else None
        number = self._replace(access, key, version, person_id, deleted=True)
        SearchValue.objects.filter(document_id=key).delete()
        add_version(access, key, number, "DELETE", None, person_id)

    def _replace(
        self, access: Access, key: UUID, version: int | None, person_id: UUID | None, *, deleted: bool
    ) -> int:
        """The version is compared where it is changed: of two writers who saw the same one, one is stale."""
        values: dict[str, Any] = {
            "id": key,
            "type": self.type,
            "version": version,
            "person": person_id,
            "deleted": deleted,
            "now": access.now,
            "client": access.grant.client_id,
        }
        with connection.cursor() as cursor:
            cursor.execute(_REPLACE, values)
            row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        known = find(self.type, key)
        if known is None or known.beside:
            raise not_found()
        raise stale(str(known.version))


def stamped(said: Resource, key: UUID, version: int, access: Access, *, source: str) -> Resource:
    meta = {**said.get("meta", {}), "versionId": str(version), "lastUpdated": wire.instant(access.now)}
    if source:
        meta["source"] = source
    rest = {name: value for name, value in said.items() if name not in {"resourceType", "id", "meta"}}
    return {"resourceType": said["resourceType"], "id": str(key), "meta": meta, **rest}


def source_of(access: Access, said: Resource) -> str:
    """Where it came from: as the client says, else the client itself."""
    own = said.get("meta", {}).get("source")
    return own if isinstance(own, str) else f"urn:steadwell:client:{access.grant.client_id}".replace(" ", "-")


def person_of(said: Resource, *, base: str) -> PersonId | None:
    """In whose compartment it is: the first patient that its type's compartment parameters name. 422 when
    there is no such patient.
    """
    if said["resourceType"] == "Group":
        return None  # it names many, and is none of theirs
    definition = registry().find(said["resourceType"])
    names = {*definitions.patient_params(said["resourceType"]), "patient", "subject"}
    for param in definition.params if definition else ():
        if param.name not in names:
            continue
        for path in param.paths:
            for value in indexing.at(said, path):
                found = _patient(value, base)
                if found is not None:
                    return found
    return None


def _patient(value: Any, base: str) -> PersonId | None:
    text = str(value.get("reference", "")) if isinstance(value, dict) else ""
    kind, _, key = text.removeprefix(f"{base}/").partition("/")
    if kind != "Patient":
        return None
    try:
        person_id = PersonId(UUID(key.split("/")[0]))
        identity.current_person(person_id)
    except (ValueError, NotFound):
        raise failed(422, "not-found", "It is about a patient who is not known here.") from None
    return person_id


def _index(kind: str, resource: Resource, key: UUID, access: Access, *, is_new: bool) -> None:
    definition = registry().find(kind)
    if not is_new:
        SearchValue.objects.filter(document_id=key).delete()
    if definition is not None:
        SearchValue.objects.bulk_create(indexing.values(definition.params, resource, key, base=access.base))


_VERSION = """
INSERT INTO fhir_facade_documentversion (entity_id, version, supersedes, valid_from, valid_to, recorded_at,
  recorded_by, recorded_role, reason, source, type, method, person_id, client_id, body)
VALUES (%(entity)s, %(version)s, %(supersedes)s, %(now)s, NULL, %(now)s, %(by)s, %(role)s, '', %(source)s,
  %(type)s, %(method)s, %(person)s, %(client)s, %(body)s)
ON CONFLICT (entity_id, version) DO NOTHING
"""


def add_version(
    access: Access,
    key: UUID,
    version: int,
    method: str,
    resource: Resource | None,
    person_id: UUID | None,
    *,
    kind: str = "",
) -> None:
    """The version, unless it is there already: what an app did not count as a new one is none here."""
    values: dict[str, Any] = {
        "entity": key,
        "version": version,
        "supersedes": version - 1 or None,
        "now": access.now,
        "by": access.grant.user_id,
        "role": ",".join(sorted(access.actor.roles))[:64],
        "source": access.grant.client_id[:100],
        "type": kind or (resource["resourceType"] if resource else find_type(key)),
        "method": method,
        "person": person_id,
        "client": access.grant.client_id,
        "body": wire.text(resource) if resource else "",
    }
    with prepared.cursor() as cursor:
        cursor.execute(_VERSION, values)


def find_type(key: UUID) -> str:
    return Document.objects.values_list("type", flat=True).get(pk=key)


_BESIDE = """
INSERT INTO fhir_facade_document (id, type, version, deleted, beside, person_id, written_at, client_id, body,
  mapped)
VALUES (%(id)s, %(type)s, %(version)s, false, true, %(person)s, %(now)s, %(client)s, %(body)s, %(mapped)s)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, person_id = excluded.person_id,
  written_at = excluded.written_at, client_id = excluded.client_id, body = excluded.body,
  mapped = excluded.mapped
"""


def keep_beside(
    access: Access,
    key: UUID,
    said: Resource,
    mapped: Resource,
    person_id: UUID | None,
    *,
    method: str,
    decides: frozenset[str],
) -> Resource:
    """Keep what was said of an app's resource; answers how it reads now."""
    version = int(mapped["meta"]["versionId"])
    meta = {k: v for k, v in said.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}}
    body = {**said, "id": str(key), "meta": {**meta, "source": source_of(access, said)}}
    values: dict[str, Any] = {
        "id": key,
        "type": mapped["resourceType"],
        "version": version,
        "person": person_id,
        "now": access.now,
        "client": access.grant.client_id,
        "body": wire.text(body),
        "mapped": wire.text(mapped),
    }
    with prepared.cursor() as cursor:
        cursor.execute(_BESIDE, values)
    resource = beside.laid_over(mapped, body, mapped, decides)
    add_version(access, key, version, method, resource, person_id)
    return resource


def index_beside(access: Access, kind: str, key: UUID, said: Resource) -> None:
    """By what a client said of an app's resource it is found, too (kept.beside_too): in the transaction that
    keeps the document beside it.
    """
    _index(kind, {**said, "meta": {**said.get("meta", {}), "source": source_of(access, said)}}, key, access,
           is_new=False)  # fmt: skip


def index_words(
    access: Access, kind: str, key: UUID, said: Resource, names: tuple[str, ...], *, is_new: bool
) -> None:
    """The same by these parameters only: those that the app has no word for (kept.words_beside)."""
    definition = registry().find(kind)
    params = [p for p in map(definition.param, names) if p] if definition else []
    if not is_new:
        SearchValue.objects.filter(document_id=key).delete()
    found = indexing.values(params, said, key, base=access.base)
    SearchValue.objects.bulk_create([each for each in found if each.param in names])


def says(key: UUID, said: Resource) -> bool:
    """Whether just this is what a client said of a resource last."""
    body = Document.objects.filter(pk=key).values_list("body", flat=True).first()
    return body is not None and _content(wire.read_stored(body)) == _content(said)


def _content(resource: Resource) -> bytes:
    return wire.dump({name: resource[name] for name in sorted(resource) if name not in {"id", "meta"}})


def versions_of(key: UUID) -> Iterable[DocumentVersion]:
    return DocumentVersion.objects.filter(entity_id=key).order_by("-version")


_LOCK = """
INSERT INTO fhir_facade_conditionclaim (type, digest, taken_at) VALUES (%s, %s, %s)
ON CONFLICT (type, digest) DO UPDATE SET taken_at = excluded.taken_at
"""


def lock(access: Access, kind: str, key: UUID) -> None:
    """Clients who write one resource of an app come one after the other: each sees the version before."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [kind, key.bytes, access.now])
