"""Whether a resource is FHIR R4: structure, types, codes, references, then the invariants.

fhir.resources (its R4B models equal R4 for what is used here) looks as well, but it accepts codes that do not
exist and references to anything, so the bindings, reference targets and invariants are ours.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server import definitions, invariants, models_r4b, narratives
from fhir_facade.server.outcome import Issue
from fhir_facade.server.wire import Digits, Resource

MOST_ISSUES = 20
_DATE = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
# http://hl7.org/fhir/R4/datatypes.html
_FORMS = {
    "id": r"[A-Za-z0-9\-\.]{1,64}",
    "code": r"[^\s]+(\s[^\s]+)*",
    "date": rf"{_DATE})?)?",
    "dateTime": rf"{_DATE}(T{_TIME}{_ZONE})?)?)?",
    "instant": rf"{_DATE})))?T{_TIME}{_ZONE}".replace(")))?T", "))T"),
    "time": _TIME,
    "oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "uri": r"\S*",
    "url": r"\S*",
    "canonical": r"\S*",
    # As FHIR says it, but for one way to read each sign: its own takes twice as long with each gap.
    "base64Binary": r"\s*([0-9a-zA-Z\+/=]{4}\s*)*",
}
FORMS = {name: re.compile(form) for name, form in _FORMS.items()}
_INTEGERS = {"integer": (-(2**31), 2**31 - 1), "unsignedInt": (0, 2**31 - 1), "positiveInt": (1, 2**31 - 1)}
_TEXTS = {"string", "markdown", "xhtml", "String"}
_ALWAYS = {"id", "extension", "modifierExtension"}


def check(resource: Resource) -> list[Issue]:
    """What is wrong with it, at most 20 issues; nothing when it is right. ``structure`` issues mean that it
    is no FHIR at all (400), others that it breaks a rule (422).
    """
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not definitions.is_type(kind):
        return [Issue("structure", "Its resourceType is none that is known here.", "resourceType")]
    found: list[Issue] = []
    for issue in _resource(resource, kind):
        found.append(issue)
        if len(found) >= MOST_ISSUES:
            return found
    if not found:
        found += models_r4b.check(resource)
    return (found or list(invariants.check(resource)))[:MOST_ISSUES]


def _resource(resource: Resource, at: str) -> Iterator[Issue]:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not definitions.is_type(kind):
        yield Issue("structure", "Its resourceType is none that is known here.", at)
        return
    yield from _object({k: v for k, v in resource.items() if k != "resourceType"}, kind, at)


def _object(said: Any, path: str, at: str) -> Iterator[Issue]:
    """``path`` is where it is defined, ``at`` where it stands."""
    if not isinstance(said, dict):
        yield Issue("structure", "This must be an object.", at)
        return
    if not said:
        yield Issue("structure", "This object is empty.", at)
    if "modifierExtension" in said:  # it may turn what it stands in into its opposite, wherever that is
        yield Issue(
            "not-supported", "It carries a modifier extension, whose meaning is not known here.",
            f"{at}.modifierExtension",
        )  # fmt: skip
    known, there = definitions.children(path), set()
    for name, value in said.items():
        plain = name.removeprefix("_")
        element = known.get(plain)
        if element is None:
            if plain not in _ALWAYS and plain != "resourceType":
                yield Issue("structure", "There is no such element.", f"{at}.{_safe(name)}")
            continue
        if name != plain and element.types[0][0].isupper():
            yield Issue(
                "structure", "Only simple values have extensions of this form.", f"{at}.{_safe(name)}"
            )
            continue
        if element.name.endswith("[x]") and element.name in there and plain not in there:
            yield Issue("structure", "Only one of these may be there.", f"{at}.{element.name}")
        there |= {element.name, plain}
        if name == plain:
            yield from _values(value, element, f"{path}.{element.name}", f"{at}.{name}")
        else:
            beside = dataclasses.replace(element, types=("Element",))
            yield from _values(value, beside, "Element", f"{at}.{name}")
    for name in definitions.required(path):
        if name not in there:
            yield Issue("required", "This must be there.", f"{at}.{name.removesuffix('[x]')}")


def _values(value: Any, element: definitions.Element, path: str, at: str) -> Iterator[Issue]:
    if element.repeats != isinstance(value, list):
        yield Issue("structure", "This must be a list." if element.repeats else "This must be one value.", at)
        return
    if value == []:
        yield Issue("structure", "This list is empty.", at)
    for number, each in enumerate(value if isinstance(value, list) else [value]):
        here = f"{at}[{number}]" if element.repeats else at
        if each is None and element.repeats:
            continue  # the place of a value that only has extensions
        yield from _value(each, element, path, here)


def _value(value: Any, element: definitions.Element, path: str, at: str) -> Iterator[Issue]:
    kind = element.types[0]
    if kind.startswith("="):
        yield from _object(value, kind[1:], at)
    elif kind == "Resource":
        yield from (
            _resource(value, at) if isinstance(value, dict) else [Issue("structure", "Not a resource.", at)]
        )
    elif kind in {"BackboneElement", "Element"}:
        yield from _object(value, path, at)
    elif kind[0].islower() or kind == "String":
        yield from _simple(value, kind, at)
        if element.codes and isinstance(value, str) and value not in element.codes:
            yield Issue("code-invalid", "This code is not among those that are allowed here.", at)
    else:
        yield from _object(value, kind, at)
        if isinstance(value, dict):
            yield from _bound(value, element, at)


def _bound(value: dict[str, Any], element: definitions.Element, at: str) -> Iterator[Issue]:
    if element.targets and element.types[0] == "Reference":
        named = target_of(value)
        if named and named not in element.targets:
            yield Issue("value", "It may not point at a resource of this type.", at)
    if element.codes and element.types[0] in {"CodeableConcept", "Coding"}:
        codings = mappings(value.get("coding")) if element.types[0] == "CodeableConcept" else [value]
        said = [text_of(each.get("code")) for each in codings]
        if said and not any(code in element.codes for code in said):
            yield Issue("code-invalid", "None of these codes is among those that are allowed here.", at)


def target_of(reference: dict[str, Any]) -> str:
    """The type that a reference names, or empty where it cannot be told."""
    text = reference.get("reference")
    if isinstance(text, str) and "/" in text and not text.startswith(("#", "urn:")):
        parts = text.split("?")[0].split("/_history/")[0].rstrip("/").split("/")
        if len(parts) >= 2 and definitions.is_type(parts[-2]):
            return parts[-2]
        if "?" in text and definitions.is_type(parts[-1]):
            return parts[-1]
    kind = reference.get("type")
    return kind if isinstance(kind, str) else ""


def _simple(value: Any, kind: str, at: str) -> Iterator[Issue]:
    if kind == "boolean":
        right = isinstance(value, bool)
    elif kind in _INTEGERS:
        low, high = _INTEGERS[kind]
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    elif kind == "decimal":
        right = isinstance(value, int | Digits) and not isinstance(value, bool)
        right = right and len(str(getattr(value, "text", value))) <= 60
    elif not isinstance(value, str) or not value:
        right = False
    elif kind in _TEXTS:
        right = len(value) <= 2**20 and "\x00" not in value
        if kind == "xhtml" and right and not narratives.is_safe(value):
            yield Issue("structure", "The narrative must be a div without anything active in it.", at)
    else:
        form = FORMS.get(kind)
        right = form is None or form.fullmatch(value) is not None
    if not right:
        yield Issue(
            "value" if value not in ("", None) else "structure", f"This is not of the type {kind}.", at
        )


def _safe(name: str) -> str:
    return name if re.fullmatch(r"_?[A-Za-z][A-Za-z0-9]{0,60}", name) else "?"
