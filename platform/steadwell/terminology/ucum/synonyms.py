"""What senders write for units, by sender and raw string: ``unit_synonyms.tsv``.

A row without a UCUM code is a string that we know and refuse, with the reason. Unless a row says
``exact``, its string counts in any capitals, but only where the string as written is not UCUM itself.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from steadwell.terminology.ucum.traps import DATA

ANY = "*"

_LOOKS = str.maketrans(
    {
        "µ": "u", "μ": "u", "×": "x", "·": ".", "•": ".", "⋅": ".", "∙": ".", "−": "-", "–": "-", "⁄": "/",
        "∕": "/", "º": "°", "℃": "°C", "℉": "°F", "’": "'", "′": "'", "‰": "o/oo", "ℓ": "L",
        "\u200b": None, "\u200c": None, "\u200d": None, "\ufeff": None, "\u00ad": None,
    }
)  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED_RUN = re.compile(r"(10)?([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+)")
_AROUND = re.compile(r" ?([/*^().]) ?")


@dataclass(frozen=True, slots=True)
class Synonym:
    """``code`` is UCUM, or empty for what is refused because of ``note``."""

    code: str
    note: str


class Row(NamedTuple):
    sender: str
    raw: str
    ucum: str
    case: str
    note: str


@dataclass(frozen=True, slots=True)
class Words:
    """One sender's strings: as written, and without regard to capitals."""

    exact: dict[str, Synonym] = field(default_factory=dict)
    folded: dict[str, Synonym] = field(default_factory=dict)


def tidy(raw: str) -> str:
    """One way of writing what differs only in signs: spaces, the Greek mu, raised digits, kinds of dashes."""
    text = raw if raw.isascii() else _plain(raw)
    return " ".join(text.split())


def tight(text: str) -> str:
    """Without the spaces around signs, and without a full stop at the end."""
    return _AROUND.sub(r"\1", text).rstrip(".,;")


def _plain(raw: str) -> str:
    raised = _RAISED_RUN.sub(lambda run: f"10^{run[2]}" if run[1] else run[2], raw)
    return raised.translate(_RAISED).translate(_LOOKS)


def rows() -> list[Row]:
    """The file as it is."""
    with (DATA / "unit_synonyms.tsv").open(encoding="utf-8", newline="") as file:
        return [Row(*row) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


@cache
def table() -> dict[str, Words]:
    """The shipped strings by sender, ``*`` for any."""
    found: dict[str, Words] = {}
    for row in rows():
        words = found.setdefault(row.sender.casefold(), Words())
        synonym = Synonym(row.ucum, row.note)
        words.exact[tidy(row.raw)] = synonym
        if row.case != "exact":
            words.folded[tidy(row.raw).casefold()] = synonym
    return found


def of_sender(text: str, sender: str, extra: Mapping[str, str] | None) -> Synonym | None:
    """What that sender means by it: the operator's own entries first, then the shipped ones of the sender."""
    for own, code in (extra or {}).items():
        if tidy(own) == text:
            return Synonym(code.strip(), "the operator's entry for this sender")
    words = table().get(sender.casefold()) if sender else None
    if words is None:
        return None
    return words.exact.get(text) or words.folded.get(text.casefold())


def exact(text: str) -> Synonym | None:
    words = table()[ANY]
    return words.exact.get(text) or words.exact.get(tight(text))


def folded(text: str) -> Synonym | None:
    words = table()[ANY]
    return words.folded.get(text.casefold()) or words.folded.get(tight(text).casefold())
