"""A Questionnaire as questions that a page can ask. What a page cannot ask makes the form unfit as a whole:
a patient who skips a question unknowingly is worse than one who is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from uuid import UUID

from fhir_facade.fhir_json import mapping, mappings, number, text_of
from fhir_facade.forms.errors import FormNotFillable
from fhir_facade.forms.types import Answer, Form, Option, Question
from fhir_facade.server.wire import Resource

KINDS = frozenset(
    {"group", "display", "string", "text", "boolean", "date", "integer", "decimal", "choice"}
)  # fmt: skip
_DEEPEST = 5
_HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"


def read(form: Resource, *, version: int) -> Form:
    """Raises FormNotFillable."""
    if text_of(form.get("status")) != "active" or "Patient" not in form.get("subjectType", ["Patient"]):
        raise FormNotFillable
    questions = _questions(form, count(), 1)
    if not any(each.takes_answer for each in walk(questions)):
        raise FormNotFillable
    return Form(
        form_id=UUID(form["id"]), version=version, title=title_of(form),
        about=text_of(form.get("description")), language=text_of(form.get("language")), questions=questions,
    )  # fmt: skip


def title_of(form: Mapping[str, Any]) -> str:
    return text_of(form.get("title")) or text_of(form.get("name"))


def walk(questions: tuple[Question, ...]) -> Iterator[Question]:
    """All of them, each before what is inside it."""
    for each in questions:
        yield each
        yield from walk(each.inner)


def _questions(parent: Mapping[str, Any], numbers: Iterator[int], depth: int) -> tuple[Question, ...]:
    if depth > _DEEPEST:
        raise FormNotFillable
    return tuple(_question(each, numbers, depth) for each in mappings(parent.get("item")))


def _question(item: Mapping[str, Any], numbers: Iterator[int], depth: int) -> Question:
    kind = text_of(item.get("type"))
    is_hidden = any(each.get("url") == _HIDDEN for each in mappings(item.get("extension")))
    if kind not in KINDS or is_hidden or item.get("readOnly") is True or "answerValueSet" in item:
        raise FormNotFillable
    text = " ".join(part for part in (text_of(item.get("prefix")), text_of(item.get("text"))) if part)
    options = tuple(_option(each) for each in mappings(item.get("answerOption")))
    if (kind == "choice" and not options) or (not text and kind != "group"):
        raise FormNotFillable
    longest = item.get("maxLength")
    return Question(
        number=next(numbers), link=text_of(item.get("linkId")), kind=kind, text=text, options=options,
        required=item.get("required") is True, repeats=item.get("repeats") is True,
        longest=longest if isinstance(longest, int) else None, item=item,
        initial=tuple(_value(each) for each in mappings(item.get("initial"))),
        inner=_questions(item, numbers, depth + 1),
    )  # fmt: skip


def _option(said: Mapping[str, Any]) -> Option:
    answer = _value(said)
    if "valueReference" in answer:
        raise FormNotFillable
    return Option(words=words_of(answer), answer=answer)


def _value(said: Mapping[str, Any]) -> Answer:
    return {name: value for name, value in said.items() if name.startswith("value")}


def words_of(answer: Answer) -> str:
    """A value in plain words; those of a boolean and of a day are the page's."""
    if "valueCoding" in answer:
        coding = mapping(answer["valueCoding"])
        return text_of(coding.get("display")) or text_of(coding.get("code"))
    value: Any = next(iter(answer.values()), "")
    return value if isinstance(value, str) else number(value)
