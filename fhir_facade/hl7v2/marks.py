"""The separators of one message: MSH-1 and MSH-2."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fhir_facade.hl7v2.errors import Unreadable


@dataclass(frozen=True, slots=True)
class Marks:
    """An empty mark is one that the sender does not use. The fifth of MSH-2, truncation, came with 2.7."""

    field: str = "|"
    component: str = "^"
    repeat: str = "~"
    escape: str = "\\"
    part: str = "&"
    truncation: str = ""


STANDARD = Marks()


@lru_cache(maxsize=256)
def read_marks(field: str, rest: str) -> Marks:
    """Marks from MSH-1 and MSH-2. Raises Unreadable where two are the same, or one could be content."""
    used = field + rest
    if (
        not 1 <= len(rest) <= 5
        or len(set(used)) != len(used)
        or any(each.isalnum() or each.isspace() or not each.isprintable() for each in used)
    ):
        raise Unreadable("separators")
    return Marks(field, *rest, *[""] * (5 - len(rest)))
