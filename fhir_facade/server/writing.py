"""Writes over the API: one transaction each, in the order of every write here (DESIGN 4).

What a type's ``Writer`` does with it is the app's business or the documents'; what holds for all of them is
here: scopes are checked again on the row that was written, versions are compared inside the UPDATE, a version
with its author is kept, and the act is audited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fhir_facade.consents import deciding, masking
from fhir_facade.server import auditing, documents, validation, wire
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import Failed, failed, gone, not_found
from fhir_facade.server.registry import Definition, Origin
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored, Writer
from steadwell.relations import Sql

MAX_BYTES = 4 * 2**20
DOCUMENTS = "documents"  # the origin of what no app owns


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """``status`` 201, 200 or 204; ``resource`` as it reads now, None after a deletion."""

    status: int
    type: str
    key: str
    version: str = ""
    updated: datetime | None = None
    resource: Resource | None = None
    versioned: bool = True  # its versions can be read

    @property
    def location(self) -> str:
        version = self.version if self.versioned else ""
        return f"{self.type}/{self.key}" + (f"/_history/{version}" if version else "")


def checked(definition: Definition, said: Resource) -> None:
    """400 for what is no FHIR, 422 for what breaks a rule."""
    if said.get("resourceType") != definition.type:
        raise failed(400, "invalid", f"This address takes {definition.type} resources.", at="resourceType")
    issues = validation.check(said)
    if issues:
        status = 400 if any(each.code == "structure" for each in issues) else 422
        raise Failed(status, tuple(issues))


def writer_of(definition: Definition, letter: str) -> Writer:
    wanted = {"c": "create", "u": "update", "d": "delete"}[letter]
    if definition.writer is None or wanted not in definition.interactions:
        raise failed(405, "not-supported", f"{definition.type} cannot be written in this way.")
    return definition.writer


def create(access: Access, definition: Definition, said: Resource) -> Written:
    """Make one. Its id is ours, whatever was sent."""
    access.need(definition.type, "c")
    writer = writer_of(definition, "c")
    checked(definition, said)
    said = {name: value for name, value in said.items() if name != "id"}
    with access.one_transaction():
        stored = writer.create(access, said)
        return _noted(
            access, definition, stored, said, "POST", letter="c", status=200 if stored.existed else 201
        )


def update(
    access: Access,
    definition: Definition,
    key: str,
    said: Resource,
    version: int | None,
    *,
    method: str = "PUT",
) -> Written:
    """The next version. The same content again is no new version. A deleted one comes back (201)."""
    access.need(definition.type, "u")
    writer = writer_of(definition, "u")
    if said.get("id") != key:
        raise failed(
            400, "invalid", "The id in the resource is not that of the address.", at=f"{definition.type}.id"
        )
    checked(definition, said)
    if access.grant.limited and masking.is_masked(said):
        raise failed(422, "business-rule", "Of what is masked here nothing can be said: send a patch.")
    with access.one_transaction():
        known = documents.find(definition.type, _uuid(key))
        now = running.read(access, definition, key, letter="u")
        if now is None:
            if known is None or not known.deleted:
                raise not_found()
        elif _same(now.resource, said) and version in {None, int(now.resource["meta"]["versionId"])}:
            same = _written(definition, now.resource, 200)
            return replace(same, resource=masking.own_words(access, definition, now))
        stored = writer.update(access, _uuid(key), said, version)
        status = 201 if known is not None and known.deleted else 200
        return _noted(access, definition, stored, said, method, letter="u", status=status)


def delete(access: Access, definition: Definition, key: str, version: int | None) -> Written:
    """Gone for readers; its versions stay. A second time is no failure."""
    access.need(definition.type, "d")
    writer = writer_of(definition, "d")
    with access.one_transaction():
        known = documents.find(definition.type, _uuid(key))
        if known is not None and known.deleted:
            return Written(status=204, type=definition.type, key=key)
        found = running.read(access, definition, key, letter="d")
        if found is None:
            if definition.was_deleted is not None and definition.was_deleted(access, key):
                return Written(status=204, type=definition.type, key=key)
            raise not_found()
        writer.delete(access, _uuid(key), version)
        auditing.record(access, "delete", definition.type, [found.person_id], entity=key)
    return Written(status=204, type=definition.type, key=key)


def _uuid(key: str) -> UUID:
    try:
        return UUID(key)
    except ValueError:
        raise not_found() from None


def _same(now: Resource, said: Resource) -> bool:
    return _content(now) == _content(said)


def _content(resource: Resource) -> bytes:
    """Without what the server says about it."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}}
    return wire.dump({**{k: resource[k] for k in sorted(resource) if k != "meta"}, "meta": meta})


def _noted(
    access: Access,
    definition: Definition,
    stored: Stored,
    said: Resource,
    method: str,
    *,
    letter: str,
    status: int,
) -> Written:
    """Read back what was written: only a row that the token may write stays written."""
    origin = _origin(definition, stored)
    tail = Sql(" AND t.id = %s", (stored.key,))
    person = origin.person or "NULL"
    found = running.read_rows(access, definition, _alone(origin), letter, person, tail, by_key=True)
    now = found.get(str(stored.key))
    if now is None:
        raise failed(403, "forbidden", "The token's scopes do not reach what this would write.")
    resource = now.resource
    if stored.beside:
        resource = documents.keep_beside(
            access, stored.key, said, now.resource, now.person_id, method=method, decides=origin.decides
        )
    auditing.record(
        access,
        {"POST": "create", "PUT": "update", "PATCH": "update"}[method],
        definition.type,
        [now.person_id],
        entity=str(stored.key),
    )
    shown = masking.own_words(access, definition, replace(now, resource=resource))
    return replace(_written(definition, resource, status), resource=shown)


def _origin(definition: Definition, stored: Stored) -> Origin:
    named = (each for each in definition.origins if each.beside == stored.beside)
    return next(each for each in named if stored.beside or each.name == DOCUMENTS)


def _alone(origin: Origin) -> Origin:
    """The app's own words, without the document beside them."""
    return replace(origin, beside=False) if origin.beside else origin


def as_written(definition: Definition, resource: Resource) -> Written:
    """One that was there already."""
    return _written(definition, resource, 200)


def _written(definition: Definition, resource: Resource, status: int) -> Written:
    meta = resource.get("meta", {})
    updated = meta.get("lastUpdated")
    return Written(
        status=status,
        type=definition.type,
        key=resource["id"],
        version=meta.get("versionId", ""),
        updated=datetime.fromisoformat(updated) if updated else None,
        resource=resource,
        versioned="vread" in definition.interactions,
    )


def gone_or_missing(definition: Definition, key: str, *, access: Access) -> Failed:
    """For an id that is not found: 410 to whoever could have read it, else 404."""
    if definition.was_deleted is not None:
        return gone() if definition.was_deleted(access, key) else not_found()
    try:
        known = documents.find(definition.type, UUID(key))
    except ValueError:
        return not_found()
    if known is None or not known.deleted:
        return not_found()
    if not access.reads_everybody and known.person_id not in {None, *access.own_ids()}:
        return not_found()
    narrow = access.in_context_only(definition.type, "r") and definition.of_patients
    if narrow and known.person_id not in access.context_ids():
        return not_found()
    if deciding.hidden(access, definition.type, [deciding.Seen(person_id=known.person_id)]):
        return not_found()
    return gone()
