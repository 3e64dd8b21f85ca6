"""JSON on the wire, digit for digit: 7.10 stays 7.10 and 0.000000001 never becomes 1E-9.

Numbers with a fraction or an exponent are ``Digits``: a Decimal for whoever counts with it, that is written
as it was read.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

Resource = dict[str, Any]
DEEPEST = 60


class NotJson(ValueError):
    """What came is no JSON object."""


class Digits(Decimal):
    """A decimal in the digits that it was written in."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Digits:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __deepcopy__(self, memo: object) -> Digits:
        return self

    def __copy__(self) -> Digits:
        return self

    def __reduce__(self) -> tuple[type[Digits], tuple[str]]:
        return (Digits, (self.text,))


def load(raw: bytes | str) -> Resource:
    """Raises NotJson, also for what is nested too deep and for a name that comes twice in an object."""
    try:
        found = json.loads(raw, parse_float=Digits, parse_constant=_no_constant, object_pairs_hook=_each_once)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise NotJson("This is not JSON.") from error
    if not isinstance(found, dict):
        raise NotJson("This is not a JSON object.")
    return found


def read_stored(raw: str) -> Resource:
    """What we wrote ourselves: no need to look for doubled names."""
    found: Resource = json.loads(raw, parse_float=Digits)
    return found


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def dump(resource: Any, *, pretty: bool = False) -> bytes:
    return orjson.dumps(resource, default=_written, option=orjson.OPT_INDENT_2 if pretty else None)


def text(resource: Any) -> str:
    return dump(resource).decode()


def _written(value: object) -> object:
    if isinstance(value, Digits):
        return orjson.Fragment(value.text.encode())
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    raise TypeError(type(value).__name__)


def instant(at: datetime) -> str:
    """With milliseconds, in UTC, as FHIR's instant."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
