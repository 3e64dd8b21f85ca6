"""A form's questions as fields of a page: what was typed becomes FHIR's values, digit for digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from fhir_facade.fhir_json import mapping
from fhir_facade.forms import questions
from fhir_facade.forms.types import Answer, Answers, Form, Option, Question
from fhir_facade.server.wire import Digits
from steadwell.portal.service import DayInput

YES, NO = "yes", "no"
_MANY = 12  # more options than this are a list to choose from
_LONGEST = {"string": 1_000, "text": 10_000}
_INT32 = 2**31 - 1


class FillForm(forms.Form):
    """The questions that are there. ``answers`` are those from before; a form filled in anew has the ones
    that its author proposes.
    """

    def __init__(
        self, data: Mapping[str, Any] | None, *, form: Form, there: frozenset[int], answers: Answers
    ) -> None:
        super().__init__(data)
        several = (each for each in questions.walk(form.questions) if each.takes_answer)
        self.there = there
        self.asked = {name_of(each): each for each in several if each.number in there}
        for name, each in self.asked.items():
            self.fields[name] = _field(each, answers.get(each.link) or each.initial)

    def answers(self) -> dict[str, list[Answer]]:
        """Those that are right, by the linkId of their question."""
        found: dict[str, list[Answer]] = {}
        for name, each in self.asked.items():
            values = _values(each, self.cleaned_data.get(name))
            if values:
                found[each.link] = values
        return found

    def forgive(self, names: Iterable[str]) -> None:
        """Of questions that nobody has seen yet it is no mistake that they are not answered."""
        for name in names:
            self.errors.pop(name, None)


def name_of(question: Question) -> str:
    return f"q{question.number}"


def _field(question: Question, before: Sequence[Answer]) -> forms.Field:
    given: dict[str, Any] = {
        "label": question.text,
        "required": question.required,
        "help_text": question.hint,
    }
    if question.options:
        return _choice(question, before, given)
    first: Any = next(iter(before[0].values()), None) if before else None
    if question.kind == "boolean":
        pairs = [(YES, _("Yes")), (NO, _("No")), *_nothing(question)]
        initial = "" if first is None else YES if first is True else NO
        return forms.ChoiceField(choices=pairs, widget=forms.RadioSelect, initial=initial, **given)
    if question.kind == "date":
        return forms.DateField(widget=DayInput, initial=first, **given)
    if question.kind == "integer":
        return forms.IntegerField(min_value=-_INT32, max_value=_INT32, initial=first, **given)
    if question.kind == "decimal":
        number = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        return forms.DecimalField(max_digits=18, decimal_places=8, widget=number, initial=first, **given)
    longest = min(question.longest or _INT32, _LONGEST[question.kind])
    widget = forms.Textarea(attrs={"rows": 4}) if question.kind == "text" else forms.TextInput()
    return forms.CharField(max_length=longest, widget=widget, initial=first, **given)


def _choice(question: Question, before: Sequence[Answer], given: Mapping[str, Any]) -> forms.Field:
    pairs = [(str(place), option.words) for place, option in enumerate(question.options)]
    chosen = [
        str(p) for p, option in enumerate(question.options) if any(_is(option, each) for each in before)
    ]
    if question.repeats:
        widget = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=pairs, widget=widget, initial=chosen, **given)
    initial = chosen[0] if chosen else ""
    if len(pairs) > _MANY:
        return forms.ChoiceField(choices=[("", "—"), *pairs], initial=initial, **given)
    pairs += _nothing(question)
    return forms.ChoiceField(choices=pairs, widget=forms.RadioSelect, initial=initial, **given)


def _nothing(question: Question) -> list[tuple[str, str]]:
    """What was pressed by mistake can be taken back, also without script."""
    return [] if question.required else [("", _("No answer"))]


def _is(option: Option, answer: Answer) -> bool:
    if "valueCoding" in option.answer:
        one, other = mapping(option.answer["valueCoding"]), mapping(answer.get("valueCoding"))
        return (one.get("system"), one.get("code")) == (other.get("system"), other.get("code"))
    return dict(option.answer) == dict(answer)


def _values(question: Question, said: Any) -> list[Answer]:
    if said in (None, "", []):
        return []
    if question.options:
        return [question.options[int(each)].answer for each in (said if question.repeats else [said])]
    if question.kind == "boolean":
        return [{"valueBoolean": said == YES}]
    if isinstance(said, date):
        return [{"valueDate": said.isoformat()}]
    if isinstance(said, Decimal):
        return [{"valueDecimal": Digits(format(said, "f"))}]
    if question.kind == "integer":
        return [{"valueInteger": said}]
    return [{"valueString": said.replace("\r\n", "\n")}]
