"""A dosage as written, taken apart as far as that is certain: how much, how often, only when needed.

Pure. What is not understood stays text: a number is never made up, and half a dosage is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from medications.types import Dosage

WORD_NUMBERS: Mapping[str, str] = {
    "a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "half": "0.5", "½": "0.5",
}  # fmt: skip
_UNITS: Mapping[str, str] = {
    "tablet": "tablet", "tablets": "tablet", "tab": "tablet", "tabs": "tablet", "pill": "tablet",
    "pills": "tablet", "capsule": "capsule", "capsules": "capsule", "cap": "capsule", "caps": "capsule",
    "puff": "puff", "puffs": "puff", "inhalation": "puff", "inhalations": "puff", "drop": "drop",
    "drops": "drop", "gtt": "drop", "spray": "spray", "sprays": "spray", "patch": "patch",
    "patches": "patch", "unit": "unit", "units": "unit", "ml": "mL", "mg": "mg", "mcg": "ug", "ug": "ug",
    "g": "g", "application": "application", "applications": "application",
}  # fmt: skip
_NUMBER = r"(?:\d+(?:\.\d+)?|\d+/\d+|½|one|two|three|four|five|six|half|an|a)"
_AMOUNT = re.compile(
    rf"\b(?:take|inhale|use|apply|inject|instill)?\s*(?P<low>{_NUMBER})(?:\s*(?:-|to|or)\s*(?P<high>{_NUMBER}))?"
    rf"(?:\s*(?:a|an))?\s*(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})\b"
)
# Doses a day: the Latin of prescriptions and plain words. q4-6h has two answers, so it has none.
_DAILY: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), times)
    for pattern, times in (
        (r"\b(?:qid|four times (?:a|per|each) day|four times daily|4 times (?:a|per) day|4x daily)\b", "4"),
        (r"\b(?:tid|three times (?:a|per|each) day|three times daily|3 times (?:a|per) day|3x daily)\b", "3"),
        (r"\b(?:bid|twice (?:a|per|each) day|twice daily|two times (?:a|per) day|two times daily"
         r"|2 times (?:a|per) day|2x daily|morning and evening|every 12 hours|q12h)\b", "2"),
        (r"\b(?:every 8 hours|q8h)\b", "3"),
        (r"\b(?:every 6 hours|q6h)\b", "4"),
        (r"\b(?:every 4 hours|q4h)\b", "6"),
        (r"\b(?:every other day|qod)\b", "0.5"),
        (r"\b(?:once (?:a|per) week|once weekly|weekly|every week)\b", "1/7"),
        (r"\b(?:qd|qday|qam|qpm|qhs|hs|daily|once (?:a|per|each) day|every day|each day|every morning"
         r"|every evening|every night|at bedtime|nightly|every 24 hours|q24h|1x daily)\b", "1"),
    )
)  # fmt: skip
_PRN = re.compile(r"\b(?:prn|as needed|if needed|when needed)\b")


def read(text: str) -> Dosage:
    """``is_read`` only when both how much and how often were understood, and neither in two ways."""
    plain = re.sub(r"\b([qbt])\.\s?([a-z])\.\s?([a-z])?\.?", r"\1\2\3", " ".join(text.casefold().split()))
    amounts = list(_AMOUNT.finditer(plain))
    times = [number for pattern, number in _DAILY if pattern.search(plain)]
    if "2" in times and "1" in times and not re.search(r"\bonce\b|\bqd\b|\bbedtime\b", plain):
        times.remove("1")  # "twice daily" holds the word daily
    times = times[:1] if len(times) > 1 and times[-1] == "1" and _holds_daily(plain) else times
    as_needed = _PRN.search(plain) is not None
    low, high = _numbers(amounts[0]) if len(amounts) == 1 else (None, None)
    per_day = _number(times[0]) if len(times) == 1 else None
    unit = _UNITS[amounts[0]["unit"]] if len(amounts) == 1 else ""
    return Dosage(
        text=text, amount_low=low, amount_high=high, unit=unit if low is not None else "", per_day=per_day,
        as_needed=as_needed, is_read=low is not None and per_day is not None,
    )  # fmt: skip


def _holds_daily(plain: str) -> bool:
    """The word daily is part of "three times daily" and says nothing of its own."""
    return re.search(r"\b(?:times|twice|x) daily\b", plain) is not None


def _numbers(found: re.Match[str]) -> tuple[Decimal | None, Decimal | None]:
    low = _number(found["low"])
    return low, _number(found["high"]) if found["high"] else low


_LONGEST = 20  # signs, as a statement keeps them


def _number(word: str) -> Decimal | None:
    """None as well for a number longer than anything that is taken: it stays in the words."""
    word = WORD_NUMBERS.get(word, word)
    if len(word) > _LONGEST:
        return None
    try:
        if "/" in word:
            over, under = word.split("/")
            return (Decimal(over) / Decimal(under)).quantize(Decimal("0.0001")).normalize()
        return Decimal(word)
    except (InvalidOperation, ZeroDivisionError):
        return None


def compared(dosage: Dosage) -> tuple[str, str]:
    """How much and how often in one spelling, for comparing: 1 and 1.0 are the same."""
    if not dosage.is_read:
        return ("", "")
    much = f"{_plain(dosage.amount_low)}-{_plain(dosage.amount_high)} {dosage.unit}"
    return much, f"{_plain(dosage.per_day)}{' prn' if dosage.as_needed else ''}"


def _plain(number: Decimal | None) -> str:
    return format(number.normalize(), "f") if number is not None else ""
