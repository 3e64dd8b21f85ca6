"""The form of the preferences."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.preferences import OFFSETS
from notifications.types import Kind, Preferences

_WEEK, _DAY, _HOURS = OFFSETS


class PreferencesForm(forms.Form):
    email = forms.BooleanField(
        label=_("Tell me about visits by e-mail"),
        help_text=_("Every message is also in your inbox here, whatever you choose."),
        required=False,
    )
    results_email = forms.BooleanField(
        label=_("Tell me about results by e-mail"),
        help_text=_("The e-mail says only that there is something new, never what it is."),
        required=False,
    )
    reminders = forms.MultipleChoiceField(
        label=_("Remind me before a visit"),
        help_text=_("Reminders come as messages here, and by e-mail if you chose so."),
        choices=[
            (str(int(_WEEK.total_seconds())), _("7 days before")),
            (str(int(_DAY.total_seconds())), _("1 day before")),
            (str(int(_HOURS.total_seconds())), _("2 hours before")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    @classmethod
    def of(cls, chosen: Preferences) -> PreferencesForm:
        return cls(
            initial={
                "email": _wants(chosen, Kind.VISITS),
                "results_email": _wants(chosen, Kind.RESULTS),
                "reminders": [str(int(offset.total_seconds())) for offset in chosen.offsets],
            }
        )

    def offsets(self) -> list[timedelta]:
        return [timedelta(seconds=int(text)) for text in self.cleaned_data["reminders"]]


def _wants(chosen: Preferences, kind: Kind) -> bool:
    return any(choice.email for choice in chosen.choices if choice.kind is kind)
