"""From answers to a QuestionnaireResponse, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.forms.questions import walk
from fhir_facade.forms.types import Answer, Answers, Form, Question, Said
from fhir_facade.server.enabling import is_enabled


def asked(form: Form, answers: Answers) -> frozenset[int]:
    """The numbers of the items that are there with these answers. What is asked under a question is there
    once the question is answered. Conditions hang on answers whose own items are there: it is looked at until
    nothing changes.
    """
    found = frozenset(_there(form.questions, answers))
    for _round in range(len(answers)):
        links = {each.link for each in walk(form.questions) if each.number in found}
        again = frozenset(_there(form.questions, {k: v for k, v in answers.items() if k in links}))
        if again == found:
            break
        found = again
    return found


def _there(questions: tuple[Question, ...], answers: Answers) -> Iterator[int]:
    given: dict[str, list[Answer]] = {link: list(several) for link, several in answers.items()}
    for each in questions:
        if not is_enabled(each.item, given):
            continue
        yield each.number
        is_open = not each.takes_answer or answers.get(each.link)
        yield from _there(tuple(one for one in each.inner if is_open or one.kind == "display"), answers)


def items(form: Form, answers: Answers) -> list[dict[str, Any]]:
    """What was asked, also where nothing was answered: whoever reads it can tell the two apart."""
    return _items(form.questions, answers, asked(form, answers))


def _items(
    questions: tuple[Question, ...], answers: Answers, there: frozenset[int]
) -> list[dict[str, Any]]:  # fmt: skip
    made = []
    for each in questions:
        if each.number not in there or each.kind == "display":
            continue
        item: dict[str, Any] = {"linkId": each.link}
        if each.text:
            item["text"] = each.text
        inner = _items(each.inner, answers, there)
        given = [dict(one) for one in answers.get(each.link, ())] if each.takes_answer else []
        if each.takes_answer:
            if given and inner:
                given[0]["item"] = inner
            made.append({**item, "answer": given} if given else item)
        elif inner:
            made.append({**item, "item": inner})
    return made


def answers_in(response: Mapping[str, Any]) -> dict[str, list[Answer]]:
    """By the linkId of each question, wherever it stands."""
    found: dict[str, list[Answer]] = {}
    for said in lines(response):
        if said.answers:
            found.setdefault(said.link, []).extend(said.answers)
    return found


def lines(response: Mapping[str, Any], depth: int = 0) -> Iterator[Said]:
    """In the order of the form. Without an answer and with items of its own it is a heading."""
    for item in mappings(response.get("item")):
        answers = mappings(item.get("answer"))
        inner = [item, *answers]
        yield Said(
            link=text_of(item.get("linkId")), text=text_of(item.get("text")), depth=depth,
            is_heading=not answers and bool(item.get("item")),
            answers=tuple(
                {name: value for name, value in each.items() if name.startswith("value")} for each in answers
            ),
        )  # fmt: skip
        for each in inner:
            yield from lines(each, depth + 1)
