"""Whether words may be proposed: the right variables in every language, the right length, no links."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from notifications import language
from notifications.template import Template, Text
from notifications.wording import VARIABLES

SUBJECT_LENGTH, LINE_LENGTH, ACTION_LENGTH, SMS_LENGTH, MOST_LINES = 90, 300, 40, 300, 8
_LINK = re.compile(r"https?:|www\.|\b[\w-]+\.(?:com|org|net|gov|edu|io|us|es)\b|@", re.IGNORECASE)
OPTIONAL = frozenset({"place"})


class Problem(StrEnum):
    """What is wrong with words, for its writer."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    TOO_MANY_LINES = "too-many-lines"
    BRACE = "brace"
    UNKNOWN = "unknown-variable"
    NOT_HERE = "optional-variable-here"
    MISSING = "missing-variable"
    LINK = "link"
    CONTROL = "control-character"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``where`` is a language and a part: ``en.subject``. ``detail`` names the variable, or the longest
    length.
    """

    where: str
    problem: Problem
    detail: str = ""


def allowed(template: Template) -> frozenset[str]:
    """The variables that a message of this template has values for."""
    return frozenset(v for v, param in VARIABLES.items() if param in template.required) | (
        OPTIONAL if _has_place(template) else frozenset()
    )


def needed(template: Template) -> frozenset[str]:
    """What every wording must say: what the shipped one says, but for what may have no value."""
    return _used(template.texts["en"]) - OPTIONAL


def findings(template: Template, texts: Mapping[str, Text]) -> list[Finding]:
    """Everything wrong, in the order of the form."""
    return [
        finding
        for code, text in texts.items()
        for finding in (*_parts_of(template, code, text), *_missing(template, code, text))
    ]


def _parts_of(template: Template, code: str, text: Text) -> Iterator[Finding]:
    known, sure = allowed(template), allowed(template) - OPTIONAL
    yield from _part(f"{code}.subject", text.subject, SUBJECT_LENGTH, known, sure)
    if not text.lines:
        yield Finding(where=f"{code}.lines", problem=Problem.EMPTY)
    if len(text.lines) > MOST_LINES:
        yield Finding(where=f"{code}.lines", problem=Problem.TOO_MANY_LINES, detail=str(MOST_LINES))
    for line in text.lines:
        yield from _part(f"{code}.lines", line, LINE_LENGTH, known, known)
    yield from _part(f"{code}.action", text.action, ACTION_LENGTH, known, sure)
    if text.sms:
        yield from _part(f"{code}.sms", text.sms, SMS_LENGTH, known, sure)


def _part(
    where: str, text: str, longest: int, known: frozenset[str], sure: frozenset[str]
) -> Iterator[Finding]:
    if not text.strip():
        yield Finding(where=where, problem=Problem.EMPTY)
        return
    if len(text) > longest:
        yield Finding(where=where, problem=Problem.TOO_LONG, detail=str(longest))
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} for letter in text):
        yield Finding(where=where, problem=Problem.CONTROL)
    if _LINK.search(text):
        yield Finding(where=where, problem=Problem.LINK)
    try:
        used = language.variables(text)
    except language.NotTheLanguage:
        yield Finding(where=where, problem=Problem.BRACE)
        return
    for name in sorted(used - known):
        yield Finding(where=where, problem=Problem.UNKNOWN, detail=name)
    for name in sorted((used & known) - sure):
        yield Finding(where=where, problem=Problem.NOT_HERE, detail=name)


def _missing(template: Template, code: str, text: Text) -> Iterator[Finding]:
    try:
        used = _used(text)
    except language.NotTheLanguage:
        return
    for name in sorted(needed(template) - used):
        yield Finding(where=f"{code}.lines", problem=Problem.MISSING, detail=name)


def _used(text: Text) -> frozenset[str]:
    return frozenset().union(*(language.variables(part) for part in (text.subject, *text.lines, text.action)))


def _has_place(template: Template) -> bool:
    return any("{place}" in line for text in template.texts.values() for line in text.lines)
