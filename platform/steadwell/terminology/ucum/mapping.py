"""From what a sender wrote to a UCUM code, or to the reason why not.

The order is the safety: the sender's own words, words that mean one thing whoever writes them, the traps,
UCUM itself, the same words in other capitals; and where the code of the test is known, what it measures
has the last say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from steadwell.terminology.ucum import analytes, synonyms, traps, units
from steadwell.terminology.ucum.analytes import Analyte
from steadwell.terminology.ucum.converting import convert
from steadwell.terminology.ucum.synonyms import Synonym
from steadwell.terminology.ucum.traps import Trap
from steadwell.terminology.ucum.types import Answer, Status, UnitRefused
from steadwell.terminology.ucum.units import Unit

LONGEST = 100  # characters of a raw string; more is a text in the wrong field

# Thousands, millions and so on of cells: x10E3/uL, 10**9/L, X10(3), 10 3/mm3, E6/L, 1e3/uL.
_POWER = re.compile(
    r"(?:1 ?)?(?:x ?)?(?:1 ?)?(?:10)? ?(?:\*\*|\^|\*|e|exp|x|'|\(|\^\()? ?([0-9]{1,2})\)?"
    r"( ?[a-z.]*)? ?/ ?(.+)",
    re.IGNORECASE,
)
_POWER_MARK = re.compile(r"(?:1 ?)?x ?10|10 ?(?:\*|\^|e|exp|x|'|\()|1? ?e ?[0-9]", re.IGNORECASE)
_REMARK = re.compile(r" ?\( ?calc(?:ulated)?\.? ?\)$| calc\.?$", re.IGNORECASE)  # how, and not what
_COUNTED = frozenset({"", "cells", "cell", "wbc", "rbc", "plt", "cfu", "copies", "cop", "iu"})

_ENZYME_UNIT = re.compile(r"(?<![A-Za-z'_\]])([mukn]?)U(?=$|[./{)])")
# Hormones measured against a preparation of the WHO (TSH, FSH, LH, hCG, insulin): whoever writes mU/L of them
# means mIU/L. Antibodies are not among them: their makers' units differ.
_HORMONES = frozenset({"3016-3", "11579-0", "11580-8", "15067-2", "10501-5", "19080-1", "21198-7", "20448-7"})


def map_unit(
    raw: str, *, sender: str = "", extra: Mapping[str, str] | None = None, loinc: str = ""
) -> Answer:
    """The UCUM code that the sender means, or a refusal with its reason. Never raises.

    ``extra`` holds the operator's own words for this sender. With ``loinc`` a trap is resolved where
    exactly one thing that may have been meant fits what the code measures, and an answer that does not
    fit is refused.
    """
    if extra:
        return _map(raw, sender, extra, loinc)
    return _remembered(raw, sender, loinc)


@lru_cache(maxsize=16384)
def _remembered(raw: str, sender: str, loinc: str) -> Answer:
    return _map(raw, sender, None, loinc)


def _map(raw: str, sender: str, extra: Mapping[str, str] | None, loinc: str) -> Answer:
    text = synonyms.tidy(raw[: LONGEST + 1])
    if not text:
        return Answer("", Status.UNKNOWN, "No unit was sent.", "empty")
    if len(raw) > LONGEST:
        return Answer("", Status.UNKNOWN, "This is too long to be a unit.", "too-long")
    found, trap = _known(text, sender, extra)
    return _judged(found, trap, loinc) if loinc else found


def _known(text: str, sender: str, extra: Mapping[str, str] | None) -> tuple[Answer, Trap | None]:
    synonym = synonyms.of_sender(text, sender, extra) or synonyms.exact(text)
    if synonym is not None:
        return _by_synonym(text, synonym), None
    try:
        unit = units.read(text)
    except UnitRefused as refusal:
        return _otherwise(text, refusal)
    trap = traps.find(unit)
    if trap is not None:
        return traps.answer(unit, trap), trap
    return Answer(unit.code, Status.OK), None


def _by_synonym(text: str, synonym: Synonym) -> Answer:
    if not synonym.code:
        return Answer("", Status.REFUSED, f"“{text}”: {synonym.note}.", "ambiguous")
    try:
        return Answer(units.read(synonym.code).code, Status.OK, "", "synonym")
    except UnitRefused as refusal:
        return Answer(
            "", Status.INVALID, f"“{text}” is entered as {synonym.code}. {refusal.text}", refusal.why
        )


def _otherwise(text: str, refusal: UnitRefused) -> tuple[Answer, Trap | None]:
    """What is not UCUM as written: other capitals, other ways to write a power of ten, or unknown."""
    synonym = synonyms.folded(text)
    if synonym is not None:
        return _by_synonym(text, synonym), None
    power = _power_of_ten(text)
    if power:
        return Answer(power, Status.OK, "", "synonym"), None
    tight = synonyms.tight(_REMARK.sub("", text))
    if tight and tight != text:
        return _known(tight, "", None)
    reason = f"Nobody has said yet what “{text}” means. {refusal.text}"
    return Answer("", Status.UNKNOWN, reason, "unknown"), None


def _power_of_ten(text: str) -> str:
    found = _POWER.fullmatch(text) if _POWER_MARK.match(text) else None
    if found is None or (found[2] or "").strip(" .").casefold() not in _COUNTED:
        return ""
    below = _known("/" + synonyms.tight(found[3]), "", None)[0]
    if not below.ok:
        return ""
    counted = (found[2] or "").strip(" .").casefold()
    above = {"iu": ".[iU]", "cfu": ".[CFU]", "cop": "{copies}", "": ""}.get(counted, f"{{{counted}}}")
    code = f"10*{int(found[1])}{above}{below.answer}"
    try:
        return units.read(code).code
    except UnitRefused:
        return ""


def _judged(found: Answer, trap: Trap | None, loinc: str) -> Answer:
    """What the code of the test says to it."""
    analyte = analytes.find(loinc)
    if analyte is None or not analyte.unit or found.status not in (Status.OK, Status.TRAP):
        return found
    expected = units.read(analyte.unit)
    if trap is None:
        return _judged_unit(found, analyte, expected)
    fitting = [code for code in trap.meant if _fits(units.read(code), expected, loinc)]
    if len(fitting) == 1:
        reason = f"Read as {fitting[0]}: nobody measures {analyte.name} in {trap.literally}."
        return Answer(fitting[0], Status.OK, reason, "resolved")
    return found


def _judged_unit(found: Answer, analyte: Analyte, expected: Unit) -> Answer:
    unit = units.read(found.answer)
    fit = _fit(unit, expected, analyte.loinc)
    if fit.ok:
        return found
    international = _as_international(found.answer)
    if (
        analyte.loinc in _HORMONES
        and international
        and _fits(units.read(international), expected, analyte.loinc)
    ):
        reason = f"Read as {international}: the unit of {analyte.name} is the international one."
        return Answer(international, Status.OK, reason, "resolved")
    own = _as_arbitrary(found.answer) if "[arb'U]" in expected.code else ""
    if own and _fits(units.read(own), expected, analyte.loinc):
        reason = f"Read as {own}: {analyte.name} is measured in units of its own."
        return Answer(own, Status.OK, reason, "resolved")
    if fit.code not in ("dimension", "no-analyte"):
        return Answer(
            "", Status.REFUSED, f"{analyte.name} is measured in {expected.code}. {fit.reason}", fit.code
        )
    ours, theirs = unit.dimension.in_words(), expected.dimension.in_words()
    reason = f"{found.answer} is {ours}; {analyte.name} is measured in {expected.code}, which is {theirs}."
    return Answer("", Status.REFUSED, reason, "dimension")


def _as_international(code: str) -> str:
    """The code with its enzyme units as international ones, or empty where it has none."""
    found = _ENZYME_UNIT.sub(r"\1[iU]", code)
    return found if found != code else ""


def _as_arbitrary(code: str) -> str:
    """The code with its enzyme units as a maker's own, or empty where that is no unit."""
    found = _ENZYME_UNIT.sub(r"\1[arb'U]", code)
    try:
        units.read(found)
    except UnitRefused:
        return ""
    return found


def _fit(unit: Unit, expected: Unit, loinc: str) -> Answer:
    return convert("1", unit.code, expected.code, loinc=loinc, literally=True)


def _fits(unit: Unit, expected: Unit, loinc: str) -> bool:
    return _fit(unit, expected, loinc).ok


def validate_unit(code: str) -> Answer:
    """The preferred spelling of a UCUM code; with a warning as reason where it is a trap. Never raises."""
    try:
        unit = units.read(code)
    except UnitRefused as refusal:
        return Answer("", Status.INVALID, refusal.text + _rather(code), refusal.why)
    trap = traps.find(unit)
    return Answer(unit.code, Status.OK, trap.reason(unit.code) if trap else "", "trap" if trap else "")


def _rather(code: str) -> str:
    meant = map_unit(code)
    return f" Rather {meant.answer}?" if meant.ok else ""
