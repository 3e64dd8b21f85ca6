"""FHIR's invariants, by the key that the specification gives them, for the types that are used here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fhir_facade.fhir_json import mapping
from fhir_facade.server import form_rules
from fhir_facade.server.outcome import Issue
from fhir_facade.server.wire import Resource

Check = Callable[[dict[str, Any]], bool]


def check(resource: Resource) -> Iterator[Issue]:
    kind = resource["resourceType"]
    yield from _broken(_RULES.get(kind, ()), resource, kind)
    if kind == "Questionnaire":
        yield from form_rules.check(resource)
    yield from _domain(resource, kind)
    yield from _within(resource, kind, resource)


def of_bundle(bundle: Resource) -> Iterator[Issue]:
    """Its own alone: each entry is looked at where it is written."""
    yield from _broken(_RULES["Bundle"], bundle, "Bundle")


def _broken(rules: tuple[tuple[str, Check, str], ...], said: dict[str, Any], at: str) -> Iterator[Issue]:
    for key, holds, words in rules:
        if not holds(said):
            yield Issue("invariant", f"{key}: {words}", at)


def _each(said: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = said.get(name)
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, dict)]


def _codes(said: dict[str, Any], name: str) -> set[tuple[str, str]]:
    return {(str(c.get("system")), str(c.get("code"))) for c in _each(said.get(name) or {}, "coding")}


def _only_codes(said: dict[str, Any], name: str) -> set[str]:
    return {code for _, code in _codes(said, name)}


def _in_order(period: dict[str, Any]) -> bool:
    start, end = period.get("start"), period.get("end")
    if not start or not end:
        return True
    least = min(len(start), len(end), 10)  # days: offsets can only be compared as instants
    return bool(start[:least] <= end[:least])


def _app_3(said: dict[str, Any]) -> bool:
    timed = "start" in said and "end" in said
    return timed or said.get("status") in {"proposed", "cancelled", "waitlist"}


def _obs_7(said: dict[str, Any]) -> bool:
    valued = any(name.startswith("value") for name in said)
    own = _codes(said, "code")
    return not valued or not any(own & _codes(each, "code") for each in _each(said, "component"))


def _contact(said: dict[str, Any]) -> bool:
    return all(
        any(name in each for name in ("name", "telecom", "address", "organization"))
        for each in _each(said, "contact")
    )


def _is_an_error(said: dict[str, Any]) -> bool:
    return (_VERIFICATION, "entered-in-error") in _codes(said, "verificationStatus")


_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_OBS_6 = (
    "obs-6",
    lambda said: "dataAbsentReason" not in said or not any(name.startswith("value") for name in said),
    "dataAbsentReason shall only be there where there is no value.",
)
_RULES: dict[str, tuple[tuple[str, Check, str], ...]] = {
    "Appointment": (
        ("app-2", lambda said: ("start" in said) == ("end" in said), "Either start and end, or neither."),
        ("app-3", _app_3, "Only what is proposed, cancelled or on a waitlist may be without start and end."),
        (
            "app-4",
            lambda said: "cancelationReason" not in said or said.get("status") in {"cancelled", "noshow"},
            "A cancelationReason is only for what was cancelled or not attended.",
        ),
        (
            "app-1",
            lambda said: all("type" in each or "actor" in each for each in _each(said, "participant")),
            "Each participant needs a type or an actor.",
        ),
    ),
    "AppointmentResponse": (
        ("apr-1", lambda said: "participantType" in said or "actor" in said, "A type or an actor is needed."),
    ),
    "Observation": (
        _OBS_6,
        ("obs-7", _obs_7, "The value of the code itself stands in the observation, not in a component."),
    ),
    "Patient": (("pat-1", _contact, "A contact needs a name, telecom, address or organisation."),),
    "AllergyIntolerance": (
        (
            "ait-1",
            lambda said: "clinicalStatus" in said or _is_an_error(said),
            "A clinicalStatus is needed, unless it was entered in error.",
        ),
        (
            "ait-2",
            lambda said: "clinicalStatus" not in said or not _is_an_error(said),
            "What was entered in error has no clinicalStatus.",
        ),
    ),
    "Organization": (
        ("org-1", lambda said: "identifier" in said or "name" in said, "A name or an identifier is needed."),
    ),
    "Consent": (
        (
            "ppc-1",
            lambda said: "policy" in said or "policyRule" in said,
            "Either a policy or a policyRule is needed.",
        ),
        *(
            (
                key,
                lambda said, scope=scope: "patient" in said or scope not in _only_codes(said, "scope"),
                f"A consent of the scope {scope} is a patient's.",
            )
            for key, scope in (
                ("ppc-2", "patient-privacy"),
                ("ppc-3", "research"),
                ("ppc-4", "adr"),
                ("ppc-5", "treatment"),
            )
        ),
    ),
    "Bundle": (
        (
            "bdl-1",
            lambda said: "total" not in said or said.get("type") in {"searchset", "history"},
            "A total is only for searches and histories.",
        ),
        (
            "bdl-2",
            lambda said: (
                said.get("type") == "searchset" or not any("search" in each for each in _each(said, "entry"))
            ),
            "entry.search is only for searches.",
        ),
        ("bdl-7", lambda said: _full_urls_once(said), "A fullUrl may be there once."),
        (
            "bdl-8",
            lambda said: not any("/_history/" in str(each.get("fullUrl")) for each in _each(said, "entry")),
            "A fullUrl cannot name a version.",
        ),
    ),
}


def _full_urls_once(said: dict[str, Any]) -> bool:
    if said.get("type") == "history":
        return True
    urls = [
        (str(each["fullUrl"]), str(mapping(mapping(each.get("resource")).get("meta")).get("versionId")))
        for each in _each(said, "entry")
        if each.get("fullUrl")
    ]
    return len(urls) == len(set(urls))


def _domain(resource: Resource, kind: str) -> Iterator[Issue]:
    """dom-2 to dom-5: contained resources hold no others, and are used."""
    inner = _each(resource, "contained")
    if not inner:
        return
    used = set(_fragments(resource))
    for number, each in enumerate(inner):
        at = f"{kind}.contained[{number}]"
        if "contained" in each:
            yield Issue("invariant", "dom-2: What is contained contains nothing itself.", at)
        if each.get("id") not in used and not _points_back(each):
            yield Issue("invariant", "dom-3: What is contained is referred to.", at)
        meta = each.get("meta") or {}
        if "versionId" in meta or "lastUpdated" in meta:
            yield Issue("invariant", "dom-4: What is contained has no version of its own.", at)
        if "security" in meta:
            yield Issue("invariant", "dom-5: What is contained has no security label of its own.", at)


def _points_back(inner: dict[str, Any]) -> bool:
    return "#" in set(_fragments(inner, whole=True))


def _fragments(said: Any, *, whole: bool = False) -> Iterator[str]:
    if isinstance(said, dict):
        text = said.get("reference")
        if isinstance(text, str) and text.startswith("#"):
            yield text if whole else text[1:]
        for name, each in said.items():
            if isinstance(each, dict | list):
                yield from _fragments(each, whole=whole)
            elif isinstance(each, str) and each.startswith("#") and name != "reference":
                yield each if whole else each[1:]
    elif isinstance(said, list):
        for each in said:
            yield from _fragments(each, whole=whole)


def _within(said: Any, at: str, resource: Resource) -> Iterator[Issue]:
    """Those of data types, wherever they stand: ext-1, ref-1, per-1, qty-3, cpt-2, obs-6 of components."""
    if isinstance(said, list):
        for number, each in enumerate(said):
            yield from _within(each, f"{at}[{number}]", resource)
        return
    if not isinstance(said, dict):
        return
    yield from _of_a_type(said, at, resource)
    for name, each in said.items():
        if isinstance(each, dict | list) and name != "contained":
            yield from _within(each, f"{at}.{name}", resource)


def _of_a_type(said: dict[str, Any], at: str, resource: Resource) -> Iterator[Issue]:
    place = at.rsplit(".", 1)[-1]
    if place.split("[")[0] in {"extension", "modifierExtension"}:
        valued = any(name.startswith("value") for name in said)
        if valued == ("extension" in said):
            yield Issue("invariant", "ext-1: An extension has either extensions or a value.", at)
    reference = said.get("reference")
    inside = isinstance(reference, str) and reference.startswith("#") and reference != "#"
    if inside and str(reference)[1:] not in {each.get("id") for each in _each(resource, "contained")}:
        yield Issue("invariant", "ref-1: There is no contained resource of this id.", at)
    period = {"start", "end"} <= said.keys() and "resourceType" not in said and isinstance(said["start"], str)
    if period and not _in_order(said):
        yield Issue("invariant", "per-1: A period ends after it starts.", at)
    coded = isinstance(said.get("code"), str) and "system" not in said
    if coded and "value" in said and not isinstance(said["value"], str | dict | list):
        yield Issue("invariant", "qty-3: A unit's code needs its system.", at)
    if place.split("[")[0] == "telecom" and "value" in said and "system" not in said:
        yield Issue("invariant", "cpt-2: A value needs the system it belongs to.", at)
    if place.startswith("component[") and not _OBS_6[1](said):
        yield Issue("invariant", f"{_OBS_6[0]}: {_OBS_6[2]}", at)
