"""JSON on the wire, digit for digit: 7.10 stays 7.10 and 0.000000001 never becomes 1E-9.

Numbers with a fraction or an exponent, and whole ones too long for 64 bits, are ``Digits``: a Decimal for
whoever counts with it, that is written as it was read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

Resource = dict[str, Any]
DEEPEST = 60
_LONGEST_WHOLE = 18  # digits that 64 bits hold, whichever they are
_NO_SIGN = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # as it can only come in JSON: escaped


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
    """Raises NotJson, also for what ``parsed`` refuses."""
    found = parsed(raw)
    if not isinstance(found, dict):
        raise NotJson("This is not a JSON object.")
    return found


def parsed(raw: bytes | str) -> Any:
    """Any JSON value. Raises NotJson for what is none in UTF-8, also for what is nested too deep, for a name
    that comes twice in an object, and for signs that are no text or that the database cannot keep.
    """
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        found = json.loads(
            text, parse_float=Digits, parse_int=_whole, parse_constant=_no_constant,
            object_pairs_hook=_each_once,
        )  # fmt: skip
        if text.count("{") + text.count("[") > DEEPEST:
            _look_down(found)
        if _NO_SIGN.search(text):
            _look_at_signs(found)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise NotJson("This is not JSON.") from error
    return found


def read_stored(raw: str) -> Resource:
    """What we wrote ourselves: no need to look for doubled names."""
    found: Resource = json.loads(raw, parse_float=Digits, parse_int=_whole)
    return found


def too_deep(value: Any) -> bool:
    """Level by level: what is too deep for a function that calls itself is not too deep for this one."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inner(each) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inner(value: Any) -> Iterator[Any]:
    return iter(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


def _look_down(found: Any) -> None:
    if too_deep(found):
        raise ValueError("too deep")


def _look_at_signs(found: Any) -> None:
    """Names as well. Half of a surrogate pair is no text in UTF-8, and a database's text has no NUL."""
    waiting = [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if "\x00" in each:
                raise ValueError("NUL")
            each.encode()
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each


def _whole(text: str) -> int | Digits:
    """JSON's writer takes whole numbers of 64 bits; and a zero has a sign."""
    return Digits(text) if len(text) > _LONGEST_WHOLE or text == "-0" else int(text)


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def dump(resource: Any, *, pretty: bool = False) -> bytes:
    return orjson.dumps(resource, default=_written, option=orjson.OPT_INDENT_2 if pretty else None)


def canonical(value: Any) -> bytes:
    """The same bytes for the same content: the order of names says nothing."""
    return orjson.dumps(value, default=_written, option=orjson.OPT_SORT_KEYS)


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
