"""Forms and what is filled into them: a response is held against its form before it is kept.

http://hl7.org/fhir/R4/questionnaire.html and questionnaireresponse.html: which answers a question takes,
which items are to be answered, and which are there at all (enableWhen). Texts name places, never answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server import documents
from fhir_facade.server.access import Access
from fhir_facade.server.enabling import is_enabled
from fhir_facade.server.outcome import Failed, Issue, failed
from fhir_facade.server.registry import registry
from fhir_facade.server.search import clauses, running
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource

MOST_ISSUES = 20
_DONE = frozenset({"completed", "amended"})
_UNUSED = frozenset({"group", "display"})
# The answer's forms by the type of the question.
_VALUES: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"valueBoolean"}), "decimal": frozenset({"valueDecimal"}),
    "integer": frozenset({"valueInteger"}), "date": frozenset({"valueDate"}),
    "dateTime": frozenset({"valueDateTime"}), "time": frozenset({"valueTime"}),
    "string": frozenset({"valueString"}), "text": frozenset({"valueString"}),
    "url": frozenset({"valueUri"}), "attachment": frozenset({"valueAttachment"}),
    "reference": frozenset({"valueReference"}), "quantity": frozenset({"valueQuantity"}),
}  # fmt: skip
_OPTIONS = frozenset(
    {"valueInteger", "valueDate", "valueTime", "valueString", "valueCoding", "valueReference"}
)


@dataclass(slots=True)
class _Look:
    """One response against its form. ``given`` holds every answer by the linkId of its question."""

    strict: bool  # it is said to be complete
    given: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def say(self, code: str, text: str, at: str) -> None:
        self.issues.append(Issue(code, text, at))


def check(access: Access, said: Resource) -> str:
    """The id of its form. Raises Failed for a form that is not here and for answers that do not fit."""
    if "subject" not in said or documents.person_of(_only_subject(said), base=access.base) is None:
        raise failed(422, "required", "It needs its patient.", at="QuestionnaireResponse.subject")
    form = find_form(access, text_of(said.get("questionnaire")))
    issues = check_answers(form, said)
    if issues:
        raise Failed(422, tuple(issues))
    return str(form["id"])


def _only_subject(said: Resource) -> Resource:
    return {"resourceType": said["resourceType"], "subject": said["subject"]}


def find_form(access: Access, canonical: str) -> Resource:
    """By our own address, or by the form's canonical url and version."""
    definition = registry().find("Questionnaire")
    assert definition is not None  # noqa: S101 - it is ours
    url, _, version = canonical.partition("|")
    kind, key = named(url, base=access.base)
    found = None
    if not access.rules("Questionnaire", "r"):
        raise failed(403, "forbidden", "The token's scopes do not let it read the form.")
    if kind == "Questionnaire":
        found = running.read(access, definition, key)
    elif url and access.rules("Questionnaire", "s"):
        pairs = [("url", url), ("_sort", "-_lastUpdated"), *([("version", version)] if version else [])]
        page = running.search(access, clauses.read(definition, [*pairs, ("_count", "1")]))
        found = page.matches[0] if page.matches else None
    if found is None:
        raise failed(422, "not-found", "Its form is not here.", at="QuestionnaireResponse.questionnaire")
    return found.resource


def check_answers(form: Resource, said: Resource) -> list[Issue]:
    """At most 20 issues. What is in progress may lack answers; what is there fits in any case."""
    look = _Look(strict=said.get("status") in _DONE)
    _collect(said, look)
    _items(form, said, "QuestionnaireResponse", look)
    return look.issues[:MOST_ISSUES]


def _collect(said: Mapping[str, Any], look: _Look) -> None:
    for item in mappings(said.get("item")):
        answers = mappings(item.get("answer"))
        look.given.setdefault(text_of(item.get("linkId")), []).extend(answers)
        _collect(item, look)
        for each in answers:
            _collect(each, look)


