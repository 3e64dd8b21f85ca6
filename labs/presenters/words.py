"""A result in words: its value with its unit, where it lies, what is usual, what kind of answer it is.

Written for somebody who is worried: what it says first, no alarm, nothing by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from labs.absences import ABSENT_WORDS
from labs.pictures import Place
from labs.types import Flag, ResultView, Status, ValueKind
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
_LITTLE = Decimal("0.25")  # of the width of what is usual
_POWER = re.compile(r"(10)\*(-?\d+)")
_ANNOTATION = re.compile(r"\{[^}]*\}")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNIT_WORDS = {"[iU]": "IU", "[IU]": "IU", "m[iU]": "mIU", "mm[Hg]": "mmHg", "Cel": "°C", "[pH]": "", "1": ""}
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
    text = _ANNOTATION.sub("", ucum)
    text = _POWER.sub(lambda found: found[1] + found[2].translate(_RAISED), text)
    parts = [_UNIT_WORDS.get(part, part) for part in text.split("/")]
    text = "/".join(parts).replace("[iU]", "IU")
    text = _MICRO.sub("µ", text)
    return text if text.strip("/") else ""


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
    return result.value_text, result.unit_text if result.kind is not ValueKind.TEXT else ""


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
    if flag is Flag.OTHER:
        return (
            (_("Marked by the laboratory: %(mark)s") % {"mark": result.flag_sent}, "")
            if result.flag_sent
            else ("", "")
        )
    return _flag_words(flag, is_little(result)), TONES[flag]


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
