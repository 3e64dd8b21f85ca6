"""What a unit measures, as powers of what UCUM cannot take further apart, and in words."""

from __future__ import annotations

from dataclasses import dataclass

_WORDS = {
    "m": "length",
    "s": "time",
    "g": "mass",
    "rad": "plane angle",
    "K": "temperature",
    "C": "electric charge",
    "cd": "luminous intensity",
    "mol": "amount of substance",
    "eq": "equivalents",
    "osm": "osmoles",
    "[iU]": "international units",
    "[HPF]": "high power fields",
    "[LPF]": "low power fields",
}
_POWERS = {("m", 2): "area", ("m", 3): "volume"}
_NAMED = {
    "mol.s-1": "catalytic activity",
    "m-3.mol.s-1": "catalytic activity per volume",
    "g.m-1.s-2": "pressure",
    "g.m2.s-2": "energy",
    "g.m2.s-3": "power",
    "g.m.s-2": "force",
    "s-1": "number per time",
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of base units, each at most once, in the order of their names. Equal means commensurable."""

    powers: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        """As a UCUM code of base units: ``g.m-3``; ``1`` for a pure number."""
        return ".".join(f"{name}{'' if power == 1 else power}" for name, power in self.powers) or "1"

    def power(self, name: str) -> int:
        return next((power for base, power in self.powers if base == name), 0)

    def without(self, *names: str) -> Dimension:
        return Dimension(tuple(each for each in self.powers if each[0] not in names))

    def in_words(self) -> str:
        """``mass per volume``; the rarer ones in base units."""
        named = _NAMED.get(str(self))
        if named:
            return named
        if not self.powers:
            return "a pure number"
        above = [_word(name, power) for name, power in self.powers if power > 0]
        below = [_word(name, -power) for name, power in self.powers if power < 0]
        return " per ".join([" times ".join(above) or "number", *below])


NUMBER = Dimension(())


def dimension(powers: dict[str, int]) -> Dimension:
    return Dimension(tuple(sorted((name, power) for name, power in powers.items() if power)))


def _word(name: str, power: int) -> str:
    special = _POWERS.get((name, power))
    if special:
        return special
    word = _WORDS.get(name, name)
    return word if power == 1 else f"{word}^{power}"
