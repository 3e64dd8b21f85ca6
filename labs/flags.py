"""Where a value lies: the laboratory's own flag, ours, and which of the two is shown.

Ours is computed only where nothing is left to guess: ``<5`` against 3 to 10 may be low or not, so it has
none. The laboratory's flag is never lost: its text is kept as sent, also where it has no place among ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from labs.ranges import Range
from labs.types import CRITICAL_FLAGS, Flag, Quantity

# HL7 table 0078 up to 2.8, and what laboratories write instead. What says nothing about a range is OTHER:
# susceptibility (S, I, MS, VS), change (U, D, B, W), what was not found (NEG, ND, NR), off-scale (<, >).
# What resists, or was found, is to be looked at: it is never signed among the normal ones.
_WORDS = {
    Flag.CRITICAL_LOW: "LL,LL*,*LL,L*,*L,L**,CL,LC,PL,LP,CRIT LOW,CRITICAL LOW,PANIC LOW,"
    "BELOW LOWER PANIC LIMITS",
    Flag.CRITICAL_HIGH: "HH,HH*,*HH,H*,*H,H**,CH,HC,PH,HP,CRIT HIGH,CRITICAL HIGH,PANIC HIGH,"
    "ABOVE UPPER PANIC LIMITS",
    Flag.CRITICAL_ABNORMAL: "AA,AA*,*AA,A*,*A,C,CRIT,CRITICAL,PANIC,VERY ABNORMAL,CRITICAL ABNORMAL",
    Flag.LOW: "L,LU,LX,LOW,BELOW LOW NORMAL,BELOW NORMAL,SIGNIFICANTLY LOW",
    Flag.HIGH: "H,HU,HX,HIGH,ABOVE HIGH NORMAL,ABOVE NORMAL,SIGNIFICANTLY HIGH",
    Flag.ABNORMAL: "A,*,ABN,ABNORMAL,R,NS,POS,DET,RR,WR,IND",
    Flag.NORMAL: "N,NORM,NORMAL,WNL",
}
_SENT = {word: flag for flag, words in _WORDS.items() for word in words.split(",")}
_WEIGHT = {
    None: 0, Flag.OTHER: 1, Flag.NORMAL: 2, Flag.ABNORMAL: 3, Flag.LOW: 4, Flag.HIGH: 4,
    Flag.CRITICAL_ABNORMAL: 5, Flag.CRITICAL_LOW: 6, Flag.CRITICAL_HIGH: 6,
}  # fmt: skip
_SIDES = {Flag.LOW: -1, Flag.CRITICAL_LOW: -1, Flag.HIGH: 1, Flag.CRITICAL_HIGH: 1}
_FOUND = re.compile(r"(?:positive|pos|reactive|detected|present|abnormal|\+)", re.IGNORECASE)
_NOT_FOUND = re.compile(
    r"negative|neg|non-?\s?reactive|not detected|undetected|none(?: detected| seen)?|absent|normal"
    r"|no growth|-",
    re.IGNORECASE,
)


# What asks which germ is there: LOINC codes whose answer is a germ's name, or that there was none.
CULTURES = frozenset(
    ["600-7", "6463-4", "634-6", "625-4", "630-4", "664-3", "11475-1", "41852-5", "635-3", "6462-6", "580-1"]
)
_NOTHING_GREW = re.compile(
    r"^no\b|^none\b|^nil\b|\bno (?:significant |aerobic |anaerobic )*growth|\bnormal\b|\bnegative\b"
    r"|\bnot (?:isolated|detected|seen|found)|\bsterile\b|\bpending\b|\bsee \b|\bflora\b|\bcontaminat",
    re.IGNORECASE,
)


def read_flags(flags: Sequence[str]) -> tuple[Flag | None, str]:
    """The sender's flags as one of ours (the most serious), and their own text; None when none was sent."""
    return _read_flags(tuple(flags))


@lru_cache(maxsize=1024)  # a laboratory has a handful
def _read_flags(flags: tuple[str, ...]) -> tuple[Flag | None, str]:
    sent = [text for flag in flags if (text := flag.partition("^")[0].strip()) not in {"", '""', "null"}]
    read = [_SENT.get(text.upper(), Flag.OTHER) for text in sent]
    return _joined(read), ", ".join(text.replace("\0", "\ufffd") for text in sent)


def compute_flag(
    quantity: Quantity,
    reference: Range | None,
    critical_low: Decimal | None = None,
    critical_high: Decimal | None = None,
) -> Flag | None:
    """Our own flag for a quantity; the range and the limits are in its unit. None when it cannot be told.

    A limit itself is critical already.
    """
    return _flag(_span_of(quantity, reference), reference, critical_low, critical_high)


