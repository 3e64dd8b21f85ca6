"""Numbers as a laboratory writes them, and how many of their digits an answer may show.

An answer that has an end in decimal digits is given exactly, with at least the source's digits. One that
has none is rounded to the source's significant digits, at least three, and to one more where that would
not lead back to the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from steadwell.terminology.ucum.types import invalid

MOST_DIGITS = 40  # of a number read
FARTHEST = 300  # powers of ten; far beyond any quantity, and no place for a number that stalls us
LONGEST_EXACT = 15  # significant digits; past them an exact answer is noise
_MOST_BITS = 4000  # of an exact answer before it is looked at digit by digit
LEAST_ROUNDED = 3  # a rounding of half a percent at worst

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class Number:
    """``coefficient`` times ten to the ``exponent``; ``digits`` are the significant ones as written."""

    coefficient: int
    exponent: int
    digits: int

    def fraction(self) -> Fraction:
        return Fraction(self.coefficient) * Fraction(10) ** self.exponent


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


def exact(numerator: int, denominator: int, digits: int) -> Number | None:
    """The fraction in decimal digits, at least so many; None when it has no end, or one too far off."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if numerator % rest:
        return None
    places = max(twos, fives)
    coefficient = numerator // rest * 2 ** (places - twos) * 5 ** (places - fives)
    if coefficient.bit_length() > _MOST_BITS:
        return None
    written = str(abs(coefficient))
    text = written.rstrip("0")
    if len(text) > max(LONGEST_EXACT, digits):
        return None
    exponent = len(written) - len(text) - places if text else 0
    missing = digits - len(text) if text else 0
    if missing > 0:
        text, exponent = text + "0" * missing, exponent - missing
    value = int(text or "0")
    return Number(-value if coefficient < 0 else value, exponent, digits)


def rounded(numerator: int, denominator: int, digits: int) -> Number:
    """The fraction to so many significant digits, a half to the even one."""
    size = abs(numerator)
    # Bits tell the magnitude to within a digit or two, whatever the length; the rest is put right below.
    places = digits + 1 - int((size.bit_length() - denominator.bit_length()) * 0.30103)
    while True:
        above = size * 10**places if places >= 0 else size
        below = denominator if places >= 0 else denominator * 10**-places
        quotient, rest = divmod(above, below)
        over = len(str(quotient)) - digits if quotient else 0
        if over <= 0:
            break
        places -= over
    if 2 * rest > below or (2 * rest == below and quotient & 1):
        quotient += 1
        if quotient == 10**digits:  # 9.996 became 10.00, a digit too many
            quotient, places = quotient // 10, places - 1
    return Number(-quotient if numerator < 0 else quotient, -places, digits)


def shown(value: Number) -> str:
    """Plain digits; powers of ten only where there would be a row of noughts."""
    text, exponent = str(abs(value.coefficient)), value.exponent
    sign = "-" if value.coefficient < 0 else ""
    magnitude = len(text) - 1 + exponent
    if value.coefficient and not -10 <= magnitude <= 20:
        tail = f".{text[1:]}" if len(text) > 1 else ""
        return f"{sign}{text[0]}{tail}e{magnitude}"
    if exponent >= 0:
        return sign + text + "0" * exponent
    text = text.zfill(1 - exponent)
    return f"{sign}{text[:exponent]}.{text[exponent:]}"
