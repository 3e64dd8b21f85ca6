"""One observation as its row: the sender's words, and what can safely be read out of them.

A number counts only with a unit that is understood where one is expected. What cannot be read is still shown
as it was sent, with the reason, and set aside for a person (ADR 0092).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_noop

from labs.flags import (
    compute_flag,
    compute_growth_flag,
    compute_span_flag,
    compute_text_flag,
    read_flags,
    shown_flag,
)
from labs.identifying import clean, fit, observation_digest, within
from labs.ranges import Range, read_range
from labs.types import Flag, IncomingObservation, Quantity, ValueKind
from labs.values import ReadValue, read_value
from steadwell.terminology import service as terminology

IMPLAUSIBLE = gettext_noop(
    "No body gives such a number in this unit: the unit or the decimal point may be wrong."
)
TWO_UNITS = gettext_noop("The value and its unit field name different units.")
# Their number means nothing without its unit; a ratio, a titre or words carry their meaning themselves.
_MEASURED = frozenset({ValueKind.NUMBER, ValueKind.RANGE})
_WORDS = frozenset({ValueKind.TEXT, ValueKind.CODED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What reading needs to know around an observation. ``on`` is the day it is about."""

    sender: str
    on: date
    synonyms: Mapping[str, str] = field(default_factory=dict)
    sex: str = "unknown"
    birth_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """``code`` is UCUM, empty where none is needed; ``reason`` says why it could not be trusted."""

    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a value is held against, in the value's own unit. ``ours``: the laboratory sent no range."""

    reference: Range | None = None
    critical_low: Decimal | None = None
    critical_high: Decimal | None = None
    ours: bool = False


def reason_to_set_aside(row: Mapping[str, Any]) -> str:
    """Why a person should look at it, or empty."""
    return str(row["problem"] or row["unit_reason"])


def read(key: str, observation: IncomingObservation, context: Context) -> dict[str, Any]:
    """The columns of its ResultVersion, as JSON holds them, but for the version's own."""
    row = _as_sent(key, observation)
    row["digest"] = observation_digest(row)
    row.update(_as_read(observation, row["loinc"], context))
    return row


def _as_sent(key: str, said: IncomingObservation) -> dict[str, Any]:
    code, value_code = said.code, said.value_code
    return {
        "key": key,
        "parent_key": within(said.parent_key, 242),
        "sub_id": fit(said.sub_id, 60),
        "code": within(code.code, 200),
        "code_system": fit(code.system, 20),
        "loinc": code.loinc if len(code.loinc) <= 12 else "",
        "name": fit(code.text or code.alternate_text or code.code, 250),
        "value_type": fit(said.value_type, 10),
        "value_text": clean(said.value),
        "value_code": within(value_code.code, 200) if value_code else "",
        "value_code_system": fit(value_code.system, 20) if value_code else "",
        "unit_text": fit(said.unit, 100),
        "range_text": fit(said.range_text, 250),
        "flag_sent": fit(read_flags(said.flags)[1], 60),
        "status_told": said.status.value if said.status else "",
        "effective_at": said.effective_at,
        "effective_text": fit(said.effective_text, 60),
        "method": fit(said.method, 250),
        "performer": fit(said.performer, 250),
        "notes": [clean(note) for note in said.notes],
    }


def _as_read(said: IncomingObservation, loinc: str, context: Context) -> dict[str, Any]:
    value = read_value(said)
    unit = _unit(said, value, loinc, context) if value.kind in _MEASURED else Unit()
    if not (value.problem or unit.reason) and not _is_plausible(value, unit, loinc):
        value = replace(value, problem=IMPLAUSIBLE)
    limits = _limits(said, value, unit, loinc, context)
    sent = read_flags([*said.flags, *filter(None, [value.flag_text])])[0]
    computed = _computed(value, unit, limits)
    if sent is None and computed is None and not value.problem and value.kind in _WORDS:
        computed = compute_growth_flag(loinc, _words(value))
    shown, disagree = shown_flag(sent, computed)
    low, high = _two(value)
    reference = limits.reference or Range()
    return {
        "kind": value.kind.value,
        "comparator": value.comparator,
        "number": _digits(value.value),
        "low": _digits(low),
        "high": _digits(high),
        "unit": unit.code,
        "unit_reason": fit(unit.reason, 300),
        "problem": fit(value.problem, 300),
        "absent_reason": fit(value.absent_reason, 60),
        "range_low": _digits(reference.low),
        "range_high": _digits(reference.high),
        "range_is_ours": limits.ours,
        "flag": shown.value if shown else "",
        "flag_computed": computed.value if computed else "",
        "flags_disagree": disagree,
    }


def _digits(value: Decimal | None) -> str:
    """Never an exponent: readers compare digits."""
    return "" if value is None else f"{value:f}"


def _two(value: ReadValue) -> tuple[Decimal | None, Decimal | None]:
    if value.kind is ValueKind.RANGE:
        return value.low, value.high
    return value.numerator, value.denominator


