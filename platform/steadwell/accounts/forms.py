"""The forms of the doors: allauth's, counted by axes, codes used once, no placeholders for labels."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter as account_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter as factor_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from steadwell import clock
from steadwell.accounts import throttle, totp
from steadwell.accounts.sign_in import lockout
from steadwell.accounts.sign_in.doors import Limit, limit

CODES: Limit = limit("user", 10, 5)


class Plain(forms.Form):
    """A label says what a field is for; a placeholder that vanishes does not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LoginForm(Plain, account_forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"
        self.fields["password"].help_text = ""


class SignupForm(Plain, account_forms.SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")


class ResetPasswordForm(Plain, account_forms.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")


class ResetPasswordKeyForm(Plain, account_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(Plain, account_forms.ChangePasswordForm):  # type: ignore[misc]
    pass


class SetPasswordForm(Plain, account_forms.SetPasswordForm):  # type: ignore[misc]
    pass


class AddEmailForm(Plain, account_forms.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail address")


class ReauthenticateForm(Plain, account_forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class ConfirmCodeForm(Plain, account_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    pass


class CodeForm(Plain, factor_forms.BaseAuthenticateForm):  # type: ignore[misc]
    """A one-time or recovery code, at sign-in or as a step-up."""

    def clean_code(self) -> str:
        request, code = context.request, str(self.cleaned_data["code"])
        credentials = {"email": self.user.email}
        if lockout.is_locked(request, credentials) or self._too_often():
            raise account_adapter().validation_error("too_many_login_attempts")
        for authenticator in Authenticator.objects.filter(user=self.user).exclude(
            type=Authenticator.Type.WEBAUTHN
        ):
            if _accepts(authenticator, code):
                authenticator.user = self.user
                self.authenticator = authenticator
                return code
        lockout.count_failure(request, credentials)
        raise factor_adapter().validation_error("incorrect_code")

    def _too_often(self) -> bool:
        """Counted before the code is looked at, so that parallel guesses do not slip by the lock-out."""
        wait = throttle.take(
            door="code",
            key=str(self.user.pk),
            uses=CODES.uses,
            window=CODES.window,
            now=clock.now(),
        )
        return wait is not None


def _accepts(authenticator: Authenticator, code: str) -> bool:
    if authenticator.type == Authenticator.Type.TOTP:
        return totp.use_code(authenticator, code)
    return bool(authenticator.wrap().validate_code(code))


class AuthenticateForm(CodeForm, factor_forms.AuthenticateForm):  # type: ignore[misc]
    pass


class FactorReauthenticateForm(CodeForm, factor_forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateTOTPForm(Plain, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code that the app shows")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddWebAuthnForm(Plain, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    """Every passkey can sign in by itself; there is no second kind to explain."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("passwordless", None)
        self.fields["name"].label = _("Name of this passkey")
        self.fields["name"].help_text = _("So that you know it again, such as the device it is on.")


class LoginWebAuthnForm(webauthn_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of a password. Open to the owner of an account that is closed to guesses."""

    def clean_credential(self) -> Authenticator:
        credentials = lockout.passkey_credentials(context.request)
        if lockout.is_locked(context.request, credentials):
            raise account_adapter().validation_error("too_many_login_attempts")
        try:
            return super().clean_credential()
        except ValidationError:
            lockout.count_failure(context.request, credentials)
            raise


class AuthenticateWebAuthnForm(webauthn_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second factor, after the password."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except ValidationError:
            lockout.count_failure(context.request, {"email": self.user.email})
            raise


class LinkForm(forms.Form):
    """What a patient knows and few others do: the record number on their letters, and their birth date."""

    number = forms.CharField(
        label=_("Record number"),
        help_text=_("It stands on every letter and bill from the clinic."),
        max_length=40,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-short": "yes"}),
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )
