"""What clinicians and managers enter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from labs.review.rules import LONGEST_HOURS, LONGEST_MINUTES
from labs.review.signing import LONGEST
from steadwell.portal.service import DayInput, TimeOfDayInput

Choices = Iterable[tuple[str, str]]


class SignForm(forms.Form):
    """Signing with what one has to say, or saying it without signing."""

    comment = forms.CharField(
        label=_lazy("Comment to the patient"),
        help_text=_lazy("The patient reads this with the result."),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        label=_lazy("Internal note"),
        help_text=_lazy("For colleagues only."),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    talked = forms.BooleanField(label=_lazy("I have talked with the patient about it"), required=False)


class DelegateForm(forms.Form):
    to = forms.ChoiceField(label=_lazy("Colleague"))
    why = forms.CharField(label=_lazy("Note for the colleague"), max_length=500, required=False)

    def __init__(self, colleagues: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "delegate_%s"} | kwargs)
        self.fields["to"].choices = [("", "–"), *colleagues]  # type: ignore[attr-defined]


class FollowUpForm(forms.Form):
    test = forms.ChoiceField(
        label=_lazy("Test"), required=False, help_text=_lazy("It settles by itself when this test comes in.")
    )
    what = forms.CharField(label=_lazy("Or something else"), max_length=200, required=False)
    due_on = forms.DateField(label=_lazy("Due by"), widget=DayInput)

    def __init__(self, tests: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "follow_%s"} | kwargs)
        self.fields["test"].choices = [("", "–"), *tests]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("test") and not data.get("what", "").strip():
            self.add_error("what", _("Choose a test, or say what should follow."))
        return data


class SettleForm(forms.Form):
    note = forms.CharField(label=_lazy("How was it settled?"), max_length=500)


class AsKnownForm(forms.Form):
    """An instant of the clinic's own clock."""

    at = forms.DateTimeField(
        label=_lazy("As it was known on"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ReadBackForm(forms.Form):
    read_back = forms.CharField(
        label=_lazy("Read the value back: type it as it stands above"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class StretchForm(forms.Form):
    """Somebody, from when until when, on the clinic's own clock."""

    who = forms.ChoiceField(label=_lazy("Clinician"))
    first = forms.DateField(label=_lazy("From"), widget=DayInput)
    first_time = forms.TimeField(label=_lazy("at"), widget=TimeOfDayInput)
    last = forms.DateField(label=_lazy("Until"), widget=DayInput)
    last_time = forms.TimeField(label=_lazy("until what time"), widget=TimeOfDayInput)

    def __init__(self, people: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [("", "–"), *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [data.get(name) for name in ("first", "first_time", "last", "last_time")]
        if all(each is not None for each in given) and (given[0], given[1]) >= (given[2], given[3]):
            self.add_error("last", _("The end must be after the beginning."))
        return data

    def stretch(self, zone: str) -> tuple[datetime, datetime]:
        data = self.cleaned_data
        return (
            instant(data["first"], data["first_time"], zone),
            instant(data["last"], data["last_time"], zone),
        )


class RulesForm(forms.Form):
    normal_hours = forms.IntegerField(
        label=_lazy("Hours to read a normal result"), min_value=1, max_value=LONGEST_HOURS
    )
    abnormal_hours = forms.IntegerField(
        label=_lazy("Hours to read an abnormal or critical result"), min_value=1, max_value=LONGEST_HOURS
    )
    critical_minutes = forms.IntegerField(
        label=_lazy("Minutes to confirm a critical value"), min_value=1, max_value=LONGEST_MINUTES
    )


class StandingForm(forms.Form):
    """When patients of a clinic who chose nothing see their results."""

    choice = forms.ChoiceField(label=_lazy("Patients who have not chosen see a result"))
    legal = forms.ChoiceField(
        label=_lazy("Legal reason of the delay"), required=False,
        help_text=_lazy("45 CFR part 171. A delay for everybody needs one; at once needs none."),
    )  # fmt: skip
    reason = forms.CharField(label=_lazy("Why it changes"), max_length=500, required=False)

    def __init__(self, choices: Choices, legal: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "standing_%s"} | kwargs)
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]
        self.fields["legal"].choices = [("", "–"), *legal]  # type: ignore[attr-defined]


def instant(on: date, wall: time, zone: str) -> datetime:
    """The instant of a wall-clock time: the first one where it comes twice."""
    return datetime.combine(on, wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)
