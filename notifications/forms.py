"""The forms of the preferences and of the contact points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from notifications.models import Channel
from notifications.preferences import CHOOSABLE, MOST_PER_DAY, OFFSETS
from notifications.quiet import USUAL
from notifications.types import Choice, Kind, Preferences, Times
from steadwell.ids import PersonId, UserId
from steadwell.portal.service import ZONES, Options, OptionsField, TimeOfDayInput

_WEEK, _DAY, _HOURS = OFFSETS
KINDS: Mapping[Kind, str | Promise] = {
    Kind.VISITS: _("Visits and reminders"),
    Kind.RESULTS: _("Results"),
    Kind.MEDICATIONS: _("Medicines and refills"),
    Kind.MESSAGES: _("Messages of your care team"),
    Kind.CAMPAIGNS: _("Invitations, such as flu shots and check-ups"),
}
WAYS: Mapping[str, str | Promise] = {
    "email": _("By e-mail"),
    "digest": _("E-mails together, once a day"),
    "sms": _("By text message"),
    "push": _("On my devices"),
}


@lru_cache(maxsize=4)  # a language each: the list is read from the disk
def zones(_language: str | None) -> Options:
    """Every zone with a place in its name; first those that people call by an everyday name, by that name."""
    near = {name: str(text) for name, text in ZONES.items() if "/" in name}
    found = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    rest = ((name, name.replace("_", " ")) for name in found if name not in near)
    return Options((("UTC", "–"), *((name, f"{text} ({_city(name)})") for name, text in near.items()), *rest))


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


class PreferencesForm(forms.Form):
    """A tick per kind of news and way (``visits_email``), then when, in which language and how often."""

    reminders = forms.MultipleChoiceField(
        label=_("Remind me before a visit"),
        help_text=_("Reminders come as messages here, and in the ways you chose for visits."),
        choices=[
            (str(int(_WEEK.total_seconds())), _("7 days before")),
            (str(int(_DAY.total_seconds())), _("1 day before")),
            (str(int(_HOURS.total_seconds())), _("2 hours before")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = OptionsField(label=_("Where you are"), help_text=_("Quiet hours follow the clocks there."))
    quiet = forms.BooleanField(label=_("Keep my telephone quiet at night"), required=False)
    quiet_from = forms.TimeField(label=_("Quiet from"), widget=TimeOfDayInput, required=False)
    quiet_until = forms.TimeField(label=_("Quiet until"), widget=TimeOfDayInput, required=False)
    quiet_email = forms.BooleanField(
        label=_("No e-mails in these hours either"),
        help_text=_("Urgent news comes at once, whatever the hour."),
        required=False,
    )
    digest_at = forms.TimeField(label=_("When e-mails come together"), widget=TimeOfDayInput)
    most_per_day = forms.TypedChoiceField(
        label=_("At most so many messages a day"),
        help_text=_("The rest comes together in one e-mail. Urgent news is not counted."),
        choices=[(n, str(n) if n else _("As many as there are")) for n in MOST_PER_DAY],
        coerce=int,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("OptionsField", self.fields["time_zone"]).offer(zones(get_language()))
        for kind in KINDS:
            for way, label in WAYS.items():
                field = forms.BooleanField(label=cast("str", label), required=False)
                field.widget.attrs["aria-describedby"] = f"news-{kind}"
                self.fields[f"{kind}_{way}"] = field

    @classmethod
    def of(cls, chosen: Preferences, *, language: str, time_zone: str) -> PreferencesForm:
        times = chosen.times
        initial: dict[str, object] = {
            "reminders": [str(int(offset.total_seconds())) for offset in chosen.offsets],
            "language": language,
            "time_zone": time_zone,
            "quiet": times.quiet_from is not None,
            "quiet_from": times.quiet_from or USUAL.start,
            "quiet_until": times.quiet_until or USUAL.end,
            "quiet_email": times.quiet_email,
            "digest_at": times.digest_at,
            "most_per_day": times.most_per_day,
        }
        for choice in chosen.choices:
            for way in WAYS:
                initial[f"{choice.kind}_{way}"] = getattr(choice, way)
        return cls(initial=initial)

    def news(self) -> Iterator[tuple[str, str | Promise, list[BoundField]]]:
        """Per kind: its code, its words, its ticks."""
        for kind in CHOOSABLE:
            yield kind.value, KINDS[kind], [self[f"{kind}_{way}"] for way in WAYS]

    def offsets(self) -> list[timedelta]:
        return [timedelta(seconds=int(text)) for text in self.cleaned_data["reminders"]]

    def choices_of(self, person_id: PersonId, reader_id: UserId) -> list[Choice]:
        def ticked(kind: Kind, way: str) -> bool:
            return bool(self.cleaned_data[f"{kind}_{way}"])

        return [
            Choice(
                person_id=person_id, reader_id=reader_id, kind=kind,
                email=ticked(kind, "email") or ticked(kind, "digest"), sms=ticked(kind, "sms"),
                push=ticked(kind, "push"), digest=ticked(kind, "digest"),
            )
            for kind in CHOOSABLE
        ]  # fmt: skip

    def times(self) -> Times:
        data = self.cleaned_data
        is_quiet = bool(data["quiet"])
        return Times(
            quiet_from=data["quiet_from"] if is_quiet else None,
            quiet_until=data["quiet_until"] if is_quiet else None,
            quiet_email=bool(data["quiet_email"]) and is_quiet,
            digest_at=data["digest_at"],
            most_per_day=data["most_per_day"],
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("quiet"):
            start, end = data.get("quiet_from"), data.get("quiet_until")
            if start is None or end is None or start == end:
                self.add_error("quiet_until", _("Quiet hours need a beginning and another end."))
        return data


class ContactForm(forms.Form):
    """One more address. Which of the two it is decides how it is read."""

    channel = forms.ChoiceField(
        label=_("What it is"),
        choices=[
            (Channel.SMS.value, _("A mobile telephone, for text messages")),
            (Channel.EMAIL.value, _("Another e-mail address, in place of that of your account")),
        ],
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Telephone number or e-mail address"),
        help_text=_("A number of another country begins with + and the country's number."),
        max_length=254,
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The code we sent there"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
