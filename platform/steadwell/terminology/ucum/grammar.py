"""Reads a UCUM code into its parts. Syntax only: which atoms exist is asked of the table.

The Unified Code for Units of Measure, 2.2, sections 2.1 (grammar) and 2.2 (prefixes): terms joined by
``.`` and ``/`` from left to right, parentheses, integer factors, exponents, annotations in braces, case
sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from steadwell.terminology.ucum import essence
from steadwell.terminology.ucum.essence import Atom, Prefix
from steadwell.terminology.ucum.types import UnitRefused, invalid

LONGEST = 255  # characters, as FHIR and HL7 bound a unit
DEEPEST = 16  # parentheses within parentheses
GREATEST_EXPONENT = 99  # of an atom; powers of ten may go to 400, beyond any measured number
GREATEST_POWER_OF_TEN = 400

# An atom or a prefix with one. Digits and signs end it, except in brackets and in the two powers of ten.
_UNIT = re.compile(r"(10[*^]|(?:[!-'*,:-Z\\^-z|~]|\[[!-Z\\^-~]*\])+)([+-]?[0-9]+)?")
_NUMBER = re.compile(r"[0-9]+")
_ANNOTATION = re.compile(r"\{([!-z|~]*)\}")
SPELLINGS = {"l": "L", "10^": "10*", "[IU]": "[iU]"}  # one of two codes for the same unit is preferred


@dataclass(frozen=True, slots=True)
class Part:
    """One factor: an atom with its prefix, or a whole number (``atom`` is None). ``power`` has its sign."""

    atom: Atom | None
    prefix: Prefix | None
    power: int
    number: int = 1


@dataclass(frozen=True, slots=True)
class Expression:
    """A code taken apart. ``code`` is its preferred spelling; ``annotations`` are in their order."""

    code: str
    parts: tuple[Part, ...]
    annotations: tuple[str, ...]


def read(code: str) -> Expression:
    """Take a code apart. Raises UnitRefused (invalid) on anything that is not UCUM."""
    if not code:
        raise invalid("There is no unit.", why="empty")
    if len(code) > LONGEST:
        raise invalid(f"A unit has at most {LONGEST} characters.", why="too-long")
    if not code.isascii() or not code.isprintable() or " " in code:
        raise invalid("UCUM codes are written without spaces, in plain ASCII characters.", why="characters")
    reader = _Reader(code)
    parts = tuple(reader.main_term())
    return Expression("".join(reader.spelt), parts, tuple(reader.annotations))


class _Reader:
    def __init__(self, code: str) -> None:
        self.code = code
        self.place = 0
        self.depth = 0
        self.spelt: list[str] = []
        self.annotations: list[str] = []

    def main_term(self) -> Iterator[Part]:
        sign = 1
        if self._take("/"):
            sign = -1
        yield from self.term(sign)
        if self.place < len(self.code):
            raise self._unexpected()

    def term(self, sign: int) -> Iterator[Part]:
        yield from self.component(sign)
        while True:
            if self._take("."):
                yield from self.component(1)
            elif self._take("/"):
                yield from self.component(-1)
            else:
                return

    def component(self, sign: int) -> Iterator[Part]:
        if self._take("("):
            yield from self._in_parentheses(sign)
        elif (found := _UNIT.match(self.code, self.place)) is not None:
            self.place = found.end()
            yield self._unit(found[1], found[2], sign)
        elif (found := _NUMBER.match(self.code, self.place)) is not None:
            self.place = found.end()
            yield self._number(found[0], sign)
        elif not self._annotation():
            raise self._unexpected()
        else:
            return
        self._annotation()

    def _in_parentheses(self, sign: int) -> Iterator[Part]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise invalid("Too many parentheses within parentheses.", why="too-deep")
        for part in list(self.term(1)):
            yield replace(part, power=part.power * sign)
        if not self._take(")"):
            raise self._unexpected(") is missing")
        self.depth -= 1

    def _unit(self, name: str, exponent: str | None, sign: int) -> Part:
        prefix, atom = find(name)
        power = int(exponent[:6]) if exponent else 1
        bound = GREATEST_POWER_OF_TEN if atom.code in ("10*", "10^") else GREATEST_EXPONENT
        if power == 0 or abs(power) > bound:
            raise invalid(f"The exponent of {name} has no meaning as a unit.", why="exponent")
        spelt = SPELLINGS.get(atom.code, atom.code)
        self.spelt.append((prefix.code if prefix else "") + spelt + (str(power) if power != 1 else ""))
        return Part(atom, prefix, power * sign)

    def _number(self, digits: str, sign: int) -> Part:
        number = int(digits)
        if number == 0:
            raise invalid("Zero cannot be part of a unit.", why="zero")
        self.spelt.append(digits)
        return Part(None, None, sign, number)

    def _annotation(self) -> bool:
        found = _ANNOTATION.match(self.code, self.place)
        if found is None:
            return False
        self.place = found.end()
        self.spelt.append(found[0])
        self.annotations.append(found[1])
        return True

    def _take(self, character: str) -> bool:
        if not self.code.startswith(character, self.place):
            return False
        self.place += 1
        self.spelt.append(character)
        return True

    def _unexpected(self, what: str = "") -> UnitRefused:
        rest = self.code[self.place : self.place + 12]
        before = self.code[: self.place]
        where = (
            f"at “{rest}” after “{before}”" if rest and before else f"at “{rest}”" if rest else "at its end"
        )
        return invalid(f"“{self.code}” is not UCUM: {what or 'it cannot be read on'} {where}.")


def find(name: str) -> tuple[Prefix | None, Atom]:
    """The atom of that name, else a prefix and a metric atom.

    The whole name counts before any prefix does.
    """
    table = essence.load()
    whole = table.atoms.get(name)
    if whole is not None:
        return None, whole
    for length in (1, 2):
        prefix, atom = table.prefixes.get(name[:length]), table.atoms.get(name[length:])
        if prefix is None or atom is None:
            continue
        if not atom.metric:
            raise invalid(f"“{name}” is not UCUM: {atom.code} ({atom.name}) takes no prefix.", why="prefix")
        return prefix, atom
    raise invalid(f"“{name}” is not a unit of UCUM.", why="no-such-unit")
