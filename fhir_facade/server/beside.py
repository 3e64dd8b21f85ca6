"""What a client said about a resource that an app owns, laid over what the app knows.

An app keeps what it works with; FHIR allows more: extensions, partial dates, contained resources, a second
address. So the document stays as it was written, beside what the app made of it at that moment. An element is
shown as it was written for as long as the app says of it what it said then; once the app says something else
(a corrected value, a moved visit), the app's word counts. What the app has no column for stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_facade.server import wire
from fhir_facade.server.wire import Resource
from steadwell.relations import Sql

# The server's own, whatever was sent.
_OWN = frozenset({"resourceType", "id", "meta"})


def joined(head: str, start: Sql) -> Sql:
    """The rows with their document, where there is one."""
    inner = Sql(head) + start
    return (
        Sql("SELECT s.*, b.body AS beside_body, b.mapped AS beside_mapped FROM (")
        + inner
        + Sql(") s LEFT JOIN fhir_facade_document b ON b.id = s.id AND b.beside")
    )


def together(resource: Resource, row: Mapping[str, Any]) -> Resource:
    if not row.get("beside_body"):
        return resource
    return laid_over(resource, wire.read_stored(row["beside_body"]), wire.read_stored(row["beside_mapped"]))


def laid_over(now: Resource, said: Resource, then: Resource) -> Resource:
    """``now`` is what the app says, ``then`` what it said when ``said`` was written."""
    made = {name: value for name, value in now.items() if name in _OWN}
    for name, value in said.items():
        plain = name.removeprefix("_")
        if name in _OWN:
            continue
        if _group(plain, now) == _group(plain, then):
            made[name] = value
    for name, value in now.items():
        if name not in made and (_group(name, now) != _group(name, then)):
            made[name] = value
    meta = {**said.get("meta", {}), **now.get("meta", {})}
    return {"resourceType": now["resourceType"], "id": now["id"], "meta": meta, **{
        name: value for name, value in made.items() if name not in _OWN
    }}  # fmt: skip


def _group(name: str, resource: Resource) -> list[tuple[str, Any]]:
    """An element with the other forms of the same choice: a value that became absent changed as well."""
    stem = next((each for each in ("value", "effective", "deceased", "occurrence") if name.startswith(each)), name)
    names = [n for n in resource if n == name or (stem != name and n.startswith(stem))]
    return sorted((n, wire.text(resource[n])) for n in names)
