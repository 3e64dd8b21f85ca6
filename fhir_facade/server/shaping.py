"""Less of a resource: ``_summary`` and ``_elements``, marked as less by a tag."""

from __future__ import annotations

from collections.abc import Collection

from fhir_facade.server import definitions
from fhir_facade.server.wire import Resource

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED",
}  # fmt: skip
_ALWAYS = frozenset({"resourceType", "id", "meta"})


def shaped(resource: Resource, *, summary: str = "false", elements: Collection[str] = ()) -> Resource:
    """What must be there stays, so that the rest is still a resource of its type."""
    kind = resource["resourceType"]
    if elements:
        keep = frozenset(elements) | set(definitions.required(kind))
    elif summary == "true":
        keep = definitions.summary(kind) | set(definitions.required(kind))
    elif summary == "text":
        keep = frozenset({"text"}) | set(definitions.required(kind))
    elif summary == "data":
        keep = frozenset(resource) - {"text"}
    else:
        return resource
    known = definitions.children(kind)
    made = {
        name: value
        for name, value in resource.items()
        if name in _ALWAYS or name in keep or name.removeprefix("_") in keep or _choice(name, known) in keep
    }
    meta = made.get("meta", {})
    return {**made, "meta": {**meta, "tag": [*meta.get("tag", []), SUBSETTED]}}


def _choice(name: str, known: object) -> str:
    element = known.get(name.removeprefix("_"))  # type: ignore[attr-defined]
    return str(element.name) if element is not None else name
