"""The documents themselves: made, replaced, deleted; each step a version with its author."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection

from fhir_facade.server import beside, definitions, indexing, storing, wire
from fhir_facade.server.access import Access
from fhir_facade.server.models import Document, DocumentVersion, SearchValue
from fhir_facade.server.outcome import Failed, failed, naming, not_found, stale
from fhir_facade.server.registry import registry
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import New, Stored
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
    body: str


def find(kind: str, key: UUID) -> Known | None:
    row = (
        Document.objects.filter(pk=key, type=kind)
        .values_list("version", "deleted", "beside", "person_id", "client_id", "body")
        .first()
    )
    return Known(*row) if row else None


@dataclass(frozen=True, slots=True)
class Documents:
    """The writer of types that no app owns."""

    type: str
    together: ClassVar[bool] = True  # several of a Bundle are made at once

    def create(self, access: Access, said: Resource) -> Stored:
        key, access.key_for_next = access.key_for_next, None
        return self.create_several(access, [New(said=said, key=key)])[0]

    def create_several(self, access: Access, several: Sequence[New]) -> list[Stored]:
        """Two statements, however many."""
        more = []
        for new in several:
            with naming(new.at):
                more.append(self.look(access, new.said))
        people = persons_of(access, several)
        made = [
            self._made(access, new, person_id, values)
            for new, person_id, values in zip(several, people, more, strict=True)
        ]
        storing.keep(access, made)
        return [Stored(key=each.key) for each in made]

    def _made(
        self, access: Access, new: New, person_id: PersonId | None, more: Iterable[storing.Value]
    ) -> storing.Kept:
        key = new.key or new_id()
        resource = stamped(new.said, key, 1, access, source=source_of(access, new.said))
        body = wire.text(resource)
        return storing.Kept(
            key=key, kind=self.type, version=1, method="POST", person_id=person_id, body=body, shown=body,
            values=_values(self.type, resource, key, access, more),
        )  # fmt: skip

    def look(self, access: Access, said: Resource) -> Iterable[storing.Value]:
        """What a type asks of its documents beyond FHIR; answers what they are found by beside their
        parameters' values.
        """
        return ()

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        more = self.look(access, said)
        person_id = person_of(said, base=access.base)
        number = self._replace(access, key, version, person_id, deleted=False)
        resource = stamped(said, key, number, access, source=source_of(access, said))
        Document.objects.filter(pk=key).update(body=wire.text(resource))
        _index_again(key, _values(self.type, resource, key, access, more))
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
    named = _named_patient(said, base)
    if named is not None:
        try:
            identity.current_person(named)
        except NotFound:
            raise _nobody() from None
    return named


def persons_of(access: Access, several: Sequence[New]) -> list[PersonId | None]:
    """The same of several, in one statement."""
    if len(several) == 1:
        with naming(several[0].at):
            return [person_of(several[0].said, base=access.base)]
    found: list[PersonId | None] = []
    for new in several:
        with naming(new.at):
            found.append(_named_patient(new.said, access.base))
    known = identity.ids_of_many({each for each in found if each is not None})
    for new, person_id in zip(several, found, strict=True):
        if person_id is not None and person_id not in known:
            with naming(new.at):
                raise _nobody()
    return found


def _named_patient(said: Resource, base: str) -> PersonId | None:
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
        return PersonId(UUID(key.split("/")[0]))
    except ValueError:
        raise _nobody() from None


def _nobody() -> Failed:
    return failed(422, "not-found", "It is about a patient who is not known here.")


def _values(
    kind: str, resource: Resource, key: UUID, access: Access, more: Iterable[storing.Value] = ()
) -> list[storing.Value]:
    """What it is found by."""
    definition = registry().find(kind)
    found = indexing.values(definition.params, resource, key, base=access.base) if definition else []
    return [*found, *({"document_id": key, "type": kind, **each} for each in more)]


def _index_again(key: UUID, values: Sequence[storing.Value]) -> None:
    SearchValue.objects.filter(document_id=key).delete()
    storing.add_values(values)


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
    """The version, unless it is there already. ``kind`` where there is no document of it."""
    values: dict[str, Any] = {
        **storing.author(access),
        "entity": key,
        "version": version,
        "supersedes": version - 1 or None,
        "type": kind or (resource["resourceType"] if resource else find_type(key)),
        "method": method,
        "person": person_id,
        "body": wire.text(resource) if resource else "",
    }
    with prepared.cursor() as cursor:
        cursor.execute(_VERSION, values)


def find_type(key: UUID) -> str:
    return Document.objects.values_list("type", flat=True).get(pk=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a client said of an app's resource, and what the app made of it (``mapped``)."""

    key: UUID
    said: Resource
    mapped: Resource
    person_id: UUID | None
    method: str
    decides: frozenset[str]


