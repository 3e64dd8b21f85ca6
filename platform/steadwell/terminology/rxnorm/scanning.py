"""Cuts a text into words, strengths and signs. Never fails: what it does not know is left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from steadwell.terminology.rxnorm import strengths
from steadwell.terminology.rxnorm.strengths import CONTAINERS, UNITS, Strength

LONGEST = 500  # characters of a text that are read; a drug's name is shorter

# A comma before three digits parts thousands; before one or two, or behind a nought alone, it is decimal.
_NUMBER = r"(?:(?<!\d)0,\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+,\d{1,2}(?![\d,.])|\d+\.\d+|\.\d+|\d+)"
_THOUSANDS = re.compile(r",(?=\d{3}(?:[,.]|$))")


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
    rf"(?P<ratio>(?<![\d.,:/])1\s*:\s*(?P<parts>{_NUMBER})(?![\d:]))"
    rf"|(?P<amount>(?<![a-z0-9])(?P<n>{_NUMBER})\s*-?\s*(?P<u>{_UNIT}){_per('of')})"
    rf"|(?P<list>(?<![a-z0-9.])(?P<ns>{_NUMBER}(?:\s*[-/]\s*{_NUMBER})+)(?:\s*(?P<lu>{_UNIT}){_per('lof')})?)"
    rf"|(?P<number>{_NUMBER})"
    r"|(?P<word>[a-z]+[0-9]*[a-z]*|[^\W\d_a-z]+)"  # words of other scripts are words nobody knows
    r"|(?P<sign>[()\[\]/+,&;#])"
)
_SPLIT = re.compile(r"\s*[-/]\s*")
_NDC = re.compile(r"(?<![\d-])(?:\d{4,5}-\d{3,4}-\d{1,2}|\d{11})(?![\d-])")
_PER_ML = re.compile(r"\bu-?(40|100|200|300|500)\b")  # how insulins say it
_PARTS = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8"}
_MIXED = re.compile(rf"(?<![\d.,/-])(\d+)[ -]?([{''.join(_PARTS)}]|(?<=[ -])[13]/[248](?=\s*{_UNIT}))")
_ALONE = re.compile(f"[{''.join(_PARTS)}]")
_MARKS = str.maketrans(dict.fromkeys("®™©℠", " "))


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
        text = text.translate(_MARKS)
        text = _ALONE.sub(lambda found: f"{_part(found.group()):g}", _MIXED.sub(_mixed, text))
        text = unicodedata.normalize("NFKC", text)
        text = text.translate({0x2013: "-", 0x2014: "-", 0x2212: "-", 0x2019: "'", 0x3BC: "µ", 0x2044: "/"})
        text = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
        text = text.replace("μ", "u")
    text = text.lower().replace("'", "").replace(" per ", "/")
    if "/2" in text or "/4" in text or "/8" in text:
        text = _MIXED.sub(_mixed, text)
    if text.count("-") > 1 or "ndc" in text:
        text = _NDC.sub(" ", text)
    return _PER_ML.sub(r"\1 u/ml", text) if "00" in text or "u40" in text else text


def _mixed(found: re.Match[str]) -> str:
    """ "2½" and "2 1/2 mg" as 2.5."""
    return f"{int(found[1]) + _part(found[2]):g}"


def _part(written: str) -> float:
    upper, lower = _PARTS.get(written, written).split("/")
    return int(upper) / int(lower)


def scan(text: str) -> list[Token]:
    """The tokens of a folded text, in order."""
    return [_token(found) for found in TOKEN.finditer(text)]


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup if found.lastgroup in {"number", "word", "sign"} else None
    if kind == "number":
        return Token("number", found["number"], values=(_value(found["number"]),))
    if kind is not None:
        return Token(kind, found.group())
    if found["ratio"] is not None:
        return _one_in(found)
    if found["list"] is not None:
        return _list(found)
    return _amount(found)


def _value(number: str) -> float:
    if number.startswith("0,"):
        return float(number.replace(",", "."))
    return float(_THOUSANDS.sub("", number).replace(",", "."))


def _one_in(found: re.Match[str]) -> Token:
    """ "1:1000" is one gram in so many millilitres."""
    parts = _value(found["parts"])
    strength = Strength("mass/ml", 1000 / parts) if parts else None
    return Token("amount", found.group(), (strength,) if strength else (), (parts,))


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
    one = strengths.per(value, unit, many, of)
    strength = _ratio(value, unit, one) if found["of_n"] else (one,) if one else ()
    volume = _volume(many, of, found["of_n"])
    return Token("amount", found.group(), strength, (value,), container=container, volume=volume)


def _ratio(value: float, unit: str, one: Strength | None) -> tuple[Strength, ...]:
    whole = strengths.plain(value, unit)
    # "4 GM/5 GM" of a powder is 4 g in a scoop of 5 g, "1 GM/50 ML" of a bag is 1 g in it. Where no volume is
    # said the amount is no total: 200 MG/ML is not a vial of 10 ML with 200 MG in it.
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
