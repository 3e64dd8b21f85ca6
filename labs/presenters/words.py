"""A result in words: its value with its unit, where it lies, what is usual, what kind of answer it is.

Written for somebody who is worried: what it says first, no alarm, nothing by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from labs.absences import ABSENT_WORDS
from labs.pictures import Place
from labs.types import Flag, ResultView, Status, ValueKind
from steadwell.portal import service as portal
from steadwell.terminology import service as terminology

PLACES: Mapping[Flag, Place] = {
    Flag.CRITICAL_LOW: Place.FAR_LOW,
    Flag.LOW: Place.LOW,
    Flag.NORMAL: Place.USUAL,
    Flag.HIGH: Place.HIGH,
    Flag.CRITICAL_HIGH: Place.FAR_HIGH,
}
TONES: Mapping[Flag, str] = {
    Flag.NORMAL: "good",
    Flag.LOW: "warn",
    Flag.HIGH: "warn",
    Flag.ABNORMAL: "warn",
    Flag.CRITICAL_LOW: "warn",
    Flag.CRITICAL_HIGH: "warn",
    Flag.CRITICAL_ABNORMAL: "warn",
}
# What is not said by "final", which needs no word.
STATUS_WORDS: Mapping[Status, tuple[Promise, str]] = {
    Status.REGISTERED: (_lazy("Not ready yet"), ""),
    Status.PARTIAL: (_lazy("Not final yet: more may come"), "accent"),
    Status.PRELIMINARY: (_lazy("Not final yet: it may still change"), "accent"),
    Status.CORRECTED: (_lazy("Corrected"), "warn"),
    Status.AMENDED: (_lazy("Changed"), "warn"),
    Status.APPENDED: (_lazy("Added to"), "accent"),
    Status.CANCELLED: (_lazy("Not done"), ""),
    Status.ENTERED_IN_ERROR: (_lazy("Withdrawn"), "warn"),
}
# What laboratories mark a finding with (HL7 table 0078), in words.
SENT_WORDS: Mapping[str, Promise] = {
    "S": _lazy("Susceptible"),
    "SDD": _lazy("Susceptible at a higher dose"),
    "I": _lazy("Intermediate"),
    "R": _lazy("Resistant"),
    "NS": _lazy("Not susceptible"),
    "POS": _lazy("Positive"),
    "NEG": _lazy("Negative"),
    "DET": _lazy("Detected"),
    "ND": _lazy("Not detected"),
    "RR": _lazy("Reactive"),
    "NR": _lazy("Not reactive"),
    "WR": _lazy("Weakly reactive"),
    "IND": _lazy("Indeterminate"),
}
_LITTLE = Decimal("0.25")  # of the width of what is usual
_POWER = re.compile(r"(10)\*(-?\d+)")
_ANNOTATION = re.compile(r"\{[^}]*\}")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# An annotation that is all of a factor is its name: pg/{cell} is pg/cell.
_NAMED = re.compile(r"(^|/)\{([^}]*)\}(?=/|$)")
_STRUCTURED = re.compile(r"([<>]=?|=)?\^([^^]+)(?:\^([-:/+.])(?:\^([^^]+))?)?\^?")
_DATED = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:\d{2}(?:\.\d+)?)?(?:[+-]\d{4})?)?")
_DATES = frozenset({"DT", "TS", "DTM"})
_UNIT_WORDS = {
    "[iU]": "IU",
    "[IU]": "IU",
    "m[iU]": "mIU",
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "[pH]": "",
    "1": "",
    "a": "years",
}
_MICRO = re.compile(r"\bu(?=[A-Za-z\[])")


def language() -> str:
    return (get_language() or "en").partition("-")[0]


def name_of(loinc: str, sent: str) -> str:
    """The test in the reader's language where we know it, else as the laboratory calls it."""
    code = terminology.lab_code(loinc) if loinc else None
    if code is None:
        return sent or _("Result")
    return code.names.get(language()) or code.names.get("en") or code.display


def explained(loinc: str) -> tuple[str, str]:
    """What the test looks at in plain words, and where that is from; both empty where we do not know."""
    code = terminology.lab_code(loinc) if loinc else None
    if code is None:
        return "", ""
    return code.plain.get(language()) or code.plain.get("en", ""), code.source


def unit_text(ucum: str, sent: str = "") -> str:
    """A UCUM unit as people write it: 10³/µL, not 10*3/uL."""
    if not ucum:
        return sent
    text = _NAMED.sub(_named, ucum) if "/" in ucum else ucum
    text = _ANNOTATION.sub("", text)
    text = _POWER.sub(lambda found: found[1] + found[2].translate(_RAISED), text)
    parts = [_UNIT_WORDS.get(part, part) for part in text.split("/")]
    text = "/".join(parts).replace("[iU]", "IU")
    text = _MICRO.sub("µ", text)
    return text if text.strip("/") else ""


def _named(found: re.Match[str]) -> str:
    return found[1] + found[2].replace("_", "\N{NO-BREAK SPACE}")


