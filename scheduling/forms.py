"""What patients send: a search, a note, a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.types import PractitionerInfo, SiteInfo, TimeOfDay
from steadwell.ids import PractitionerId, SiteId
from steadwell.portal.service import DayInput, LongSelect

WINDOW = 14  # days a search looks at


def version_in(text: str) -> int | None:
    """The version of a visit that a page was made from; None for what cannot be one."""
    return int(text) if len(text) <= 9 and text.isdecimal() else None


class FindForm(forms.Form):
    """A search for a time. Everything is optional; what makes no sense is said and left out."""

    on = forms.DateField(label=_("From"), required=False, widget=DayInput)
    part = forms.ChoiceField(
        label=_("Time of day"),
        required=False,
        choices=[
            ("", pgettext_lazy("time of day", "Any")),
            (TimeOfDay.MORNING.value, _("Morning")),
            (TimeOfDay.AFTERNOON.value, _("Afternoon")),
            (TimeOfDay.EVENING.value, _("Evening")),
        ],
    )
    clinician = forms.ChoiceField(label=_("Clinician"), required=False, widget=LongSelect)
    site = forms.ChoiceField(label=_("Clinic"), required=False)
    language = forms.ChoiceField(label=_("Language spoken"), required=False)

    def __init__(
        self,
        *args: Any,
        practitioners: Iterable[PractitionerInfo],
        sites: Iterable[SiteInfo],
        languages: Iterable[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._choices("clinician", _("Anyone"), ((str(p.practitioner_id), p.name) for p in practitioners))
        self._choices("site", _("Any clinic"), ((str(s.site_id), s.name) for s in sites))
        self._choices("language", _("Any language"), languages)

    def _choices(self, name: str, nothing: Any, found: Iterable[tuple[str, str]]) -> None:
        self.fields[name].choices = [("", nothing), *found]  # type: ignore[attr-defined]

    @property
    def practitioner_ids(self) -> tuple[PractitionerId, ...]:
        return tuple(PractitionerId(UUID(text)) for text in [self.cleaned_data.get("clinician")] if text)

    @property
    def site_ids(self) -> tuple[SiteId, ...]:
        return tuple(SiteId(UUID(text)) for text in [self.cleaned_data.get("site")] if text)

    @property
    def language_code(self) -> str:
        return str(self.cleaned_data.get("language") or "")

    @property
    def time_of_day(self) -> TimeOfDay | None:
        text = self.cleaned_data.get("part")
        return TimeOfDay(text) if text else None

    def first_day(self, today: date) -> date:
        """The day the search begins: never one that is over."""
        on = self.cleaned_data.get("on")
        return max(on, today - timedelta(days=1)) if on else today


class NoteForm(forms.Form):
    """What a patient may add to a booking."""

    note = forms.CharField(
        label=_("Anything the clinic should know before the visit?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        help_text=_("For example that you need an interpreter or step-free access."),
    )


class CancelForm(forms.Form):
    """Why a visit is cancelled: one of a few reasons, or the patient's own words, or nothing."""

    reason = forms.ChoiceField(
        label=_("Why are you cancelling?"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("time", _("The time does not suit me any more")),
            ("better", _("I do not need the visit any more")),
            ("elsewhere", _("I am being seen somewhere else")),
            ("travel", _("I cannot get there")),
            ("other", _("Something else")),
        ],
    )
    words = forms.CharField(
        label=_("Anything you want to tell the clinic?"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"maxlength": 120}),
    )

    @property
    def text(self) -> str:
        """Both in one line, short enough for the visit's history."""
        labels = dict(self.fields["reason"].choices)  # type: ignore[attr-defined]
        chosen = str(labels[self.cleaned_data["reason"]]) if self.cleaned_data["reason"] else ""
        words = self.cleaned_data["words"].strip()
        return ". ".join(part for part in (chosen, words) if part)[:200]
