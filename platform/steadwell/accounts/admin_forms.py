"""What an administrator enters to make an account, to grant a role, or to name a proxy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from steadwell.accounts.models import STAFF_ROLE_CHOICES, Grant, Proxy, User
from steadwell.accounts.zones import is_zone
from steadwell.actor import Role


def _known_zone(name: str) -> str:
    if not is_zone(name):
        raise ValidationError(_("That is not a time zone."))
    return name


def _needs_site(role: str, site_id: Any) -> None:
    if role != Role.ADMINISTRATOR and not site_id:
        raise ValidationError(_("This role holds at a site: enter the site's id."))


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """A member of staff. They set their password through the reset page, then a second factor."""

    role = forms.ChoiceField(choices=STAFF_ROLE_CHOICES)
    site_id = forms.UUIDField(required=False, label=_("Site's id"))
    time_zone = forms.CharField(initial="UTC")

    class Meta:
        model = User
        fields = ("email", "time_zone")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_time_zone(self) -> str:
        return _known_zone(self.cleaned_data["time_zone"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        _needs_site(data.get("role", ""), data.get("site_id"))
        return data


class _ForAccount(forms.ModelForm):  # type: ignore[type-arg]
    email = forms.EmailField(label=_("Account's e-mail address"))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        user = User.objects.filter(email=email).first()
        if user is None:
            raise ValidationError(_("We could not find that account."))
        self.cleaned_data["user"] = user
        return email


class NewGrantForm(_ForAccount):
    class Meta:
        model = Grant
        fields = ("role", "site_id")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        _needs_site(data.get("role", ""), data.get("site_id"))
        return data

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in Grant._meta.fields}


class NewProxyForm(_ForAccount):
    class Meta:
        model = Proxy
        fields = ("person_id", "relationship", "until_on", "time_zone")

    def clean_time_zone(self) -> str:
        return _known_zone(self.cleaned_data["time_zone"])

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in Proxy._meta.fields}
