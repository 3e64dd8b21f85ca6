"""What the profiles of US Core 6.1.0 that are served want beside FHIR itself: what must be there.

A value that must be there and is not known is marked as absent, which counts as being there (item 84).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_facade.fhir_json import mapping, mappings
from fhir_facade.server.elements import US_CORE
from fhir_facade.server.indexing import at
from fhir_facade.server.outcome import Issue
from fhir_facade.server.wire import Resource

_OBSERVATIONS = "http://terminology.hl7.org/CodeSystem/observation-category"
_V2_0074 = "http://terminology.hl7.org/CodeSystem/v2-0074"
# Paths by the profile's name; of several with | between them one is enough.
_MANDATORY: Mapping[str, tuple[str, ...]] = {
    "us-core-patient": ("identifier", "name", "gender"),
    "us-core-relatedperson": ("active", "patient", "name|relationship"),
    "us-core-practitioner": ("identifier", "name", "name.family"),
    "us-core-practitionerrole": ("practitioner|organization|healthcareService|location",),
    "us-core-organization": ("active", "name"),
    "us-core-location": ("name",),
    "us-core-encounter": ("status", "class", "type", "subject"),
    "us-core-observation-lab": (
        "status", "category", "code", "subject", "value[x]|dataAbsentReason|component|hasMember",
    ),
    "us-core-diagnosticreport-lab": ("status", "category", "code", "subject"),
    "us-core-medicationrequest": ("status", "intent", "medication[x]", "subject"),
    "us-core-medication": ("code",),
    "us-core-allergyintolerance": ("code", "patient"),
    "us-core-servicerequest": ("status", "intent", "code", "subject"),
    "us-core-specimen": ("type",),
    "us-core-questionnaireresponse": ("questionnaire", "status", "subject", "authored"),
    "us-core-provenance": ("target", "recorded", "agent", "agent.who"),
}  # fmt: skip
# Categories of which one has to be this.
_CATEGORY = {
    "us-core-observation-lab": (_OBSERVATIONS, "laboratory"),
    "us-core-diagnosticreport-lab": (_V2_0074, "LAB"),
}
_REPORTED = frozenset({"partial", "preliminary", "final", "amended", "corrected", "appended"})
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
# Only in some states: the profile's element, its values, what is needed then (us-core-8, -9 and -21).
_THEN: Mapping[str, tuple[str, frozenset[str], tuple[str, ...]]] = {
    "us-core-diagnosticreport-lab": ("status", _REPORTED, ("effective[x]", "issued")),
    "us-core-medicationrequest": ("intent", _ORDERS, ("requester",)),
}


# The names of elements that a resource of a profile has, by the profile's URL.
_WANTED: Mapping[str, frozenset[str]] = {
    f"{US_CORE}{name}": frozenset(paths) | frozenset(_THEN.get(name, ("", "", ()))[2])
    for name, paths in _MANDATORY.items()
}


def wanted_of(resource: Resource) -> frozenset[str]:
    """What a resource has to have by the profiles that it says it keeps to."""
    several = resource["meta"].get("profile", ())
    return frozenset().union(*(_WANTED.get(each, frozenset()) for each in several))


def check(resource: Resource, profile: str) -> Iterator[Issue]:
    """What a resource lacks for a profile; of a profile without rules here, nothing."""
    kind, name = resource["resourceType"], profile.partition("|")[0].removeprefix(US_CORE)
    for each in (*_MANDATORY.get(name, ()), *_conditional(resource, name)):
        if not any(_is_there(resource, path) for path in each.split("|")):
            yield Issue("required", f"{name} needs {each.replace('|', ' or ')}.", kind)
    wanted = _CATEGORY.get(name)
    if wanted and not any((c.get("system"), c.get("code")) == wanted for c in _categories(resource)):
        yield Issue("code-invalid", f"{name} needs the category {wanted[1]}.", f"{kind}.category")


def _conditional(resource: Resource, name: str) -> tuple[str, ...]:
    element, values, needed = _THEN.get(name, ("", frozenset(), ()))
    return needed if resource.get(element) in values else ()


def _is_there(resource: Resource, path: str) -> bool:
    *parents, last = path.split(".")
    return any(True for name in (last, f"_{last}") for _ in at(resource, ".".join((*parents, name))))


def _categories(resource: Resource) -> Iterator[dict[str, Any]]:
    for each in mappings(resource.get("category")):
        yield from mappings(mapping(each).get("coding"))
