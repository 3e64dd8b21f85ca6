"""What patients send: a search, a note, a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scheduling.types import PractitionerInfo, SiteInfo, TimeOfDay
from steadwell.ids import PractitionerId, SiteId
from steadwell.portal.service import DayInput, Options, OptionsField

WINDOW = 14  # days a search looks at
FARTHEST = timedelta(days=3660)  # from today, that anybody may look at: the calendar itself has an end


def version_in(text: str) -> int | None:
    """The version of a visit that a page was made from; None for what cannot be one."""
    return int(text) if len(text) <= 9 and text.isdecimal() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a search can be narrowed to, in one language."""

    practitioners: Options
    sites: Options
    languages: Options

    @classmethod
    def of(
        cls,
        *,
        practitioners: Iterable[PractitionerInfo],
        sites: Iterable[SiteInfo],
        languages: Iterable[tuple[str, str]],
    ) -> Choices:
        who = ((str(each.practitioner_id), each.name) for each in practitioners)
        where = ((str(each.site_id), each.name) for each in sites)
        return cls(
            practitioners=Options([("", str(_("Anyone"))), *who]),
            sites=Options([("", str(_("Any clinic"))), *where]),
            languages=Options([("", str(_("Any language"))), *languages]),
        )


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
    clinician = OptionsField(label=_("Clinician"), required=False)
    site = OptionsField(label=_("Clinic"), required=False)
    language = OptionsField(label=_("Language spoken"), required=False)

    def __init__(
        self,
        *args: Any,
        choices: Choices,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (
            ("clinician", choices.practitioners),
            ("site", choices.sites),
            ("language", choices.languages),
        ):
            field = self.fields[name]
            assert isinstance(field, OptionsField)  # noqa: S101 - declared above
            field.offer(options)

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
        """The day the search begins: never one that is over, nor one that no clinic opens yet."""
        on = self.cleaned_data.get("on")
        return min(max(on, today - timedelta(days=1)), today + FARTHEST) if on else today


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
