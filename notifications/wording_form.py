"""The form in which a message's words are written, in every language at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from notifications.checking import ACTION_LENGTH, SMS_LENGTH, SUBJECT_LENGTH, Finding, Problem
from notifications.template import Template, Text

PARTS: Mapping[str, str | Promise] = {
    "subject": gettext_lazy("Subject"),
    "lines": gettext_lazy("Paragraphs, one on each line"),
    "action": gettext_lazy("Words of the button"),
    "sms": gettext_lazy("Text message (empty: the subject)"),
}
_OPTIONAL = {"sms"}
_LENGTHS = {"subject": SUBJECT_LENGTH, "lines": 2600, "action": ACTION_LENGTH, "sms": SMS_LENGTH}
WRONG: Mapping[Problem, str | Promise] = {
    Problem.EMPTY: gettext_lazy("This must not be empty."),
    Problem.TOO_LONG: gettext_lazy("This is too long: at most %(detail)s characters."),
    Problem.TOO_MANY_LINES: gettext_lazy("These are too many paragraphs: at most %(detail)s."),
    Problem.BRACE: gettext_lazy("A curly bracket may only stand around a variable's name."),
    Problem.UNKNOWN: gettext_lazy("This message has no variable {%(detail)s}."),
    Problem.NOT_HERE: gettext_lazy("{%(detail)s} may have no value, so it may stand in a paragraph only."),
    Problem.MISSING: gettext_lazy("{%(detail)s} must be said."),
    Problem.LINK: gettext_lazy("Links and addresses are not written by hand: the button is the one link."),
    Problem.CONTROL: gettext_lazy("There is a character here that cannot be seen."),
}


class WordingForm(forms.Form):
    """Fields are named ``en_subject`` and so on."""

    def __init__(self, *args: Any, languages: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = languages
        for code in languages:
            for part, label in PARTS.items():
                widget = forms.Textarea(attrs={"rows": 6}) if part == "lines" else forms.TextInput()
                self.fields[f"{code}_{part}"] = forms.CharField(
                    label=cast("str", label), widget=widget, max_length=_LENGTHS[part],
                    required=part not in _OPTIONAL,
                )  # fmt: skip

    @classmethod
    def of(cls, template: Template, texts: Mapping[str, Text]) -> WordingForm:
        initial: dict[str, str] = {}
        for code, text in texts.items():
            initial |= {
                f"{code}_subject": text.subject, f"{code}_lines": "\n".join(text.lines),
                f"{code}_action": text.action, f"{code}_sms": text.sms,
            }  # fmt: skip
        return cls(initial=initial, languages=tuple(template.texts))

    def groups(self) -> Iterator[tuple[str, str, list[BoundField]]]:
        """Per language: its code, its name, its fields."""
        names = dict(settings.LANGUAGES)
        for code in self.languages:
            yield code, names.get(code, code), [self[f"{code}_{part}"] for part in PARTS]

    def texts(self) -> dict[str, Text]:
        return {
            code: Text(
                subject=self._plain(code, "subject"),
                lines=tuple(line.strip() for line in self._plain(code, "lines").splitlines() if line.strip()),
                action=self._plain(code, "action"),
                sms=self._plain(code, "sms"),
            )
            for code in self.languages
        }

    def show(self, findings: tuple[Finding, ...] | list[Finding]) -> None:
        """What is wrong, at its field."""
        for finding in findings:
            code, part = finding.where.split(".")
            self.add_error(f"{code}_{part}", str(WRONG[finding.problem]) % {"detail": finding.detail})

    def _plain(self, code: str, part: str) -> str:
        return str(self.cleaned_data.get(f"{code}_{part}", "")).strip()