def _unit(said: IncomingObservation, value: ReadValue, loinc: str, context: Context) -> Unit:
    """The unit of a number: from its own field, or from behind the number."""
    sent = said.unit.strip()
    if not sent and not value.unit:
        return _without_unit(loinc)
    unit = _mapped(sent or value.unit, loinc, context)
    if sent and value.unit and not unit.reason:
        behind = _mapped(value.unit, loinc, context)
        if behind != unit:
            return Unit(reason=behind.reason or TWO_UNITS)
    return unit


def _without_unit(loinc: str) -> Unit:
    """Where the code expects a unit, a number without one could mean several things."""
    answer = terminology.check_unit(loinc, "")
    if answer.ok or answer.code == "no-code":
        return Unit(code=answer.answer)
    return Unit(reason=answer.reason)


def _mapped(text: str, loinc: str, context: Context) -> Unit:
    mapped = terminology.map_unit(text, sender=context.sender, extra=context.synonyms or None, loinc=loinc)
    if not mapped.ok:
        return Unit(reason=mapped.reason)
    fits = terminology.check_unit(loinc, mapped.answer)
    if fits.ok or fits.code == "no-code":
        return Unit(code=mapped.answer)
    return Unit(reason=fits.reason)


def _limits(said: IncomingObservation, value: ReadValue, unit: Unit, loinc: str, context: Context) -> Limits:
    """The laboratory's own range wins; ours is asked where it sent none, and for what is critical."""
    sent = read_range(said.range_text, unit_text=said.unit.strip() or value.unit, sex=context.sex)
    theirs = _in_unit_of(sent, said.unit.strip() or value.unit, unit, loinc, context)
    if value.kind not in _MEASURED or unit.reason or value.problem:
        return Limits(reference=theirs)
    code = terminology.lab_code(loinc)
    ours = terminology.reference_range(loinc, sex=context.sex, birth_date=context.birth_date, on=context.on)
    if code is None or ours is None:
        return Limits(reference=theirs)
    low, high, critical_low, critical_high = (
        _converted(bound, code.unit, unit.code, loinc)
        for bound in (ours.low, ours.high, ours.critical_low, ours.critical_high)
    )
    asked = not said.range_text.strip() and (low is not None or high is not None)
    return Limits(
        reference=Range(low=low, high=high) if asked else theirs, ours=asked,
        critical_low=critical_low, critical_high=critical_high,
    )  # fmt: skip


def _in_unit_of(sent: Range, text: str, unit: Unit, loinc: str, context: Context) -> Range | None:
    """The range in the value's unit. One in another unit that cannot be brought to it says nothing."""
    if not sent.bounded or sent.unit == text:
        return sent
    own = _mapped(sent.unit, loinc, context)
    if own.reason or unit.reason:
        return None
    if own.code == unit.code:
        return sent
    bounds = [_converted(bound, own.code, unit.code, loinc) for bound in (sent.low, sent.high)]
    if [bound is None for bound in bounds] != [sent.low is None, sent.high is None]:
        return None
    return Range(
        low=bounds[0], high=bounds[1], low_inclusive=sent.low_inclusive, high_inclusive=sent.high_inclusive
    )


def _is_plausible(value: ReadValue, unit: Unit, loinc: str) -> bool:
    """Whether a number can be what it says in its unit. What cannot is for a person: the unit or the decimal
    point is wrong more likely than the patient. An open value (``<5``) is held against the upper end only.
    """
    code = terminology.lab_code(loinc)
    numbers = [each for each in (value.value, value.low, value.high) if each is not None]
    if code is None or value.kind not in _MEASURED or not numbers:
        return True
    lowest = _converted(code.lowest, code.unit, unit.code, loinc)
    highest = _converted(code.highest, code.unit, unit.code, loinc)
    too_low = lowest is not None and not value.comparator and min(numbers) < lowest
    return not too_low and (highest is None or max(numbers) <= highest)


def _converted(bound: Decimal | None, from_unit: str, to_unit: str, loinc: str) -> Decimal | None:
    if bound is None or from_unit == to_unit:
        return bound
    return _exactly(bound, from_unit, to_unit, loinc)


@lru_cache(maxsize=4096)
def _exactly(bound: Decimal, from_unit: str, to_unit: str, loinc: str) -> Decimal | None:
    answer = terminology.convert(bound, from_unit, to_unit, loinc=loinc)
    return Decimal(answer.answer) if answer.ok else None


def _computed(value: ReadValue, unit: Unit, limits: Limits) -> Flag | None:
    """Our own flag. Critical limits are ours alone, so they need a unit that is understood (see _limits)."""
    critical = {"critical_low": limits.critical_low, "critical_high": limits.critical_high}
    if value.problem:
        return None
    if value.kind is ValueKind.NUMBER and value.value is not None:
        quantity = Quantity(value=value.value, unit=unit.code, comparator=value.comparator)
        return compute_flag(quantity, limits.reference, **critical)
    if value.kind is ValueKind.RANGE and value.low is not None and value.high is not None:
        return compute_span_flag(value.low, value.high, limits.reference, **critical)
    if value.kind in _WORDS:
        return compute_text_flag(_words(value), limits.reference)
    return None


def _words(value: ReadValue) -> str:
    return (value.coded.text if value.coded else "") or value.text
