"""Questionnaire's own invariants, and what makes a form that nobody could fill in.

http://hl7.org/fhir/R4/questionnaire.html#invs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server.outcome import Issue
from fhir_facade.server.wire import Resource

_WITH_OPTIONS = frozenset(
    {"choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string"}
)
Item = dict[str, Any]


def check(form: Resource) -> Iterator[Issue]:
    items = list(_all_items(form, "Questionnaire"))
    links = [text_of(item.get("linkId")) for item, _ in items]
    if len(links) != len(set(links)):
        yield Issue("invariant", "que-2: Each linkId may be there once.", "Questionnaire")
    known = set(links)
    for item, at in items:
        yield from (Issue("invariant", words, at) for words in _broken(item))
        yield from _conditions(item, at, known)


def _broken(item: Item) -> Iterator[str]:
    kind = text_of(item.get("type"))
    if kind == "display" and "item" in item:
        yield "que-1: A display has no items."
    if {"answerOption", "answerValueSet"} & item.keys() and kind not in _WITH_OPTIONS:
        yield "que-5: Only questions with choices have options."
    if {"answerOption", "answerValueSet"} <= item.keys():
        yield "que-4: Options stand in the form or in a value set, not in both."
    if kind == "display" and "required" in item:
        yield "que-6: A display is not required."
    if len(mappings(item.get("enableWhen"))) > 1 and "enableBehavior" not in item:
        yield "que-12: Several conditions need an enableBehavior."


def _conditions(item: Item, at: str, known: set[str]) -> Iterator[Issue]:
    for each in mappings(item.get("enableWhen")):
        if each.get("operator") == "exists" and "answerBoolean" not in each:
            yield Issue("invariant", "que-7: exists is asked with a boolean.", f"{at}.enableWhen")
        if text_of(each.get("question")) not in known:
            yield Issue("not-found", "It hangs on a question that is not there.", f"{at}.enableWhen")


def _all_items(said: Mapping[str, Any], at: str) -> Iterator[tuple[Item, str]]:
    for number, item in enumerate(mappings(said.get("item"))):
        here = f"{at}.item[{number}]"
        yield item, here
        yield from _all_items(item, here)
