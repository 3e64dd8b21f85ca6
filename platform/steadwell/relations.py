"""Rows as an app shows them to one reader: a SELECT that whoever composes a statement may only narrow.

An app gives a relation where its rows are searched in ways that it does not know of (ADR 0150). Who may see
what is inside of it, so nothing made from it, however it is joined or counted, holds a row that the reader
may not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its parameters, in the order of its ``%s``."""

    text: str
    params: tuple[object, ...] = ()

    def __add__(self, other: Sql) -> Sql:
        return Sql(self.text + other.text, self.params + other.params)


TRUE, FALSE = Sql("true"), Sql("false")


def joined(separator: str, parts: Iterable[Sql], *, empty: Sql = TRUE) -> Sql:
    """The parts, each in brackets, with the separator between them."""
    found = list(parts)
    if not found:
        return empty
    text = separator.join(f"({part.text})" for part in found)
    return Sql(text, tuple(param for part in found for param in part.params))


def every(parts: Iterable[Sql]) -> Sql:
    return joined(" AND ", parts)


def some(parts: Iterable[Sql]) -> Sql:
    return joined(" OR ", parts, empty=FALSE)
