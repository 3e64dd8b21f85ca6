"""Writes over the API: one transaction each, in the order of every write here (DESIGN 4).

What a type's ``Writer`` does with it is the app's business or the documents'; what holds for all of them is
here: scopes are checked again on the row that was written, versions are compared inside the UPDATE, a version
with its author is kept, and the act is audited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from fhir_facade.consents import deciding, masking
from fhir_facade.server import auditing, documents, validation, wire
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import Failed, failed, gone, naming, not_found
from fhir_facade.server.registry import Definition, Origin
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import New, Stored, Together, Writer
from steadwell.relations import Sql

_Each = TypeVar("_Each")
_Key = TypeVar("_Key")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """One that is to be made, found right. ``new`` is without an id: its id is ours, whatever was sent."""

    definition: Definition
    new: New


def prepare(
    access: Access, definition: Definition, said: Resource, *, key: UUID | None = None, at: str = ""
) -> Creation:
    """Before anything is written: whether it may be, and whether it is FHIR."""
    access.need(definition.type, "c")
    writer_of(definition, "c")
    checked(definition, said)
    plain = {name: value for name, value in said.items() if name != "id"}
    return Creation(definition=definition, new=New(said=plain, key=key, at=at))


def create(access: Access, definition: Definition, said: Resource) -> Written:
    creation = prepare(access, definition, said)
    with access.one_transaction():
        stored = writer_of(definition, "c").create(access, creation.new.said)
        return _noted(access, [(creation, stored)], "POST", letter="c")[0]


def together(definition: Definition) -> Together | None:
    """The writer of a type of which several are made at once."""
    writer: Any = definition.writer
    return writer if getattr(writer, "together", False) and "create" in definition.interactions else None


def create_several(access: Access, several: Sequence[Creation]) -> list[Written]:
    """All of them or none, with as many statements as one of each type: of types whose writer can."""
    with access.one_transaction():
        made: dict[int, Stored] = {}
        for writer, places in _by(several, lambda each: together(each.definition)):
            assert writer is not None  # noqa: S101 - whoever asks has looked
            stored = writer.create_several(access, [several[place].new for place in places])
            made.update(zip(places, stored, strict=True))
        pairs = [(each, made[place]) for place, each in enumerate(several)]
        return _noted(access, pairs, "POST", letter="c")


def _by(several: Sequence[_Each], key: Callable[[_Each], _Key]) -> list[tuple[_Key, list[int]]]:
    """Places by what they have in common, in the order in which that comes up."""
    found: list[tuple[_Key, list[int]]] = []
    for place, each in enumerate(several):
        own = key(each)
        known = next((places for other, places in found if other is own), None)
        if known is None:
            found.append((own, [place]))
        else:
            known.append(place)
    return found


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
        elif _is_known(access, now.resource, known, said, version):
            same = _written(definition, now.resource, 200)
            return replace(same, resource=masking.own_words(access, definition, now))
        stored = writer.update(access, _uuid(key), said, version)
        written = Creation(definition=definition, new=New(said=said))
        (noted,) = _noted(access, [(written, stored)], method, letter="u")
        return replace(noted, status=201 if known is not None and known.deleted else 200)


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


def _is_known(
    access: Access, now: Resource, known: documents.Known | None, said: Resource, version: int | None
) -> bool:
    """Whether it reads so already, or was last written so: what a server adds to it is no news."""
    number = now["meta"]["versionId"]
    if version is not None and str(version) != number:
        return False
    again = known is not None and str(known.version) == number and documents.repeats(access, known, said)
    return again or _content(now) == _content(said)


def _content(resource: Resource) -> bytes:
    """Without what the server says about it."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}}
    return wire.canonical({**resource, "meta": meta})


def _noted(
    access: Access, several: Sequence[tuple[Creation, Stored]], method: str, *, letter: str
) -> list[Written]:
    """Read back what was written: only a row that the token may write stays written."""
    read = _read_back(access, several, letter)
    _keep_beside(access, several, read, method)
    act = {"POST": "create", "PUT": "update", "PATCH": "update"}[method]
    auditing.record_several(
        access,
        [
            auditing.Act(act=act, kind=made.definition.type, person_id=found.person_id, entity=stored.key)
            for (made, stored), found in zip(several, read, strict=True)
        ],
    )
    return [
        replace(
            _written(made.definition, found.resource, 200 if stored.existed or letter == "u" else 201),
            resource=masking.own_words(access, made.definition, found),
        )
        for (made, stored), found in zip(several, read, strict=True)
    ]


def _read_back(
    access: Access, several: Sequence[tuple[Creation, Stored]], letter: str
) -> list[running.Found]:
    """One statement for each origin that has some of them."""
    rows: dict[int, running.Found] = {}
    for origin, places in _by(several, lambda each: _origin(each[0].definition, each[1])):
        definition = several[places[0]][0].definition
        keys = [several[place][1].key for place in places]
        one = Sql(" AND t.id = %s", (keys[0],))
        tail = one if len(keys) == 1 else Sql(" AND t.id = ANY (%s::uuid[])", (keys,))
        person = origin.person or "NULL"
        found = running.read_rows(access, definition, _alone(origin), letter, person, tail, by_key=True)
        rows |= {p: found[str(key)] for p, key in zip(places, keys, strict=True) if str(key) in found}
    for place, (made, _) in enumerate(several):
        if place not in rows:
            with naming(made.new.at):
                raise failed(403, "forbidden", "The token's scopes do not reach what this would write.")
    return [rows[place] for place in range(len(several))]


def _keep_beside(
    access: Access, several: Sequence[tuple[Creation, Stored]], read: list[running.Found], method: str
) -> None:
    """What a client said of what an app keeps: ``read`` becomes how that reads now."""
    places = [place for place, (_, stored) in enumerate(several) if stored.beside]
    if not places:
        return
    words = [
        documents.Words(
            key=several[place][1].key, said=several[place][0].new.said, mapped=read[place].resource,
            person_id=read[place].person_id, method=method,
            decides=_origin(several[place][0].definition, several[place][1]).decides,
        )
        for place in places
    ]  # fmt: skip
    for place, resource in zip(places, documents.keep_beside(access, words), strict=True):
        read[place] = replace(read[place], resource=resource)


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
