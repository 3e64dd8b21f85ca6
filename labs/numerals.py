"""Numbers as laboratories write them.

Only what can be read in one way is read. ``1,234`` may be one thousand or one and a bit: the same text from
two laboratories means values a thousandfold apart, so without other evidence it is refused, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from django.utils.translation.trans_null import gettext_noop

TOO_LARGE = gettext_noop("The number is too large or too small to be a laboratory value.")
AMBIGUOUS = gettext_noop("The comma may separate thousands or decimals: the value can be read in two ways.")
LONGEST = 40  # characters; no laboratory writes longer numbers
LARGEST_EXPONENT = 15  # of ten; viral loads reach 10^10

# Signs that mean the same as an ASCII one. Superscripts are deliberately not among them: 10³ is not 103.
_SAME = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63), "-"),
    **dict.fromkeys((0x2264, 0x2266, 0x2A7D), "<="),
    **dict.fromkeys((0x2265, 0x2267, 0x2A7E), ">="),
    **dict.fromkeys((0x2009, 0x202F, 0x00A0), "\u00a0"),
    **dict.fromkeys((0x2000, 0x2001, 0x2002, 0x2003, 0x3000, 0x0009), " "),
    0x2019: "'",
    0x00D7: "x",
    0x2236: ":",
    0x2215: "/",
}
NUMBER = r"[+-]?(?:[0-9][0-9.,'\u00a0]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
_PARTS = re.compile(r"([+-]?)([0-9.,'\u00a0]+)(?:[eE]([+-]?[0-9]+))?")
_PLAIN = re.compile(r"[0-9]*\.?[0-9]*")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([,.'\u00a0])[0-9]{3})(?:\1[0-9]{3})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeral:
    """A number read, or the reason why it was not. Both empty: it is no number at all."""

    value: Decimal | None = None
    problem: str = ""


def plain_signs(text: str) -> str:
    """The same text with digits, dashes and comparison signs of other scripts written as ASCII."""
    spelled = text.translate(_SAME)
    if spelled.isascii():
        return spelled
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in spelled)


def read_numeral(text: str, *, decimal_mark: str = "") -> Numeral:
    """A number with its digits kept: ``7.10`` stays ``7.10``.

    ``decimal_mark`` is ``.`` or ``,`` where it is known how the sender writes decimals. Takes text that went
    through ``plain_signs``.
    """
    text = text.strip(" ")
    found = _PARTS.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return Numeral()
    sign, digits, exponent = found.groups()
    plain, ambiguous = _without_groups(digits, decimal_mark)
    if ambiguous:
        return Numeral(problem=AMBIGUOUS)
    if not _PLAIN.fullmatch(plain) or not any(map(str.isdigit, plain)):
        return Numeral()
    if exponent is not None and abs(int(exponent[:6])) > LARGEST_EXPONENT:
        return Numeral(problem=TOO_LARGE)
    value = Decimal(f"{sign}{plain}e{exponent or 0}")
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        return Numeral(problem=TOO_LARGE)
    return Numeral(value=value)


@lru_cache(maxsize=4096)  # it is asked about reference ranges, which a laboratory repeats
def decimal_mark_of(text: str) -> str:
    """The decimal mark that a text shows beyond doubt (``3,5 - 5,0`` shows a comma), or empty."""
    marks = {mark for numeral in re.findall(NUMBER, plain_signs(text)) for mark in _shown_mark(numeral)}
    return marks.pop() if len(marks) == 1 else ""


def _shown_mark(numeral: str) -> str:
    digits = numeral.strip("+-.,'")
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        last = "." if digits.rfind(".") > digits.rfind(",") else ","
        return last if digits.count(last) == 1 else ""
    if points + commas != 1 or (commas and _GROUPED.fullmatch(digits)):
        return ""
    # One point with three digits behind it says nothing for sure either: 1.234 may be grouped elsewhere.
    return "" if points and _GROUPED.fullmatch(digits) else ("." if points else ",")


def _without_groups(digits: str, mark: str) -> tuple[str, bool]:
    """The digits with a point as decimal mark and nothing else, and whether they can be read in two ways."""
    if "'" in digits or "\u00a0" in digits:
        return _unspaced(digits), False
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return _both_marks(digits), False
    if max(points, commas) > 1:  # 1,234,567
        return (re.sub("[.,]", "", digits), False) if _is_grouped(digits) else (digits, False)
    if points:
        return digits, mark == "," and _is_grouped(digits)
    if not commas:
        return digits, False
    if _is_grouped(digits) and mark == ".":
        return digits.replace(",", ""), False
    return digits.replace(",", "."), mark == "." or (not mark and _is_grouped(digits))


def _unspaced(digits: str) -> str:
    """``1'234.5`` or the same with a narrow space: these signs only ever separate thousands."""
    mark = "." if "." in digits else ","
    head, dot, tail = digits.partition(mark)
    return re.sub("['\u00a0]", "", head) + (dot and "." + tail) if _is_grouped(head) else digits


def _both_marks(digits: str) -> str:
    """``1,234.5`` and ``1.234,5``: the last mark is the decimal one, the others must group by three."""
    mark = "." if digits.rfind(".") > digits.rfind(",") else ","
    head, _, tail = digits.rpartition(mark)
    return head.replace("." if mark == "," else ",", "") + "." + tail if _is_grouped(head) else digits


def _is_grouped(digits: str) -> bool:
    return _GROUPED.fullmatch(digits) is not None
