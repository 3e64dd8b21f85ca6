"""What patients and the care team type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _lazy

from messaging.types import LONGEST

Choices = Iterable[tuple[str, object]]
_LIMIT = format_lazy(_lazy("Up to {most} characters, about a page and a half."), most=f"{LONGEST:,}")
_TOO_LONG = _lazy(
    "This is %(show_value)s characters long, and %(limit_value)s are possible. Please shorten it."
)


class WordsField(forms.CharField):
    """Several lines of somebody's own words. A line's end counts as one character, as it does in browsers."""

    def __init__(self, *, rows: int, empty: Any, **kwargs: Any) -> None:
        super().__init__(
            max_length=LONGEST,
            widget=forms.Textarea(attrs={"rows": rows}),
            error_messages={"required": empty, "max_length": _TOO_LONG},
            **kwargs,
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No ``maxlength``: a browser would cut what is pasted in, without a word."""
        return {}

    def to_python(self, value: Any) -> str:
        return str(super().to_python(str(value or "").replace("\r\n", "\n").replace("\r", "\n")))


class NewForm(forms.Form):
    """``sites``: asked only where there is a choice."""

    subject = forms.ChoiceField(
        label=_lazy("What is it about?"),
        help_text=_lazy("Clinicians read everything. The front desk reads neither medicines nor results."),
        widget=forms.RadioSelect,
        error_messages={"required": _lazy("Choose what it is about.")},
    )
    site = forms.ChoiceField(
        label=_lazy("Which clinic?"), error_messages={"required": _lazy("Choose a clinic.")}
    )
    text = WordsField(
        label=_lazy("Your message"), help_text=_LIMIT, rows=8, empty=_lazy("Write your message.")
    )

    def __init__(self, *args: Any, subjects: Choices, sites: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = list(subjects)  # type: ignore[attr-defined]
        offered = list(sites)
        if len(offered) == 1:
            del self.fields["site"]
        else:
            self.fields["site"].choices = offered  # type: ignore[attr-defined]


class MessageForm(forms.Form):
    """A further message of the patient."""

    text = WordsField(
        label=_lazy("Write again"), help_text=_LIMIT, rows=5, empty=_lazy("Write your message.")
    )


class AnswerForm(forms.Form):
    text = WordsField(label=_lazy("Your answer"), help_text=_LIMIT, rows=6, empty=_lazy("Write your answer."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "answer_%s"} | kwargs)


class CloseForm(forms.Form):
    reason = WordsField(
        label=_lazy("Why is it closed?"),
        help_text=_lazy("The patient reads this."),
        rows=2,
        empty=_lazy("Say why, so that the patient knows."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "close_%s"} | kwargs)


class AssignForm(forms.Form):
    NOBODY = "nobody"

    to = forms.ChoiceField(label=_lazy("Who sees to it"))

    def __init__(self, *args: Any, team: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "assign_%s"} | kwargs)
        self.fields["to"].choices = list(team)  # type: ignore[attr-defined]
