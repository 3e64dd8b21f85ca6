"""Where allauth asks how we want it."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import segno
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from steadwell import clock
from steadwell.accounts import letters
from steadwell.accounts.models import User
from steadwell.accounts.sealing import seal, unseal
from steadwell.accounts.sign_in.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in, sign-up and passwords."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "The e-mail address or the password is not right. Check both and try again."
        ),
        "incorrect_password": _("That is not your password. Check it and try again."),
        "enter_current_password": _("That is not your password. Check it and try again."),
        "incorrect_code": _(
            "That code is not right, or it was used already. Wait for the next one and try again."
        ),
        "too_many_login_attempts": _("Too many tries. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.ACCOUNTS_OPEN_SIGN_UP)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever signed in within the last minutes has just proven it."""
        request = context.request
        records = get_authentication_records(request, request.user)
        latest = max((record["at"] for record in records), default=0.0)
        return bool(time.time() - latest >= app_settings.REAUTHENTICATION_TIMEOUT)

    def new_user(self, request: HttpRequest) -> User:
        return User(created_at=clock.now())

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or ""

    def set_password(self, user: User, password: str) -> None:
        """Change the password that was there when the person began; of two who follow one link, one does."""
        before = user.password
        user.set_password(password)
        if not User.objects.filter(pk=user.pk, password=before).update(password=user.password):
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_reset_password")))

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _absolute(super().get_reset_password_from_key_url(key))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the ledger, not onto the wire: the page answers as fast for known as for unknown addresses."""
        names = ("signup_url", "password_reset_url")
        links = {name: _absolute(context[name]) for name in names if name in context}
        message = self.render_mail(template_prefix, email, {"email": email, **context, **links})
        letters.post(address=email, subject=message.subject, text=str(message.body), now=clock.now())


def _absolute(url: str) -> str:
    """The address under our own name, not under the one that a request's Host header claims."""
    if not settings.PUBLIC_URL:
        return url
    parts, ours = urlsplit(url), urlsplit(settings.PUBLIC_URL)
    return parts._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """One-time codes, passkeys, recovery codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "unverified_email": _("Confirm your e-mail address first."),
    }

    def get_totp_issuer(self) -> str:
        return "Steadwell"

    def build_totp_svg(self, url: str) -> str:
        """One path and no style, so that the strictest content policy shows it."""
        svg: str = segno.make_qr(url, error="m").svg_inline(
            scale=5, border=4, omitsize=True, svgclass="qr", lineclass="qr__dots", light="#fff"
        )
        return svg

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Steadwell"}


__all__ = ["AccountAdapter", "SecondFactorAdapter"]
