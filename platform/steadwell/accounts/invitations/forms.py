"""What an invited person enters."""

from __future__ import annotations

from typing import Any

from allauth.account.fields import SetPasswordField
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from steadwell.accounts.models import User


class BirthDateForm(forms.Form):
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )


class NewPasswordForm(forms.Form):
    """Once: the reader can look at what they type."""

    password = SetPasswordField(label=_("Password"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].user = user  # type: ignore[attr-defined]
        self.fields["password"].widget.attrs.pop("placeholder", None)


class FirstPasskeyForm(webauthn_forms.SignupWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of a password, made before the account it opens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget = forms.HiddenInput()


class LinkCodeForm(BirthDateForm):
    """What the desk showed, and what the desk does not show."""

    code = forms.CharField(
        label=_("Code from the front desk"),
        help_text=_("Eight letters, such as BCDF-GHJK. It works for a quarter of an hour."),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false",
                   "data-short": "yes"}
        ),
    )  # fmt: skip
    field_order = ("code", "birth_date")