def written(text: str, value_type: str) -> str:
    """What a laboratory wrote in HL7's own shapes, as people write it: 1:640, <0.5, a date in words. Its
    digits stay as they are.
    """
    if found := _STRUCTURED.fullmatch(text):
        sign, first, between, second = (part or "" for part in found.groups())
        shown = {"<=": "≤", ">=": "≥", "=": ""}.get(sign, sign)
        return f"{shown}{first}{'–' if between == '-' else between}{second}"
    if value_type in _DATES and (found := _DATED.fullmatch(text)):
        year, month, day, hour, minute = found.groups()
        try:
            said = portal.day_text(date(int(year), int(month), int(day)), "day-short-year")
        except ValueError:
            return text
        return f"{said}, {hour}:{minute}" if hour else said
    return text


def digits(value: Decimal) -> str:
    """A number with the digits it came with, grouped by thin spaces where it is long."""
    text = format(value, "f") if -8 < value.adjusted() < 15 else str(value)
    whole, point, rest = text.partition(".")
    if len(whole.lstrip("-")) > 4 and whole.lstrip("-").isdigit():
        whole = f"{int(whole):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{whole}{point}{rest}".replace("-", "\N{MINUS SIGN}", 1)


def amount(value: Decimal, unit: str, comparator: str = "") -> str:
    sign = {"<=": "≤", ">=": "≥"}.get(comparator, comparator)
    number = f"{sign}{digits(value)}"
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def value_of(result: ResultView) -> tuple[str, str]:
    """The value and its unit, apart. Where a number could not be trusted, as the laboratory wrote it."""
    if result.kind is ValueKind.ABSENT:
        return "", ""
    if result.quantity is not None:
        unit = unit_text(result.quantity.unit, result.unit_text)
        return amount(result.quantity.value, "", result.quantity.comparator), unit
    unit = "" if result.kind in {ValueKind.TEXT, ValueKind.TITRE} else result.unit_text
    return written(result.value_text, result.value_type), unit


def absent_words(result: ResultView) -> str:
    known = ABSENT_WORDS.get(result.absent_reason or "not-reported")
    return _(known) if known else result.value_text


def range_words(low: Decimal | None, high: Decimal | None, unit: str, sent: str = "") -> str:
    """What is usual, in words; as the laboratory wrote it where that is all there is."""
    words = {"unit": f"\N{NO-BREAK SPACE}{unit}" if unit else ""}
    if low is not None and high is not None:
        return _("%(low)s to %(high)s%(unit)s") % {"low": digits(low), "high": digits(high), **words}
    if high is not None:
        return _("up to %(high)s%(unit)s") % {"high": digits(high), **words}
    if low is not None:
        return _("%(low)s%(unit)s or more") % {"low": digits(low), **words}
    return sent


def flag_words(result: ResultView) -> tuple[str, str]:
    """Where the value lies, in words, and the tone of the badge. Empty where nobody said."""
    flag = result.flag
    if flag is None or result.status in {Status.CANCELLED, Status.ENTERED_IN_ERROR}:
        return "", ""
    if said := sent_words(result):
        return said, TONES.get(flag, "")
    if flag is Flag.OTHER:
        return (
            (_("Marked by the laboratory: %(mark)s") % {"mark": result.flag_sent}, "")
            if result.flag_sent
            else ("", "")
        )
    return _flag_words(flag, is_little(result)), TONES[flag]


def sent_words(result: ResultView) -> str:
    """The laboratory's own mark in words, where it says more than that the value is not as usual."""
    if result.flag not in {Flag.OTHER, Flag.ABNORMAL}:
        return ""
    known = SENT_WORDS.get(result.flag_sent.upper())
    return str(known) if known else ""


def _flag_words(flag: Flag, little: bool) -> str:
    if flag is Flag.HIGH:
        return _("A little above the usual range") if little else _("Above the usual range")
    if flag is Flag.LOW:
        return _("A little below the usual range") if little else _("Below the usual range")
    return {
        Flag.NORMAL: _("In the usual range"),
        Flag.CRITICAL_HIGH: _("Well above the usual range"),
        Flag.CRITICAL_LOW: _("Well below the usual range"),
        Flag.ABNORMAL: _("Different from usual"),
        Flag.CRITICAL_ABNORMAL: _("Clearly different from usual"),
    }[flag]


def is_little(result: ResultView) -> bool:
    """Whether a value lies only just outside: by a quarter of the width of what is usual, or a tenth of its
    one limit.
    """
    if result.quantity is None or result.quantity.comparator:
        return False
    value, low, high = result.quantity.value, result.range_low, result.range_high
    if low is not None and high is not None:
        room = (high - low) * _LITTLE
    else:
        room = abs(high if high is not None else low or Decimal(0)) / 10
    if high is not None and value > high:
        return value - high <= room
    return low is not None and value < low and low - value <= room


def place_of(result: ResultView) -> Place:
    return PLACES.get(result.flag, Place.UNKNOWN) if result.flag else Place.UNKNOWN
