"""What a result says: reading OBX-5 (or a FHIR value) by its type and by its form.

Never raises. What cannot be trusted comes back with ``problem``: it is then quarantined with that reason, and
never guessed. The sender's own text is kept beside whatever was read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation.trans_null import gettext_noop

from labs.absences import absent_reason
from labs.numerals import AMBIGUOUS, NUMBER, Numeral, decimal_mark_of, plain_signs, read_numeral
from labs.types import Coded, IncomingObservation, ValueKind

NOT_A_NUMBER = gettext_noop("A number was announced, and what came cannot be read as one.")
BAD_STRUCTURE = gettext_noop("The structured number cannot be read.")
UNKEEPABLE = gettext_noop("The value holds a character that is not text (NUL).")
BACKWARDS = gettext_noop("The range runs from the higher number to the lower.")

_COMPARATORS = {
    "<": "<", "<=": "<=", "=<": "<=", "< or =": "<=", "<or=": "<=", "</=": "<=", "less than": "<",
    "below": "<", "under": "<", "at most": "<=", "up to": "<=",
    ">": ">", ">=": ">=", "=>": ">=", "> or =": ">=", ">or=": ">=", ">/=": ">=", "greater than": ">",
    "more than": ">", "above": ">", "over": ">", "at least": ">=", "=": "", "": "",
}  # fmt: skip
COMPARATOR = "|".join(sorted((re.escape(sign) for sign in _COMPARATORS if sign), key=len, reverse=True))
_SIMPLE = re.compile(rf"({COMPARATOR})? *({NUMBER})(.*)", re.IGNORECASE)
_SPAN = re.compile(rf"({NUMBER}) *(?:-|to) *({NUMBER})(.*)", re.IGNORECASE)
_RATIO = re.compile(rf"({COMPARATOR})? *([0-9]+(?:\.[0-9]+)?) *([:/]) *([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)
_FLAG = re.compile(r"(?: +|(?=\*))(HH|LL|AA|H|L|A|\*)(\*?)")
_UNIT = re.compile(r" *([^\s0-9.,'+\-<>=:*][^\s]{0,30}|(?:x ?)?10[*^e][^\s]{1,30}|mm ?Hg)", re.IGNORECASE)
_UNITS_WITHOUT_SLASH = frozenset({
    "%", "g", "mg", "ug", "mcg", "ng", "pg", "kg", "l", "dl", "ml", "ul", "fl", "mol", "mmol", "umol", "nmol",
    "pmol", "s", "sec", "secs", "seconds", "min", "h", "hr", "hrs", "mm", "cm", "iu", "miu", "uiu", "u", "ku",
    "mu", "mmhg", "kpa", "ratio", "index", "inr", "meq", "eq", "mosm", "ph", "cells", "copies", "titer", "au",
})  # fmt: skip
# What is counted per volume has no three decimals: there a comma before three digits separates thousands.
_COUNTED = re.compile(
    r"(?:cfu|copies|cells?|colonies|organisms|#|particles)? ?/ ?(?:[uµμm]?l|mm3|mm\^3|cu ?mm|cmm)",
    re.IGNORECASE,
)
_CODED_TYPES = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
_DOCUMENT_TYPES = frozenset({"ED", "RP"})
_PLAIN_TEXT_TYPES = frozenset({"DT", "TM", "TS", "DTM", "DR", "XPN", "XCN", "XAD", "XTN", "XON", "FT"})
_SN_COMPARATORS = frozenset({"<", "<=", ">", ">=", "=", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadValue:
    """A value, once read. What is set goes by ``kind``:

    NUMBER ``value`` (with ``comparator``), RANGE ``low`` and ``high``, RATIO and TITRE ``numerator`` and
    ``denominator`` (with ``comparator``), CODED ``coded``, ABSENT ``absent_reason``. ``text`` is always as
    sent. ``unit`` and ``flag_text`` are what stood behind the number in the same field, or empty. ``problem``
    is the reason for the quarantine, or empty.
    """

    kind: ValueKind
    text: str = ""
    comparator: str = ""
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    coded: Coded | None = None
    absent_reason: str = ""
    problem: str = ""
    unit: str = ""
    flag_text: str = ""


def read_value(observation: IncomingObservation, *, decimal_mark: str = "") -> ReadValue:
    """Read one observation's value.

    ``decimal_mark`` is ``.`` or ``,`` where the operator knows how this sender writes decimals; otherwise the
    observation's own reference range may show it.
    """
    mark = decimal_mark or decimal_mark_of(observation.range_text)
    read = _read(observation, mark)
    if not mark and read.problem == AMBIGUOUS and _COUNTED.fullmatch(read.unit or observation.unit.strip()):
        read = _read(observation, ".")
    if "\0" in observation.value:
        read = replace(read, text=read.text.replace("\0", "\ufffd"), problem=read.problem or UNKEEPABLE)
    return replace(read, problem=observation.refusal) if observation.refusal else read


def _read(observation: IncomingObservation, mark: str) -> ReadValue:
    text, value_type = observation.value, observation.value_type.strip().upper()
    if value_type in _DOCUMENT_TYPES:
        return ReadValue(kind=ValueKind.DOCUMENT, text=text)
    coded = observation.value_code
    said = [text] if coded is None else [part for part in (text, coded.code, coded.text) if part.strip()]
    absent = next(filter(None, map(absent_reason, said or [""])), "")
    if absent:
        return ReadValue(kind=ValueKind.ABSENT, text=text, absent_reason=absent)
    if value_type in _CODED_TYPES or (coded is not None and value_type not in {"NM", "SN"}):
        return ReadValue(kind=ValueKind.CODED, text=text, coded=coded or Coded(text=text))
    if value_type in _PLAIN_TEXT_TYPES:
        return ReadValue(kind=ValueKind.TEXT, text=text)
    plain = plain_signs(text).strip(" ")
    if value_type == "SN" and "^" in plain:
        return _structured(text, plain, mark)
    read = _by_form(text, plain, mark) or _as_text(text, plain, value_type)
    if read.flag_text == "L" and not observation.unit.strip():  # litres as likely as "low"
        return replace(read, unit="L", flag_text="")
    return read


def _as_text(text: str, plain: str, value_type: str) -> ReadValue:
    """Words stay words, also where a number was announced; half a number there is not shown as a result."""
    halved = (
        value_type in {"NM", "SN"} and any(map(str.isdigit, plain)) and not re.fullmatch(r"[0-9]\+", plain)
    )
    return ReadValue(kind=ValueKind.TEXT, text=text, problem=NOT_A_NUMBER if halved else "")


def _by_form(text: str, plain: str, mark: str) -> ReadValue | None:
    """A number, a range, a ratio or a titre, by how it is written; None when it is none of them."""
    if len(plain) > 120:
        return None
    for reading in (_ratio, _simple, _span):
        read = reading(text, plain, mark)
        if read is not None:
            return read
    return None


def _simple(text: str, plain: str, mark: str) -> ReadValue | None:
    found = _SIMPLE.fullmatch(plain)
    rest = _rest(found.group(3)) if found else None
    if found is None or rest is None:
        return None
    number = read_numeral(found.group(2), decimal_mark=mark)
    if number.value is None and not number.problem:
        return None
    return ReadValue(
        kind=ValueKind.NUMBER, text=text, comparator=_COMPARATORS[(found.group(1) or "").lower()],
        value=number.value, problem=number.problem, unit=rest[0], flag_text=rest[1],
    )  # fmt: skip


def _span(text: str, plain: str, mark: str) -> ReadValue | None:
    found = _SPAN.fullmatch(plain)
    rest = _rest(found.group(3)) if found else None
    if found is None or rest is None:
        return None
    low, high = (read_numeral(found.group(part), decimal_mark=mark) for part in (1, 2))
    problem = low.problem or high.problem
    if not problem and (low.value is None or high.value is None):
        return None
    if low.value is not None and high.value is not None and low.value > high.value:
        return None
    return ReadValue(
        kind=ValueKind.RANGE, text=text, low=low.value, high=high.value, problem=problem,
        unit=rest[0], flag_text=rest[1],
    )  # fmt: skip


def _ratio(text: str, plain: str, mark: str) -> ReadValue | None:
    """``1:160`` is a titre and ``3/10`` a ratio; ``10:30`` may be a time and stays text."""
    found = _RATIO.fullmatch(plain)
    if found is None or len(plain) > 40:
        return None
    sign, first, colon, second = found.groups()
    titre = colon == ":" and Decimal(first) == 1
    if colon == ":" and not titre:
        return None
    return ReadValue(
        kind=ValueKind.TITRE if titre else ValueKind.RATIO, text=text,
        comparator=_COMPARATORS[(sign or "").lower()], numerator=Decimal(first), denominator=Decimal(second),
    )  # fmt: skip


def _structured(text: str, plain: str, mark: str) -> ReadValue:
    """HL7 SN (2.A.69): comparator ^ number ^ separator or suffix ^ number."""
    parts = [part.strip() for part in plain.split("^")]
    sign, first, separator, second = (*parts[:4], "", "", "", "")[:4]
    numbers = [read_numeral(part, decimal_mark=mark) if part else Numeral() for part in (first, second)]
    problem = numbers[0].problem or numbers[1].problem
    one, two = numbers[0].value, numbers[1].value
    comparator = _COMPARATORS.get(sign, "") if sign in _SN_COMPARATORS else None
    bad = ReadValue(kind=ValueKind.TEXT, text=text, problem=problem or BAD_STRUCTURE)
    if comparator is None or one is None or any(parts[4:]) or (two is None and second):
        return bad
    if two is None:
        if separator == "+":  # a category: 2+
            return ReadValue(kind=ValueKind.TEXT, text=f"{first}+")
        written = ReadValue(kind=ValueKind.NUMBER, text=text, comparator=comparator, value=one)
        return written if not separator else bad
    if separator == "-":
        problem = BACKWARDS if one > two else BAD_STRUCTURE if comparator else ""
        return ReadValue(kind=ValueKind.RANGE, text=text, low=one, high=two, problem=problem)
    if separator in {":", "/"}:
        kind = ValueKind.TITRE if separator == ":" and one == 1 else ValueKind.RATIO
        return ReadValue(kind=kind, text=text, comparator=comparator, numerator=one, denominator=two)
    return bad


def _rest(rest: str) -> tuple[str, str] | None:
    """The unit and the flag behind a number; None when it is something else, so the whole is text."""
    if not rest.strip(" "):
        return "", ""
    flag = _FLAG.fullmatch(rest.rstrip(" "))
    if flag:
        return "", flag.group(1) + flag.group(2)
    found = _UNIT.fullmatch(rest.rstrip(" "))
    if found and _is_unit(found.group(1)):
        return found.group(1), ""
    return None


def _is_unit(text: str) -> bool:
    lowered = text.lower().replace(" ", "")
    return (
        lowered in _UNITS_WITHOUT_SLASH
        or "/" in text
        or lowered.startswith(("x10", "10*", "10^", "10e", "[", "{"))
    )
