"""One value on the stretch of what is usual: low, usual, high, with the value's place pointed at."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal

from labs.pictures.scales import Box, Scale, fraction, number, tick_text
from labs.pictures.trend import Label, Place

BAR = Box(width=360, height=66, left=10, right=10, top=26, bottom=26)
_EXACT = Context(prec=40, Emax=999_999, Emin=-999_999)
# How much of the usual stretch is shown again on either side: more where the value lies further out.
_BESIDE, _MOST_BESIDE, _AIR = Decimal("0.9"), Decimal("2.5"), Decimal("1.15")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    place: Place
    x: str
    width: str
    is_usual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePicture:
    """``pointer`` is an outline above the bar; ``beyond`` says that the value lies further out than drawn."""

    box: Box
    zones: tuple[Zone, ...]
    limits: tuple[Label, ...]
    pointer: str
    pointer_x: float
    is_open: bool
    beyond: bool
    place: Place


def place_of(
    value: Decimal,
    *,
    low: Decimal | None,
    high: Decimal | None,
    critical_low: Decimal | None = None,
    critical_high: Decimal | None = None,
) -> Place:
    """Where a value lies against its limits, which belong to what is usual."""
    if critical_low is not None and value < critical_low:
        return Place.FAR_LOW
    if critical_high is not None and value > critical_high:
        return Place.FAR_HIGH
    if low is not None and value < low:
        return Place.LOW
    if high is not None and value > high:
        return Place.HIGH
    return Place.UNKNOWN if low is None and high is None else Place.USUAL


def range_bar(
    value: Decimal,
    *,
    low: Decimal | None,
    high: Decimal | None,
    comparator: str = "",
    place: Place | None = None,
    box: Box = BAR,
) -> RangePicture | None:
    """The picture, or None where there is no range to show it on (or one that is upside down)."""
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return None
    first, last = _stretch(value, low, high)
    across = Scale(low=first, high=last, start=box.left, end=box.x_end)
    x = across.place(value)
    return RangePicture(
        box=box,
        zones=_zones(across, low, high, box),
        limits=_limits(across, low, high, box),
        pointer=_pointer(x, box, comparator, (value > last) - (value < first)),
        pointer_x=x,
        is_open=bool(comparator),
        beyond=not across.holds(value),
        place=place or place_of(value, low=low, high=high),
    )


def _stretch(value: Decimal, low: Decimal | None, high: Decimal | None) -> tuple[Decimal, Decimal]:
    """From somewhat below to somewhat above what is usual; nothing below zero for what cannot be."""
    if low is not None and high is not None:
        span = _EXACT.subtract(high, low) or abs(low) or Decimal(1)
        least, most = _BESIDE, _MOST_BESIDE
    else:
        limit = high if high is not None else low
        span = abs(limit or Decimal(0)) or Decimal(1)
        least, most = Decimal(1), _MOST_BESIDE
    bottom = low if low is not None else high or Decimal(0)
    top = high if high is not None else low or Decimal(0)
    first = _EXACT.subtract(
        bottom, _EXACT.multiply(span, _beside(_EXACT.subtract(bottom, value), span, least, most))
    )
    if bottom >= 0 and value >= 0:
        first = max(first, Decimal(0))
    return first, _EXACT.add(
        top, _EXACT.multiply(span, _beside(_EXACT.subtract(value, top), span, least, most))
    )


def _beside(out: Decimal, span: Decimal, least: Decimal, most: Decimal) -> Decimal:
    """How many usual stretches to show on the side on which a value lies ``out``."""
    wanted = _EXACT.multiply(_EXACT.divide(out, span), _AIR)
    return min(max(wanted, least), most)


def _zones(across: Scale, low: Decimal | None, high: Decimal | None, box: Box) -> tuple[Zone, ...]:
    start = across.place(low) if low is not None else float(box.left)
    end = across.place(high) if high is not None else float(box.x_end)
    if end - start < 6:  # a range of one value is still seen
        middle = (start + end) / 2
        start, end = max(middle - 3, box.left), min(middle + 3, box.x_end)
    pieces = (
        (Place.LOW, float(box.left), start),
        (Place.USUAL, start, end),
        (Place.HIGH, end, float(box.x_end)),
    )
    return tuple(
        Zone(place=place, x=number(a), width=number(b - a), is_usual=place is Place.USUAL)
        for place, a, b in pieces
        if b - a > 0.5
    )


def _limits(across: Scale, low: Decimal | None, high: Decimal | None, box: Box) -> tuple[Label, ...]:
    y = number(box.height - 6)
    if low is not None and high is not None and low != high:
        close = fraction(high, across.low, across.high) - fraction(low, across.low, across.high) < 0.2
        return (
            Label(
                x=number(across.place(low)), y=y, text=_limit_text(low), anchor="end" if close else "middle"
            ),
            Label(
                x=number(across.place(high)),
                y=y,
                text=_limit_text(high),
                anchor="start" if close else "middle",
            ),
        )
    limit = high if high is not None else low
    return (Label(x=number(across.place(limit)), y=y, text=_limit_text(limit)),) if limit is not None else ()


def _limit_text(value: Decimal) -> str:
    """A limit with the digits it came with, where they fit."""
    text = format(value, "f") if abs(value.adjusted()) < 9 else ""
    return text.replace("-", "\N{MINUS SIGN}") if 0 < len(text) <= 9 else tick_text(value)


def _pointer(x: float, box: Box, comparator: str, out: int) -> str:
    """A drop that points down at the bar; an arrow that points on, where the value lies further out."""
    y = box.top - 3
    way = out or (1 if comparator.startswith(">") else -1 if comparator else 0)
    if way:
        x = min(max(x, box.left + 8), box.x_end - 8)
        return (
            f"M{number(x - way * 7)} {number(y - 18)}L{number(x + way * 7)} {number(y - 10)}"
            f"L{number(x - way * 7)} {number(y - 2)}Z"
        )
    return (
        f"M{number(x)} {number(y)}L{number(x - 7)} {number(y - 11)}"
        f"A8 8 0 1 1 {number(x + 7)} {number(y - 11)}Z"
    )
