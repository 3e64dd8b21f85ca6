"""Forms of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labs.policy import Choice
from steadwell.portal.service import RadioCards

CHOICES: Mapping[Choice, Promise] = {
    Choice.AT_ONCE: _("At once, when the laboratory sends them"),
    Choice.AFTER_SEEN: _("After my clinician has seen them"),
    Choice.AFTER_TALK: _("After we have talked about them"),
}


class ChoiceForm(forms.Form):
    """When a patient wants to see their results."""

    choice = forms.ChoiceField(
        label=_("When do you want to see your results?"),
        help_text=_("You can look earlier at any time. Your choice also holds for those who act for you."),
        widget=RadioCards,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: object, offered: Sequence[Choice] = tuple(Choice), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["choice"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(choice.value, CHOICES[choice]) for choice in offered]

    @property
    def chosen(self) -> Choice:
        return Choice(self.cleaned_data["choice"])
