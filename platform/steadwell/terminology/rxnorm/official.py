"""RxNorm's own names, taken apart: ``24 HR a 5 MG / b 2 MG/ML Extended Release Oral Tablet [Brand]``.

The grammar is NLM's (RxNorm Technical Documentation, "Appendix 1: normalized names"): quantity or duration
first, then each ingredient with its strength, then the dose form, then the brand in brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from steadwell.terminology.rxnorm import forms, strengths
from steadwell.terminology.rxnorm.forms import Form
from steadwell.terminology.rxnorm.strengths import Strength

_BRAND = re.compile(r"\s*\[([^\[\]]+)\]\s*$")
_QUANTITY = re.compile(r"^(\d[\d.]*) ?(ML|HR|ACTUAT|L|MG|GM)[ ;,]+(?=\S)", re.IGNORECASE)
_IN_FRONT = re.compile(
    r"^(?:(?P<app>NDA\d+)|(?P<quality>Abuse-Deterrent|Osmotic|Modified|Preservative-Free|Breath-Actuated"
    r"|Once-Daily|Metered|Sensor))\s+",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?<![\w.,])(?P<n>\d[\d,]*(?:\.\d+)?) ?(?P<u>%|[A-Za-z\-]+)(?:/(?P<of>[A-Za-z]+))?(?=$|[ ;,])"
)
_PACK = re.compile(r"^\{.*\}\s*pack", re.IGNORECASE)
_PACKED = re.compile(r"(?P<count>\d+) (?:\([\d. A-Z]+\) )?\((?P<name>[^()]*(?:\([^()]*\)[^()]*)*)\)")


@dataclass(frozen=True, slots=True)
class Component:
    """One ingredient as the name has it, its salt included, and how much of it (a form's name has none)."""

    name: str
    strength: Strength | None
    written: str  # "5 MG/ML"


@dataclass(frozen=True, slots=True)
class Official:
    """A name taken apart. ``quantity`` is the package (0.4 ML, 200 ACTUAT), ``hours`` a duration."""

    components: tuple[Component, ...]
    form_name: str
    form: Form
    brand: str
    quantity: Strength | None
    hours: float
    qualities: tuple[str, ...]
    parts: tuple[tuple[int, str], ...] = ()  # of a pack: how many of each drug, by its unbranded name

    @property
    def pieces(self) -> int:
        """How many pieces a pack holds, the inert ones included."""
        return sum(count for count, _ in self.parts)


@lru_cache(maxsize=8192)
def read(name: str) -> Official | None:
    """The parts of a clinical drug's or pack's name, or None when it is no such name."""
    rest, brand = without_brand(name.strip())
    if _PACK.match(rest):
        return _pack(rest, brand)
    qualities: list[str] = []
    quantity: Strength | None = None
    hours = 0.0
    while True:
        if found := _IN_FRONT.match(rest):
            if found["quality"]:
                qualities.append(found["quality"].lower())
        elif found := _QUANTITY.match(rest):
            amount = strengths.plain(float(found[1]), found[2].lower())
            if amount is not None and amount.kind == "hr":
                hours = amount.value
            else:
                quantity = amount
        else:
            break
        rest = rest[found.end() :]
    components, form_name = _components(rest)
    if not components or all(each.strength is None for each in components):
        return None
    form = forms.official(form_name)
    return Official(components, form_name, form, brand, quantity, hours, tuple(qualities))


def without_brand(name: str) -> tuple[str, str]:
    """A name and the brand in brackets at its end, if there is one."""
    found = _BRAND.search(name)
    return (name[: found.start()], found[1]) if found else (name, "")


def _components(rest: str) -> tuple[tuple[Component, ...], str]:
    parts = rest.split(" / ")
    components: list[Component] = []
    form_name = ""
    for place, part in enumerate(parts):
        found = next((each for each in _AMOUNT.finditer(part) if each.start() and _known(each)), None)
        if found is None:
            components.append(Component(part.strip(), None, ""))
            continue
        strength = _strength(found)
        components.append(Component(part[: found.start()].strip(), strength, found.group().strip()))
        if place == len(parts) - 1:
            form_name = part[found.end() :].strip()
    return tuple(components), form_name


def _known(found: re.Match[str]) -> bool:
    unit = found["u"]
    return unit == "%" or unit.lower() in strengths.UNITS or (unit.isupper() and len(unit) > 2)


def _strength(found: re.Match[str]) -> Strength:
    value, unit, of = float(found["n"].replace(",", "")), found["u"].lower(), (found["of"] or "").lower()
    known = strengths.per(value, unit, 1, of) if of else strengths.plain(value, unit)
    return known or Strength(f"{unit}/{of}" if of else unit, value)  # a unit of its own (VECTOR-GENOMES/ML)


def _pack(text: str, brand: str) -> Official:
    inner = text[text.index("{") + 1 : text.rindex("}")]
    parts = tuple(
        (int(each["count"]), without_brand(each["name"].strip())[0]) for each in _PACKED.finditer(inner)
    )
    components: dict[tuple[str, str], Component] = {}
    for _, name in parts:
        one = read(name)
        for each in one.components if one else ():
            components.setdefault((each.name.lower(), each.written), each)
    return Official(
        tuple(components.values()), "Pack", forms.official("Pack"), brand, None, 0.0, (), parts=parts
    )
