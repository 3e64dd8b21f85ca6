"""What staff enter: a search, a reason, a stretch of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from steadwell.portal.service import DayInput, TimeOfDayInput

MOST_DAYS_OF_LEAVE = 370


def instant(on: date, wall: time, zone: str) -> datetime:
    """The instant of a wall-clock time; the first one where it comes twice, the hour after where it does
    not exist.
    """
    return datetime.combine(on, wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept with the visit. The patient does not see it."),
        max_length=200,
    )


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), help_text=gettext_lazy("Kept with the visit."), max_length=200
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note for this visit"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class OverbookForm(NoteForm):
    reason = forms.CharField(
        label=gettext_lazy("Why must this visit be at a taken time?"),
        help_text=gettext_lazy("Kept in the audit trail under your name."),
        max_length=200,
    )

    field_order = ("reason", "note")


class BlockForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("Day"), widget=DayInput)
    starts = forms.TimeField(label=gettext_lazy("From"), widget=TimeOfDayInput)
    ends = forms.TimeField(label=gettext_lazy("Until"), widget=TimeOfDayInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=120)
    keep_visits = forms.BooleanField(
        label=gettext_lazy("Keep the visits that are in this time"), required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and starts >= ends:
            self.add_error("ends", _("The end must be after the beginning."))
        return data


class LeaveForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("First day"), widget=DayInput)
    last = forms.DateField(label=gettext_lazy("Last day"), widget=DayInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=120)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day must not be before the first."))
        if first and last and last - first > timedelta(days=MOST_DAYS_OF_LEAVE):
            self.add_error("last", _("That is more than a year. Enter it in parts."))
        return data


class IllForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For the clinic only. Patients are told that the clinic had to cancel."),
        max_length=120,
    )
