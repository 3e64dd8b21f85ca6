"""Cuts a text into words, strengths and signs. Never fails: what it does not know is left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from steadwell.terminology.rxnorm import strengths
from steadwell.terminology.rxnorm.strengths import CONTAINERS, UNITS, Strength

LONGEST = 500  # characters of a text that are read; a drug's name is shorter

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)"


def _one_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_UNIT = rf"(?:%|(?:{_one_of(UNITS)})(?![a-z]))"
# "325MG/MG OH 75MG": the second MG is magnesium.
_NO_MAGNESIUM = r"(?!(?<=/mg)\s(?:oh|so4|ox|carb|sulf|citr|chlor|gluc|sali|hydrox|tris))"


def _per(name: str) -> str:
    """What an amount may be given per: a number of a unit, or a container."""
    of = rf"(?P<{name}>(?:{_one_of({*UNITS} | CONTAINERS)})(?![a-z]){_NO_MAGNESIUM})"
    return rf"(?:\s*/\s*(?:(?P<{name}_n>{_NUMBER})\s*)?{of})?"


TOKEN = re.compile(
    rf"(?P<amount>(?<![a-z0-9])(?P<n>{_NUMBER})\s*-?\s*(?P<u>{_UNIT}){_per('of')})"
    rf"|(?P<list>(?<![a-z0-9.])(?P<ns>{_NUMBER}(?:\s*[-/]\s*{_NUMBER})+)(?:\s*(?P<lu>{_UNIT}){_per('lof')})?)"
    rf"|(?P<number>{_NUMBER})"
    r"|(?P<word>[a-z]+[0-9]*[a-z]*)"
    r"|(?P<sign>[()\[\]/+,&;])"
)
_SPLIT = re.compile(r"\s*[-/]\s*")


@dataclass(slots=True)
class Token:
    """``kind``: word, number, amount, list, sign. ``strengths`` of an amount are one, of a list several."""

    kind: str
    text: str
    strengths: tuple[Strength, ...] = ()
    values: tuple[float, ...] = ()
    paired: bool = False  # a list whose strengths each have their unit: "20MG/12.5MG"
    container: str = ""  # "1GM/VIL"
    volume: Strength | None = None  # the package that an amount per volume names: 40 MG/0.8 ML


def folded(text: str) -> str:
    """Lower case, compatibility forms and odd spaces and signs made plain."""
    text = text[:LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = text.translate({0x2013: "-", 0x2014: "-", 0x2212: "-", 0x2019: "'", 0x3BC: "µ", 0x2044: "/"})
        text = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
        text = text.replace("μ", "u")
    return text.lower().replace("'", "").replace(" per ", "/")


def scan(text: str) -> list[Token]:
    """The tokens of a folded text, in order."""
    return [_token(found) for found in TOKEN.finditer(text)]


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup if found.lastgroup in {"number", "word", "sign"} else None
    if kind == "number":
        return Token("number", found["number"], values=(_value(found["number"]),))
    if kind is not None:
        return Token(kind, found.group())
    if found["list"] is not None:
        return _list(found)
    return _amount(found)


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _amount(found: re.Match[str]) -> Token:
    value, unit, of = _value(found["n"]), found["u"], found["of"]
    if of is None:
        one = strengths.plain(value, unit)
        return Token("amount", found.group(), (one,) if one else (), (value,))
    many = _value(found["of_n"]) if found["of_n"] else 1.0
    first, second = strengths.plain(value, unit), strengths.plain(many, of)
    if found["of_n"] and first and second and first.kind == second.kind:
        # "20MG/12.5MG" is two strengths; "4GM/5GM" of one powder is 4 g in a scoop of 5 g.
        return Token("list", found.group(), (first, second), (value, many), paired=True)
    container = of if of in CONTAINERS else ""
    strength, volume = _ratio(value, unit, many, of), _volume(many, of, found["of_n"])
    return Token("amount", found.group(), strength, (value,), container=container, volume=volume)


def _ratio(value: float, unit: str, many: float, of: str) -> tuple[Strength, ...]:
    one = strengths.per(value, unit, many, of)
    whole = strengths.plain(value, unit)
    # "4 GM/5 GM" of a powder is 4 g in a scoop of 5 g, "1 GM/50 ML" of a bag is 1 g in it.
    return tuple(dict.fromkeys(each for each in (one, whole) if each is not None))


def _volume(many: float, of: str, said: str | None) -> Strength | None:
    one = strengths.plain(many, of) if said else None
    return one if one is not None and one.kind in {"ml", "actuat", "hr"} else None


def _list(found: re.Match[str]) -> Token:
    values = tuple(_value(each) for each in _SPLIT.split(found["ns"].strip()))
    unit, of = found["lu"], found["lof"]
    if unit is None:
        return Token("list", found.group(), (), values)
    many = _value(found["lof_n"]) if found["lof_n"] else 1.0
    each = [strengths.per(v, unit, many, of) if of else strengths.plain(v, unit) for v in values]
    return Token("list", found.group(), tuple(s for s in each if s is not None), values)