def keep_beside(access: Access, several: Sequence[Words]) -> list[Resource]:
    """Keep what was said of apps' resources; answers how they read now."""
    shown, kept = [], []
    for each in several:
        meta = {k: v for k, v in each.said.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}}
        source = source_of(access, each.said)
        body = {**each.said, "id": str(each.key), "meta": {**meta, "source": source}}
        resource = beside.laid_over(each.mapped, body, each.mapped, each.decides)
        shown.append(resource)
        kept.append(
            storing.Kept(
                key=each.key, kind=each.mapped["resourceType"], version=int(each.mapped["meta"]["versionId"]),
                method=each.method, person_id=each.person_id, body=wire.text(body), beside=True,
                mapped=wire.text(each.mapped), shown=wire.text(resource),
            )
        )  # fmt: skip
    storing.keep(access, kept)
    return shown


def index_beside(access: Access, kind: str, key: UUID, said: Resource) -> None:
    """By what a client said of an app's resource it is found, too (kept.beside_too): in the transaction that
    keeps the document beside it.
    """
    shown = {**said, "meta": {**said.get("meta", {}), "source": source_of(access, said)}}
    _index_again(key, _values(kind, shown, key, access))


def index_words(
    access: Access, kind: str, several: Iterable[tuple[UUID, Resource]], names: tuple[str, ...]
) -> None:
    """New ones by these parameters only: those that the app has no word for (kept.words_beside). One
    statement, and none where nothing of it was said.
    """
    definition = registry().find(kind)
    params = [p for p in map(definition.param, names) if p] if definition else []
    storing.add_values(
        [
            value
            for key, said in several
            for value in indexing.values(params, said, key, base=access.base)
            if value["param"] in names
        ]
    )


def index_words_again(access: Access, kind: str, key: UUID, said: Resource, names: tuple[str, ...]) -> None:
    """The same of one that may be known."""
    SearchValue.objects.filter(document_id=key).delete()
    index_words(access, kind, [(key, said)], names)


def says(key: UUID, said: Resource) -> bool:
    """Whether just this is what a client said of a resource last."""
    body = Document.objects.filter(pk=key).values_list("body", flat=True).first()
    return body is not None and _content(wire.read_stored(body)) == _content(said)


def repeats(access: Access, known: Known, said: Resource) -> bool:
    """Whether just this, from the same source, was said last. Whoever asks knows that no app has changed it
    since.
    """
    if known.deleted:
        return False
    before = wire.read_stored(known.body)
    source = source_of(access, said)
    return (
        source == before["meta"].get("source")
        and _content(before) == _content(said)
        and _labels(before) == _labels(said)
    )


def _content(resource: Resource) -> bytes:
    return wire.canonical({name: value for name, value in resource.items() if name not in {"id", "meta"}})


def _labels(resource: Resource) -> bytes:
    """What a client says of it in its meta, but for its source."""
    ours = {"versionId", "lastUpdated", "source"}
    return wire.canonical({n: v for n, v in resource.get("meta", {}).items() if n not in ours})


def versions_of(key: UUID) -> Iterable[DocumentVersion]:
    return DocumentVersion.objects.filter(entity_id=key).order_by("-version")


_LOCK = """
INSERT INTO fhir_facade_conditionclaim (type, digest, taken_at) VALUES (%s, %s, %s)
ON CONFLICT (type, digest) DO UPDATE SET taken_at = excluded.taken_at
"""


def lock(kind: str, key: UUID, *, now: datetime) -> None:
    """Clients who write one resource of an app come one after the other: each sees the version before."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [kind, key.bytes, now])
