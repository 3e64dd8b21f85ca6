"""What a laboratory calls usual: reading OBX-7 in whatever shape it comes.

A range that cannot be read for sure has no bounds: then nothing is computed from it, and its text is shown as
sent. One that names a unit of its own keeps it: the caller compares it with the value's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from labs.numerals import NUMBER, decimal_mark_of, plain_signs, read_numeral

_HIGH_WORDS = r"<=|=<|</=|<|up to|less than|at most|below|under|max(?:imum)?\.?|no more than"
_LOW_WORDS = r">=|=>|>/=|>|greater than|more than|at least|above|over|min(?:imum)?\.?|no less than"
_OPEN = frozenset({"<", ">", "less than", "greater than", "more than", "below", "above", "under", "over"})
_UNIT = r"(?: *((?:x ?)?10[*^eE][^\s-]+|[a-zA-Z%µμ/\[{][^\s;,]*|mm ?Hg))?"
_BETWEEN = re.compile(rf"({NUMBER}){_UNIT} *(?:-|_|to|and) *({NUMBER}){_UNIT}", re.IGNORECASE)
_BELOW = re.compile(rf"(?:{_HIGH_WORDS}) *({NUMBER}){_UNIT}", re.IGNORECASE)
_ABOVE = re.compile(rf"(?:{_LOW_WORDS}) *({NUMBER}){_UNIT}", re.IGNORECASE)
_FROM_ON = re.compile(rf"({NUMBER}) *(?:-|\+|or (?:more|higher|above)){_UNIT}", re.IGNORECASE)
_LED = re.compile(
    r"(?:normal|ref(?:erence)?(?: range| interval)?|range|between|expected)\s*[:=]?\s+", re.IGNORECASE
)
_SEX = re.compile(
    r"(?<![a-z])(?P<male>males?|men|man|m)(?![a-z])|(?<![a-z])(?P<female>females?|women|woman|f)(?![a-z])",
    re.IGNORECASE,
)
_LONGEST = 200
# Words that name no normal finding: a value that differs from them means nothing.
_NO_FINDING = re.compile(
    r"see |not (?:established|available|applicable)|n/?a\b|none (?:established|given)|varies|unknown"
    r"|refer to|by report",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A reference range. Without bounds and without ``text_normal`` nothing could be read from ``text``.

    ``unit`` is the range's own where it names one, else the value's as sent. ``text_normal`` is the finding
    that is usual (``Negative``).
    """

    low: Decimal | None = None
    high: Decimal | None = None
    low_inclusive: bool = True
    high_inclusive: bool = True
    text_normal: str = ""
    unit: str = ""
    text: str = ""

    @property
    def bounded(self) -> bool:
        return self.low is not None or self.high is not None


@lru_cache(maxsize=8192)  # a laboratory repeats its ranges
def read_range(text: str, *, unit_text: str = "", sex: str = "", decimal_mark: str = "") -> Range:
    """Read a range; never raises. ``sex`` (``male``, ``female``) chooses where the text names one for each.

    ``decimal_mark`` is how the sender writes decimals, where that is known.
    """
    unread = Range(unit=unit_text, text=text.replace("\0", "\ufffd"))
    plain = _bare(plain_signs(text).replace("\u00a0", " "))
    if not plain or len(plain) > _LONGEST:
        return unread
    mark = decimal_mark or decimal_mark_of(plain)
    found = _one(plain, mark)
    if found is None:
        part = _part_for(plain, sex)
        found = _one(part, mark) if part else None
    if found is not None:
        return Range(
            low=found.low, high=found.high, low_inclusive=found.low_inclusive, unit=found.unit or unit_text,
            high_inclusive=found.high_inclusive, text=unread.text,
        )  # fmt: skip
    if any(map(str.isdigit, plain)) or _NO_FINDING.search(plain) or not any(map(str.isalpha, plain)):
        return unread
    return Range(text_normal=text.strip().replace("\0", ""), unit=unit_text, text=unread.text)


def _bare(text: str) -> str:
    text = " ".join(text.split())
    while len(text) > 1 and (text[0] + text[-1]) in {"()", "[]", "{}"} and text[1:-1].count(text[0]) == 0:
        text = text[1:-1].strip()
    led = _LED.match(text)
    return text[led.end() :] if led else text


def _one(text: str, mark: str) -> Range | None:
    """One plain range, or None."""
    text = _bare(text.strip(" ;,/"))
    between = _BETWEEN.fullmatch(text)
    if between:
        return _between(between, mark)
    for shape, is_low in ((_BELOW, False), (_ABOVE, True), (_FROM_ON, True)):
        found = shape.fullmatch(text)
        if found:
            bound = read_numeral(found.group(1), decimal_mark=mark).value
            words = text[: found.start(1)].strip().lower()
            if bound is None:
                return None
            if is_low:
                return Range(low=bound, low_inclusive=words not in _OPEN, unit=found.group(2) or "")
            return Range(high=bound, high_inclusive=words not in _OPEN, unit=found.group(2) or "")
    return None


def _between(found: re.Match[str], mark: str) -> Range | None:
    low, high = (read_numeral(found.group(part), decimal_mark=mark).value for part in (1, 3))
    units = {unit for unit in (found.group(2), found.group(4)) if unit}
    if low is None or high is None or low > high or len(units) > 1:
        return None
    return Range(low=low, high=high, unit=units.pop() if units else "")


def _part_for(text: str, sex: str) -> str:
    """What belongs to a sex in ``M: 13-17 F: 12-15`` or ``13-17 (M), 12-15 (F)``; empty when not clear."""
    marks = list(_SEX.finditer(text))
    both = [mark.lastgroup for mark in marks] in (["male", "female"], ["female", "male"])
    if sex not in {"male", "female"} or not both:
        return ""
    first, second = marks
    if text[: first.start()].strip(" (["):
        parts = (text[: first.start()], text[first.end() : second.start()])
    else:
        parts = (text[first.end() : second.start()], text[second.end() :])
    chosen = parts[0] if first.lastgroup == sex else parts[1]
    return chosen.strip(" :=()[];,/|")