def _items(asked: Mapping[str, Any], said: Mapping[str, Any], at: str, look: _Look) -> None:
    """The items at one level of the form against those at the same level of the response."""
    questions = {text_of(each.get("linkId")): each for each in mappings(asked.get("item"))}
    there: dict[str, int] = {}
    for number, item in enumerate(mappings(said.get("item"))):
        here, link = f"{at}.item[{number}]", text_of(item.get("linkId"))
        question = questions.get(link)
        if question is None:
            look.say("not-found", "The form has no such item at this place.", f"{here}.linkId")
            continue
        there[link] = there.get(link, 0) + 1
        if there[link] > 1 and not (question.get("type") == "group" and question.get("repeats")):
            look.say("business-rule", "This item may be there once.", here)
        if not is_enabled(question, look.given):
            look.say("business-rule", "This item is not to be answered with these answers.", here)
            continue
        _item(question, item, here, look)
    for link, question in questions.items():
        if look.strict and link not in there and _wanted(question, look):
            look.say("required", "A required item is not answered.", f"{at}.item")


def _wanted(question: Mapping[str, Any], look: _Look) -> bool:
    """Whether its absence is a fault: it is required itself, or a group that holds what is."""
    if not is_enabled(question, look.given):
        return False
    if question.get("required") is True:
        return True
    inner = mappings(question.get("item")) if question.get("type") == "group" else []
    return any(_wanted(each, look) for each in inner)


def _item(question: Mapping[str, Any], item: Mapping[str, Any], at: str, look: _Look) -> None:
    answers = mappings(item.get("answer"))
    kind = text_of(question.get("type"))
    if kind in _UNUSED:
        if answers:
            look.say("business-rule", "This item takes no answer.", f"{at}.answer")
        _items(question, item, at, look)
        return
    if "item" in item:
        look.say("invariant", "qrs-1: Items under a question stand in its answer.", f"{at}.item")
    if look.strict and question.get("required") is True and not answers:
        look.say("required", "A required item is not answered.", f"{at}.answer")
    if len(answers) > 1 and not question.get("repeats"):
        look.say("business-rule", "This question takes one answer.", f"{at}.answer")
    for number, answer in enumerate(answers):
        here = f"{at}.answer[{number}]"
        _answer(question, answer, here, look)
        _items(question, answer, here, look)


def _answer(question: Mapping[str, Any], answer: Mapping[str, Any], at: str, look: _Look) -> None:
    name = next((each for each in answer if each.startswith("value")), "")
    if not name:
        look.say("required", "An answer has a value.", at)
        return
    kind = text_of(question.get("type"))
    options = [_value(each) for each in mappings(question.get("answerOption"))]
    if kind in {"choice", "open-choice"}:
        if not _is_chosen(kind, name, answer[name], options, question):
            look.say("code-invalid", "This answer is not among those that the form offers.", f"{at}.{name}")
    elif name not in _VALUES.get(kind, frozenset()):
        look.say("value", f"This question takes answers of the type {kind}.", f"{at}.{name}")
    elif options and (name, _plain(answer[name])) not in options:
        look.say("code-invalid", "This answer is not among those that the form offers.", f"{at}.{name}")
    longest = question.get("maxLength")
    if isinstance(longest, int) and isinstance(answer[name], str) and len(answer[name]) > longest:
        look.say("too-long", f"This answer has at most {longest} characters.", f"{at}.{name}")


def _is_chosen(
    kind: str, name: str, value: Any, options: Iterable[tuple[str, Any]], question: Mapping[str, Any]
) -> bool:
    """A value set that stands elsewhere is not looked into: any coding may be of it."""
    if kind == "open-choice" and name == "valueString":
        return True
    if "answerValueSet" in question:
        return name == "valueCoding"
    return name in _OPTIONS and (name, _plain(value)) in list(options)


def _value(said: Mapping[str, Any]) -> tuple[str, Any]:
    name = next((each for each in said if each.startswith("value")), "")
    return name, _plain(said.get(name))


def _plain(value: Any) -> Any:
    """What makes two values the same answer: of codings system and code, of numbers what they are worth."""
    if isinstance(value, dict):
        if "reference" in value:
            return text_of(value.get("reference"))
        return (text_of(value.get("system")), text_of(value.get("code")) or text_of(value.get("display")))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    return value
