"""What a text message costs: its encoding and how many parts it is cut into (3GPP TS 23.038 and 23.040).

One letter outside the GSM alphabet makes the whole message UCS-2, with less than half the room.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# 3GPP TS 23.038, section 6.2.1, and its extension table, whose letters take two places.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ROOM = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}  # alone, and as one part of several


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """``units`` are septets in GSM-7, 16-bit units in UCS-2; ``odd`` are the letters that forced UCS-2."""

    encoding: Encoding
    units: int
    parts: int
    odd: str


def size_of(text: str) -> Size:
    """How a text is sent. A letter of two units is never cut in two."""
    odd = "".join(sorted({letter for letter in text if letter not in _BASIC | _EXTENDED}))
    encoding = Encoding.UCS_2 if odd else Encoding.GSM_7
    sizes = [_units(letter, encoding) for letter in text]
    alone, room = _ROOM[encoding]
    units = sum(sizes)
    return Size(encoding=encoding, units=units, parts=1 if units <= alone else _parts(sizes, room), odd=odd)


def _units(letter: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if letter in _EXTENDED else 1
    return 2 if ord(letter) > 0xFFFF else 1


def _parts(sizes: list[int], room: int) -> int:
    parts, left = 1, room
    for size in sizes:
        if size > left:
            parts, left = parts + 1, room
        left -= size
    return parts