def compute_span_flag(
    low: Decimal,
    high: Decimal,
    reference: Range | None,
    critical_low: Decimal | None = None,
    critical_high: Decimal | None = None,
) -> Flag | None:
    """The same for a value that is itself a range (``5-10``)."""
    return _flag(_Span(low=low, high=high), reference, critical_low, critical_high)


def compute_text_flag(text: str, reference: Range | None) -> Flag | None:
    """N or A for a finding in words, where the range names the usual one (``Negative``)."""
    if reference is None or not reference.text_normal:
        return None
    found, usual = (part.strip(" .*()").casefold() for part in (text, reference.text_normal))
    if found and found == usual:
        return Flag.NORMAL
    if not _NOT_FOUND.fullmatch(usual):
        return None
    if _NOT_FOUND.fullmatch(found):
        return Flag.NORMAL
    return Flag.ABNORMAL if _FOUND.fullmatch(found) else None


def compute_growth_flag(loinc: str, text: str) -> Flag | None:
    """A for a germ that grew where the laboratory sent no mark: a culture with a name in it is not normal."""
    said = text.strip(" .*()")
    if loinc not in CULTURES or not said or _NOTHING_GREW.search(said):
        return None
    return Flag.ABNORMAL


def shown_flag(sent: Flag | None, computed: Flag | None) -> tuple[Flag | None, bool]:
    """The flag to show, the more serious of the two, and whether they disagree.

    A flag that was not sent, or says nothing about a range, disagrees with nothing.
    """
    shown = sent if _WEIGHT[sent] >= _WEIGHT[computed] else computed
    if sent is None or sent is Flag.OTHER or computed is None:
        return shown, False
    return shown, not _agree(sent, computed)


def _agree(sent: Flag, computed: Flag) -> bool:
    """A and AA leave the side open; being critical or not is never left open."""
    if (sent in CRITICAL_FLAGS) != (computed in CRITICAL_FLAGS) or Flag.NORMAL in {sent, computed}:
        return sent == computed
    sides = {_SIDES[flag] for flag in (sent, computed) if flag in _SIDES}
    return len(sides) < 2


def _joined(flags: Sequence[Flag]) -> Flag | None:
    if not flags:
        return None
    top = max(flags, key=_WEIGHT.__getitem__)
    sides = {_SIDES[flag] for flag in flags if flag in _SIDES}
    critical = top in CRITICAL_FLAGS
    if len(sides) > 1:  # high and low at once: abnormal, and not ours to say which
        return Flag.CRITICAL_ABNORMAL if critical else Flag.ABNORMAL
    if top is Flag.CRITICAL_ABNORMAL and sides:
        return Flag.CRITICAL_HIGH if sides == {1} else Flag.CRITICAL_LOW
    return top


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Where the value may lie. A missing end is open; ``*_in`` says whether the end itself is possible."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_in: bool = True
    high_in: bool = True


def _span_of(quantity: Quantity, reference: Range | None) -> _Span:
    value, sign = quantity.value, quantity.comparator
    if sign in {">", ">="}:
        return _Span(low=value, low_in=sign == ">=")
    if sign in {"<", "<="}:
        # What is measured from nothing upwards cannot be negative: <5 lies within 0 to 10.
        floor = Decimal(0) if reference is not None and reference.low == 0 and value > 0 else None
        return _Span(low=floor, high=value, high_in=sign == "<=")
    return _Span(low=value, high=value)


def _flag(
    span: _Span, reference: Range | None, critical_low: Decimal | None, critical_high: Decimal | None
) -> Flag | None:
    if critical_low is not None and span.high is not None and span.high <= critical_low:
        return Flag.CRITICAL_LOW
    if critical_high is not None and span.low is not None and span.low >= critical_high:
        return Flag.CRITICAL_HIGH
    if reference is None or not reference.bounded:
        return None
    if _wholly_below(span, reference):
        return Flag.LOW
    if _wholly_above(span, reference):
        return Flag.HIGH
    return Flag.NORMAL if _wholly_within(span, reference) else None


def _wholly_below(span: _Span, reference: Range) -> bool:
    if reference.low is None or span.high is None:
        return False
    touches = span.high == reference.low and span.high_in and reference.low_inclusive
    return span.high <= reference.low and not touches


def _wholly_above(span: _Span, reference: Range) -> bool:
    if reference.high is None or span.low is None:
        return False
    touches = span.low == reference.high and span.low_in and reference.high_inclusive
    return span.low >= reference.high and not touches


def _wholly_within(span: _Span, reference: Range) -> bool:
    if reference.low is not None:
        if span.low is None or span.low < reference.low:
            return False
        if span.low == reference.low and span.low_in and not reference.low_inclusive:
            return False
    if reference.high is not None:
        if span.high is None or span.high > reference.high:
            return False
        if span.high == reference.high and span.high_in and not reference.high_inclusive:
            return False
    return True
