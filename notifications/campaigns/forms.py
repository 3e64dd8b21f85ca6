"""The form of a campaign: what it says, to whom, how fast."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications import ports, presenters
from notifications.campaigns.criteria import OLDEST, Account, Criteria, Seen
from notifications.campaigns.running import NAME_LENGTH, PACES
from notifications.wording import TEMPLATES
from notifications.wording_campaigns import PREFIX
from steadwell.actor import Actor, Role
from steadwell.identity.service import Sex
from steadwell.portal.service import DayInput

SEXES: Mapping[str, str | Promise] = {
    "": _("Any"),
    Sex.FEMALE: _("Female"),
    Sex.MALE: _("Male"),
    Sex.OTHER: _("Other"),
    Sex.UNKNOWN: _("Not known"),
}
SEEN: Mapping[str, str | Promise] = {
    Seen.ANY: _("It does not matter"),
    Seen.BEFORE: _("Not since the day, or never"),
    Seen.AFTER: _("On the day or after it"),
}
ACCOUNTS: Mapping[str, str | Promise] = {
    Account.ANY: _("It does not matter"),
    Account.WITH: _("Only those with an account here"),
    Account.WITHOUT: _("Only those without one"),
}


class CampaignForm(forms.Form):
    """Choices of sites and visits are those of the clinic now, sites only the reader's own."""

    name = forms.CharField(label=_("Name, for you and your colleagues"), max_length=NAME_LENGTH)
    template = forms.ChoiceField(label=_("What is said"))
    min_age = forms.IntegerField(label=_("From this age on"), required=False, min_value=0, max_value=OLDEST)
    max_age = forms.IntegerField(label=_("Up to this age"), required=False, min_value=0, max_value=OLDEST)
    sex = forms.ChoiceField(label=_("Sex"), choices=list(SEXES.items()), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    site_id = forms.TypedChoiceField(
        label=_("Seen at this clinic"), required=False, coerce=UUID, empty_value=None
    )
    visit_type_id = forms.TypedChoiceField(
        label=_("For this kind of visit"), required=False, coerce=UUID, empty_value=None
    )
    seen = forms.TypedChoiceField(
        label=_("Last seen"), choices=list(SEEN.items()), required=False, coerce=Seen, empty_value=Seen.ANY
    )
    seen_on = forms.DateField(label=_("The day"), widget=DayInput, required=False)
    account = forms.TypedChoiceField(
        label=_("Account"), choices=list(ACCOUNTS.items()), required=False, coerce=Account,
        empty_value=Account.ANY,
    )  # fmt: skip
    per_minute = forms.TypedChoiceField(
        label=_("How many people a minute"), choices=[(n, str(n)) for n in PACES], coerce=int,
        help_text=_("Those who are told call and book: not more than the telephones can take."),
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clinic = ports.clinic()
        own = [
            (str(site), name)
            for site, name in clinic.site_names(now=now).items()
            if actor.has(Role.ADMINISTRATOR) or Role.MANAGER in actor.roles_at(site)
        ]
        everywhere = [("", _("All of them"))] if actor.has(Role.ADMINISTRATOR) else []
        kinds = [(str(kind), name) for kind, name in clinic.visit_type_names(now=now).items()]
        messages = [(c, presenters.template_name(c)) for c in TEMPLATES if c.startswith(PREFIX)]
        for name, choices in (
            ("template", messages),
            ("site_id", [*everywhere, *own]),
            ("visit_type_id", [("", _("Any visit")), *kinds]),
            ("language", [("", _("Any")), *settings.LANGUAGES]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - they are declared above
            field.choices = choices

    def criteria(self) -> Criteria:
        data = self.cleaned_data
        names = ("min_age", "max_age", "sex", "language", "site_id", "visit_type_id", "seen", "seen_on")
        return Criteria(**{name: data[name] for name in names}, account=data["account"])
