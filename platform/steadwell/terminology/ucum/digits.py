"""Numbers as a laboratory writes them, and how many of their digits an answer may show.

An answer that has an end in decimal digits is given exactly, with at least the source's digits. One that
has none is rounded to the source's significant digits, at least three, and to one more where that would
not lead back to the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from steadwell.terminology.ucum.types import invalid

MOST_DIGITS = 40  # of a number read
FARTHEST = 300  # powers of ten; far beyond any quantity, and no place for a number that stalls us
LONGEST_EXACT = 15  # significant digits; past them an exact answer is noise
LEAST_ROUNDED = 3  # a rounding of half a percent at worst

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class Number:
    """``coefficient`` times ten to the ``exponent``; ``digits`` are the significant ones as written."""

    coefficient: int
    exponent: int
    digits: int

    @property
    def decimals(self) -> int:
        return max(-self.exponent, 0)


def read(value: str | Decimal) -> Number:
    """The number as written. Raises UnitRefused (invalid)."""
    text = str(value).strip()
    found = _NUMBER.fullmatch(text) if len(text) <= MOST_DIGITS + 10 else None
    if found is None or not (found[2] or found[3]):
        raise invalid(_why(text), why="not-a-number")
    fraction = found[3] or ""
    written = found[2] + fraction
    exponent = int(found[4] or 0) - len(fraction)
    if len(written) > MOST_DIGITS or abs(exponent + len(written)) > FARTHEST:
        raise invalid(f"“{text[:60]}” is beyond any measured quantity.", why="out-of-range")
    coefficient = int(written)
    digits = len(written.lstrip("0")) or 1
    return Number(-coefficient if found[1] == "-" else coefficient, exponent, digits)


def _why(text: str) -> str:
    if not text:
        return "There is no number."
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    if "," in text:
        return f"“{shown}”: a comma may mean thousands or decimals. Write the number with a point."
    return f"“{shown}” is not a number: write digits with a decimal point."


def exact(numerator: int, denominator: int, digits: int) -> Decimal | None:
    """The fraction in decimal digits, at least so many; None when it has no end, or one too far off."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if numerator % rest:
        return None
    places = max(twos, fives)
    coefficient = numerator // rest * 2 ** (places - twos) * 5 ** (places - fives)
    text = str(abs(coefficient)).rstrip("0") or "0"
    if len(text) > max(LONGEST_EXACT, digits):
        return None
    exponent = -places + len(str(abs(coefficient))) - len(text) if coefficient else 0
    missing = digits - len(text) if coefficient else 0
    if missing > 0:
        text, exponent = text + "0" * missing, exponent - missing
    return Decimal((int(coefficient < 0), tuple(map(int, text)), exponent))


def rounded(numerator: int, denominator: int, digits: int) -> Decimal:
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    found = context.divide(Decimal(numerator), Decimal(denominator))
    missing = digits - len(found.as_tuple().digits)
    return (
        found if missing <= 0 else context.quantize(found, Decimal((0, (1,), found.adjusted() - digits + 1)))
    )


def shown(value: Decimal) -> str:
    """Plain digits; powers of ten only where there would be a row of noughts."""
    if value == 0 or -10 <= value.adjusted() <= 20:
        return f"{value:f}"
    return str(value).replace("E", "e").replace("e+", "e")
