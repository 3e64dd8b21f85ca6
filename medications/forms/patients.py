"""What patients enter about medicines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from medications.presenters import words
from medications.presenters.medicines import weekdays
from steadwell.portal.service import DayInput, RadioCards, TimeOfDayInput

Choices = Iterable[tuple[str, object]]
AS_TYPED = "as-typed"
_PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class MedicineForm(forms.Form):
    """A medicine in somebody's own words, with the product they chose among those found."""

    drug = forms.CharField(
        label=_lazy("Name of the medicine"),
        help_text=_lazy("As it stands on the box, with its strength. For example: Ibuprofen 200 mg tablet."),
        max_length=200,
        widget=forms.TextInput(attrs=_PLAIN),
        error_messages={"required": _lazy("Type the name of the medicine.")},
    )
    product = forms.ChoiceField(
        label=_lazy("Is it one of these?"), required=False, widget=RadioCards, choices=()
    )
    dosage = forms.CharField(
        label=_lazy("How do you take it?"),
        help_text=_lazy("For example: 1 tablet twice daily."),
        max_length=300,
        required=False,
    )
    reason = forms.CharField(label=_lazy("What is it for?"), max_length=200, required=False)
    started = forms.DateField(label=_lazy("Since when?"), required=False, widget=DayInput)

    def __init__(self, *args: Any, found: Choices = (), today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        offered = list(found)
        if offered:
            self.fields["product"].choices = [  # type: ignore[attr-defined]
                *offered,
                (AS_TYPED, _("None of these: keep it as I typed it")),
            ]
        else:
            del self.fields["product"]

    def clean_started(self) -> date | None:
        day: date | None = self.cleaned_data["started"]
        if day is not None and day > self._today:
            raise forms.ValidationError(_("This day is still to come."))
        return day

    @property
    def rxcui(self) -> str:
        chosen: str = self.cleaned_data.get("product", "")
        return "" if chosen == AS_TYPED else chosen


class StoppedForm(forms.Form):
    stopped = forms.DateField(label=_lazy("Since when do you not take it?"), required=False, widget=DayInput)
    reason = forms.CharField(
        label=_lazy("Why did you stop?"),
        help_text=_lazy("For example: it made me dizzy. Your clinic reads this."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _lazy("Say in a few words why you stopped.")},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today

    def clean_stopped(self) -> date | None:
        day: date | None = self.cleaned_data["stopped"]
        if day is not None and day > self._today:
            raise forms.ValidationError(_("This day is still to come."))
        return day


class RefillForm(forms.Form):
    pharmacy = forms.ChoiceField(
        label=_lazy("Pharmacy"),
        widget=RadioCards,
        error_messages={"required": _lazy("Choose a pharmacy.")},
    )
    note = forms.CharField(label=_lazy("Note to your clinic"), max_length=300, required=False)

    def __init__(self, *args: Any, pharmacies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pharmacy"].choices = list(pharmacies)  # type: ignore[attr-defined]


class ReminderForm(forms.Form):
    at = forms.TimeField(label=_lazy("Remind me at"), widget=TimeOfDayInput)
    days = forms.MultipleChoiceField(
        label=_lazy("Only on these days"),
        help_text=_lazy("Choose none for every day."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (str(number), name) for number, name in weekdays()
        ]


class AllergyForm(forms.Form):
    """``statuses``: only where an allergy that is there is changed."""

    substance = forms.CharField(
        label=_lazy("What do you not tolerate?"),
        help_text=_lazy("For example: penicillin."),
        max_length=200,
        widget=forms.TextInput(attrs=_PLAIN),
        error_messages={"required": _lazy("Type what it is.")},
    )
    reaction = forms.CharField(
        label=_lazy("What happened?"),
        help_text=_lazy("For example: a rash on the whole body."),
        max_length=200,
        required=False,
    )
    severity = forms.ChoiceField(label=_lazy("How bad was it?"), required=False)
    status = forms.ChoiceField(label=_lazy("Does it still hold?"), widget=RadioCards)

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["severity"].choices = [  # type: ignore[attr-defined]
            ("", _("I do not know")),
            *words.ALLERGY_SEVERITY.items(),
        ]
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (name, text) for name, text in words.ALLERGY_STATUS.items() if name not in {"unknown", "inactive"}
        ]
        if is_new:
            del self.fields["status"]
