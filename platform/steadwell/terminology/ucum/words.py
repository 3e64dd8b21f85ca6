"""A unit read aloud, so that a person sees at once what a code really says."""

from __future__ import annotations

from steadwell.terminology.ucum.grammar import Part
from steadwell.terminology.ucum.units import Unit

_NAMES = {
    "u": "dalton",
    "U": "enzyme unit",
    "10*": "10",
    "10^": "10",
    "G": "gauss",
    "F": "farad",
    "H": "henry",
    "[pH]": "pH",
}
_POWERS = {2: "square ", 3: "cubic "}


def literally(unit: Unit) -> str:
    """``kelvin per microliter``."""
    above = [_part(part, part.power) for part in unit.expression.parts if part.power > 0]
    below = [_part(part, -part.power) for part in unit.expression.parts if part.power < 0]
    if not above and not below:
        return "a pure number"
    return " per ".join([" times ".join(above) or "one", *below])


def _part(part: Part, power: int) -> str:
    if part.atom is None:
        return str(part.number)
    name = _NAMES.get(part.atom.code) or part.atom.name
    name = (part.prefix.name if part.prefix else "") + name
    if part.atom.code in ("10*", "10^"):
        return f"{name}^{power}"
    if power in _POWERS:
        return _POWERS[power] + name
    return name if power == 1 else f"{name}^{power}"
