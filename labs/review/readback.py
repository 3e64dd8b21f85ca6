"""Whether what was typed is the value on the result. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_COMPARATOR = re.compile(r"^\s*(<=|>=|≤|≥|<|>)?\s*(.*?)\s*$", re.S)
_SAME = {"≤": "<=", "≥": ">="}


def reads_back(typed: str, *, value: str, number: str, comparator: str = "") -> bool:
    """A number counts by its worth (7.10 is 7.1, a comma is a point), with its comparator; words count
    without regard to case and spaces. A unit typed behind a number does no harm.
    """
    if not typed.strip():
        return False
    if not number:
        return _words(typed) == _words(value)
    sign, rest = _parts(typed)
    said = _number(rest)
    return said is not None and said == _number(number) and sign == comparator


def _parts(text: str) -> tuple[str, str]:
    found = _COMPARATOR.match(text)
    assert found is not None  # noqa: S101 - every part of it is optional
    sign = found.group(1) or ""
    return _SAME.get(sign, sign), found.group(2)


def _number(text: str) -> Decimal | None:
    found = re.match(r"[+-]?\d+(?:[.,]\d+)?(?!\d|[.,]\d)", text)
    if found is None:
        return None
    try:
        return Decimal(found.group().replace(",", "."))
    except InvalidOperation:
        return None


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
