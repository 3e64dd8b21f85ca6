"""From values to places on a picture. Exact to the last step: no value however large falls outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

# Forty digits and any exponent a Decimal may have: 1E+400 is drawn, not refused.
_EXACT = Context(prec=40, Emax=999_999, Emin=-999_999)
_PLAIN_MOST, _PLAIN_LEAST = 12, -8  # exponents beyond which a tick is written as a power of ten


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A picture's size and the margins inside which values are drawn, in units of its viewBox."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    @property
    def x_end(self) -> int:
        return self.width - self.right

    @property
    def y_end(self) -> int:
        return self.height - self.bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear scale from values to a stretch of the picture; what lies beyond is held at its end."""

    low: Decimal
    high: Decimal
    start: float
    end: float

    def place(self, value: Decimal) -> float:
        share = fraction(value, self.low, self.high)
        return self.start + (self.end - self.start) * share

    def holds(self, value: Decimal) -> bool:
        return self.low <= value <= self.high


def fraction(value: Decimal, low: Decimal, high: Decimal) -> float:
    """How far a value lies between two others, 0 to 1; one half where the two are the same."""
    span = _EXACT.subtract(high, low)
    if span <= 0:
        return 0.5
    share = _EXACT.divide(_EXACT.subtract(value, low), span)
    return float(min(max(share, Decimal(0)), Decimal(1)))


def around(values: Iterable[Decimal], *, air: Decimal = Decimal("0.08")) -> tuple[Decimal, Decimal]:
    """The stretch to show for these values, with some air; never below zero when no value is."""
    found = list(values)
    low, high = min(found), max(found)
    span = _EXACT.subtract(high, low)
    if span == 0:
        span = _EXACT.multiply(abs(low), Decimal("0.2")) or Decimal(1)
        air = Decimal("0.5")
    edge = _EXACT.multiply(span, air)
    bottom = _EXACT.subtract(low, edge)
    if low >= 0:
        bottom = max(bottom, Decimal(0))
    return bottom, _EXACT.add(high, edge)


def ticks(low: Decimal, high: Decimal, *, most: int = 4) -> tuple[Decimal, ...]:
    """Round values (1, 2 or 5 times a power of ten) inside a stretch, at most ``most`` of them."""
    span = _EXACT.subtract(high, low)
    if span <= 0:
        return (low,)
    step = _round_step(_EXACT.divide(span, Decimal(most)))
    number = _EXACT.divide(low, step).to_integral_value(rounding=ROUND_CEILING, context=_EXACT)
    found: list[Decimal] = []
    at = _EXACT.multiply(number, step)
    while at <= high and len(found) < most:
        found.append(at)
        after = _EXACT.add(at, step)
        if after <= at:  # a step finer than the digits that are kept
            break
        at = after
    return tuple(found)


def _round_step(rough: Decimal) -> Decimal:
    unit = Decimal(1).scaleb(rough.adjusted(), context=_EXACT)
    for times in (1, 2, 5):
        step = _EXACT.multiply(unit, Decimal(times))
        if step >= rough:
            return step
    return _EXACT.multiply(unit, Decimal(10))


def tick_text(value: Decimal) -> str:
    """A tick as it is written: plain digits, or a power of ten where those would not fit."""
    if not value:
        return "0"
    exponent = value.adjusted()
    if _PLAIN_LEAST <= exponent <= _PLAIN_MOST:
        text = format(value.normalize(_EXACT), "f")
        return text.replace("-", "\N{MINUS SIGN}")
    short = format(Context(prec=3).plus(value).normalize(Context(prec=3)), "E")
    mantissa, _, power = short.partition("E")
    return f"{mantissa}·10^{int(power)}".replace("-", "\N{MINUS SIGN}")


def number(value: float) -> str:
    """A coordinate in SVG: a point whatever the reader's language, no more digits than a screen has."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text
