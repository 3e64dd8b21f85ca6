"""Whether a message must overtake: a critical flag, or a value beyond what is critical for its code.

Looked at while storing, so it is cheap and errs on the urgent side: a message that overtakes for nothing
costs nothing. What is critical for the patient is decided by the laboratory reports, by age and sex.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from fhir_facade.hl7v2.splitter import Message, Segment
from steadwell.terminology import service as terminology

# HL7 table 0078 and what laboratories write beside it.
_CRITICAL_FLAGS: Final = frozenset(
    ["LL", "HH", "AA", "LU", "HU", "<", ">", "H*", "L*", "A*", "*", "**", "HC", "LC", "CH", "CL", "C", "CRIT",
     "PANIC", "HP", "LP"]
)  # fmt: skip
_NUMBERS: Final = frozenset({"NM", "SN"})


def is_critical(message: Message) -> bool:
    return any(segment.name == "OBX" and _is_critical(segment) for segment in message.segments)


def _is_critical(segment: Segment) -> bool:
    flags = segment.raw(8)
    if flags and not _CRITICAL_FLAGS.isdisjoint(_flags(segment, flags)):
        return True
    if segment.raw(2) not in _NUMBERS or not (written := segment.raw(5)):
        return False
    loinc = _loinc(segment)
    if not loinc:
        return False
    low, high = _bounds(loinc, segment.text(6))
    if low is None and high is None:
        return False
    value = _number(written, segment.marks.component)
    if value is None:
        return False
    return (low is not None and value <= low) or (high is not None and value >= high)


def _flags(segment: Segment, raw: str) -> list[str]:
    marks = segment.marks
    if marks.repeat not in raw and marks.component not in raw:
        return [raw.strip().upper()]
    return [segment.pick(each).strip().upper() for each in segment.repeats(8)]


def _loinc(segment: Segment) -> str:
    if segment.text(3, 3) == "LN":
        return segment.text(3, 1)
    return segment.text(3, 4) if segment.text(3, 6) == "LN" else ""


def _number(written: str, component: str) -> Decimal | None:
    """NM as it is, SN's first number: ``^182``, ``<^5``."""
    text = written.split(component)[1] if component and component in written else written
    try:
        value = Decimal(text.strip().lstrip("<>="))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


@lru_cache(maxsize=4096)
def _bounds(loinc: str, unit: str) -> tuple[Decimal | None, Decimal | None]:
    """The mildest critical bounds of a code over ages and sexes, in the sender's unit; None where unknown."""
    code = terminology.lab_code(loinc)
    if code is None:
        return None, None
    lows = [each.critical_low for each in code.ranges if each.critical_low is not None]
    highs = [each.critical_high for each in code.ranges if each.critical_high is not None]
    return (
        _in_unit(max(lows), code.unit, unit, loinc) if lows else None,
        _in_unit(min(highs), code.unit, unit, loinc) if highs else None,
    )


def _in_unit(bound: Decimal, unit: str, wanted: str, loinc: str) -> Decimal | None:
    """A bound in the unit that was sent; None where that is not understood: then only the flag speaks."""
    known = terminology.map_unit(wanted)
    if known.status is not terminology.Status.OK:
        return None
    found = terminology.convert(bound, unit, known.answer, loinc=loinc)
    return Decimal(found.answer) if found.status is terminology.Status.OK else None
