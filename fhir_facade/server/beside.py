"""What a client said about a resource that an app owns, laid over what the app knows.

An app keeps what it works with; FHIR allows more: extensions, partial dates, contained resources, a second
address. So the document stays as it was written, beside what the app made of it at that moment. An element is
shown as it was written for as long as the app says of it what it said then; once the app says something else
(a corrected value, a moved visit), the app's word counts. What the app has no column for stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_facade.server import profiles, wire
from fhir_facade.server.wire import Resource
from steadwell.relations import Sql

# The server's own, whatever was sent.
_OWN = frozenset({"resourceType", "id", "meta"})
_CHOICES = ("value", "effective", "deceased", "occurrence", "medication")


def joined(head: str, start: Sql) -> Sql:
    """The rows with their document, where there is one."""
    inner = Sql(head) + start
    return (
        Sql("SELECT s.*, b.body AS beside_body, b.mapped AS beside_mapped FROM (")
        + inner
        + Sql(") s LEFT JOIN fhir_facade_document b ON b.id = s.id AND b.beside")
    )


def together(resource: Resource, row: Mapping[str, Any], decides: frozenset[str] = frozenset()) -> Resource:
    if not row.get("beside_body"):
        return resource
    said, then = wire.read_stored(row["beside_body"]), wire.read_stored(row["beside_mapped"])
    return laid_over(resource, said, then, decides)


def laid_over(now: Resource, said: Resource, then: Resource, decides: frozenset[str]) -> Resource:
    """``now`` is what the app says, ``then`` what it said when ``said`` was written. Of the elements in
    ``decides`` the app alone has the say; identifiers of both are shown. What a profile wants and the client
    left out is the app's, and be it the mark that it is not known.
    """
    made = {
        name: value
        for name, value in said.items()
        if name not in _OWN
        and name.removeprefix("_") not in decides
        and _group(name.removeprefix("_"), now) == _group(name.removeprefix("_"), then)
    }
    shown = decides | profiles.wanted_of(now)
    for name, value in now.items():
        changed = _group(name, now) != _group(name, then)
        if name not in _OWN and name not in made and (changed or name in shown):
            made[name] = value
    if "identifier" in decides:
        made["identifier"] = _identifiers(said, now)
    meta = {**said.get("meta", {}), **now.get("meta", {})}
    return {"resourceType": now["resourceType"], "id": now["id"], "meta": meta, **made}


def _identifiers(said: Resource, now: Resource) -> list[Any]:
    """As the client wrote those that still hold, then the app's others."""
    known = [(each.get("system"), each.get("value")) for each in now.get("identifier", [])]
    kept = [
        each
        for each in said.get("identifier", [])
        if (each.get("system"), each.get("value")) in known or not each.get("system")
    ]
    shown = {(each.get("system"), each.get("value")) for each in kept}
    others = [e for e in now.get("identifier", []) if (e.get("system"), e.get("value")) not in shown]
    return [*kept, *others]


def _group(name: str, resource: Resource) -> list[tuple[str, Any]]:
    """An element with the other forms of the same choice: a value that became absent changed as well."""
    stem = next((each for each in _CHOICES if name.startswith(each)), name)
    names = [n for n in resource if n == name or (stem != name and n.startswith(stem))]
    return sorted((n, wire.text(resource[n])) for n in names)
