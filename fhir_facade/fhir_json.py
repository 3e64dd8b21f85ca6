"""FHIR JSON, read so that digits stay and nothing that is missing or odd raises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from labs.service import Coded
from steadwell.errors import Invalid

Resource = Mapping[str, Any]

_SYSTEMS: Final = {
    "http://loinc.org": "LN", "http://snomed.info/sct": "SCT", "http://unitsofmeasure.org": "UCUM",
}  # fmt: skip


def load(raw: bytes) -> Resource:
    """JSON with its digits kept. Raises Invalid for what is no JSON object."""
    try:
        found = json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Invalid(fields={"body": "This is not JSON."}) from error
    if not isinstance(found, dict):
        raise Invalid(fields={"body": "This is not a FHIR resource."})
    return found


def _no_number(text: str) -> None:
    raise ValueError(text)


@dataclass(frozen=True, slots=True)
class Around:
    """What references may point at, by every name it goes by."""

    by_name: dict[str, Resource] = field(default_factory=dict)

    def find(self, reference: Any, *, within: Resource) -> Resource | None:
        name = text_of(mapping(reference).get("reference"))
        if not name:
            return None
        if name.startswith("#"):
            contained = mappings(within.get("contained"))
            return next((each for each in contained if each.get("id") == name[1:]), None)
        return self.by_name.get(name) or self.by_name.get("/".join(name.rstrip("/").split("/")[-2:]))


def coded(concept: Any) -> Coded:
    """LOINC first where it is among the codings, so that ``Coded.loinc`` finds it."""
    said = mapping(concept)
    codings = mappings(said.get("coding"))
    codings.sort(key=lambda each: each.get("system") != "http://loinc.org")
    pairs = [
        (text_of(each.get("code")), text_of(each.get("display")), _system(each.get("system")))
        for each in (*codings[:2], {}, {})
    ]
    text = text_of(said.get("text"))
    return Coded(
        code=pairs[0][0], text=text or pairs[0][1], system=pairs[0][2],
        alternate_code=pairs[1][0], alternate_text=pairs[1][1], alternate_system=pairs[1][2],
    )  # fmt: skip


def _system(name: Any) -> str:
    return _SYSTEMS.get(text_of(name), text_of(name))


def moment(said: Resource, prefix: str) -> str:
    period = mapping(said.get(f"{prefix}Period"))
    return (
        text_of(said.get(f"{prefix}DateTime"))
        or text_of(said.get(f"{prefix}Instant"))
        or text_of(period.get("start"))
    )


def kind_of(identifier: Resource) -> str:
    return coded(identifier.get("type")).code


def number(value: Any) -> str:
    """Digits as they were written. A number that JSON wrote as text is text."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    if isinstance(value, int):
        return str(value)
    return format(value, "f") if abs(value.adjusted()) < 30 else str(value)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def strings(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
