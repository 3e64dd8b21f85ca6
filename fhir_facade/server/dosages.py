"""A FHIR Dosage as the words that a list shows and medications reads: its own text, else made of its parts.

Amounts keep their digits. What has no word here is left out of the words, never guessed; it stays in the
document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_facade.fhir_json import mapping, mappings, number, text_of

_TIMES = {"1": "once", "2": "twice"}
_EVERY = {"h": "hours", "d": "days", "wk": "weeks", "mo": "months"}
_A = {"h": "an hour", "d": "a day", "wk": "a week", "mo": "a month"}
# Timing codes as prescriptions write them (http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation).
_CODES = frozenset({"BID", "TID", "QID", "AM", "PM", "QD", "QOD", "Q4H", "Q6H", "Q8H"})


def dosage_words(several: Iterable[Mapping[str, Any]]) -> str:
    found = (text_of(each.get("text")) or _made(each) for each in several)
    return "; ".join(" ".join(each.split()) for each in found if each.strip())


def amount_words(quantity: Mapping[str, Any]) -> str:
    digits = number(quantity.get("value"))
    unit = text_of(quantity.get("unit")) or text_of(quantity.get("code")).strip("{}")
    return f"{digits} {unit}".strip() if digits else ""


def _made(said: Mapping[str, Any]) -> str:
    route = text_of(mapping(said.get("route")).get("text"))
    as_needed = said.get("asNeededBoolean") is True or "asNeededCodeableConcept" in said
    parts = [_dose(said), route, _timing(mapping(said.get("timing"))), "as needed" if as_needed else ""]
    return " ".join(each for each in parts if each) or text_of(said.get("patientInstruction"))


def _dose(said: Mapping[str, Any]) -> str:
    for each in mappings(said.get("doseAndRate")):
        if quantity := mapping(each.get("doseQuantity")):
            return amount_words(quantity)
        if ends := mapping(each.get("doseRange")):
            low, high = (mapping(ends.get(name)) for name in ("low", "high"))
            first, last = number(low.get("value")), amount_words(high)
            return f"{first}-{last}" if first and last else amount_words(low) or last
    return ""


def _timing(said: Mapping[str, Any]) -> str:
    code = mapping(said.get("code"))
    if text := text_of(code.get("text")):
        return text
    for each in mappings(code.get("coding")):
        if (word := text_of(each.get("code"))) in _CODES:
            return word.lower()
    return _repeat(mapping(said.get("repeat")))


def _repeat(said: Mapping[str, Any]) -> str:
    period, unit = number(said.get("period")), text_of(said.get("periodUnit"))
    if unit not in _EVERY or not period or any(name in said for name in ("frequencyMax", "periodMax")):
        return ""
    times = number(said.get("frequency", 1))
    how_often = _TIMES.get(times, f"{times} times")
    if period == "1":
        return f"{how_often} {_A[unit]}"
    if (times, period, unit) == ("1", "2", "d"):
        return "every other day"
    every = f"every {period} {_EVERY[unit]}"
    return every if times == "1" else f"{how_often} {every}"
