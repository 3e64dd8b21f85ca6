"""E-mail by a provider's HTTP API, through django-anymail, which knows the shapes of a dozen of them.

The message's key goes as ``Idempotency-Key`` with the request; a provider that does not know the header
ignores it.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

import requests
from anymail.exceptions import (  # type: ignore[import-untyped]
    AnymailAPIError,
    AnymailError,
)
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from notifications.channels import mail_reports
from notifications.ports import Unreached, Unsure
from notifications.types import Account, Letter, Receipt
from steadwell.mail import service as mail

# How each dialect names its secret.
SECRETS = {
    "brevo": "api_key",
    "mailersend": "api_token",
    "mailgun": "api_key",
    "mailtrap": "api_token",
    "postmark": "server_token",
    "resend": "api_key",
    "sendgrid": "api_key",
    "sparkpost": "api_key",
}


class AnymailChannel:
    """One account of one provider. Sessions are kept: one TLS handshake serves many letters.

    The deadline holds for each silence of the provider, not for all of the call: one that drips is left to
    the lease of the promise, and its letter is repeated under the same key.
    """

    def __init__(self, account: Account) -> None:
        self.provider, self._account = account.code, account
        self._kept = threading.local()

    def _backend(self) -> Any:
        """A session is for one thread: the key travels in its headers."""
        if not hasattr(self._kept, "backend"):
            account = self._account
            made = import_module(f"anymail.backends.{account.dialect}").EmailBackend
            names = {"api_url": account.url, SECRETS[account.dialect]: account.secret}
            self._kept.backend = made(**names, timeout=account.deadline, fail_silently=False)
            self._kept.backend.open()
        return self._kept.backend

    def send(self, letter: Letter) -> Receipt:
        found = EmailMultiAlternatives(
            subject=letter.subject, body=letter.text, from_email=settings.DEFAULT_FROM_EMAIL,
            to=[letter.address],
            headers={
                **letter.headers,
                "Message-ID": f"<{letter.message_id}@{mail.domain_of_ours()}>",
                "Content-Language": letter.language,
            },
        )  # fmt: skip
        found.attach_alternative(letter.html, "text/html")
        if letter.calendar:
            found.attach("visit.ics", letter.calendar, "text/calendar")
        dialect = mail_reports.DIALECTS.get(self._account.dialect)
        if self._account.report_secret and dialect is not None and dialect.returns_metadata:
            found.metadata = mail_reports.metadata(letter.message_id)  # type: ignore[attr-defined]
        return self._post(found, letter)

    def find(self, key: str) -> Receipt | None:
        raise Unreached("no-status-query")

    def _post(self, found: EmailMultiAlternatives, letter: Letter) -> Receipt:
        backend = self._backend()
        backend.session.headers["Idempotency-Key"] = str(letter.message_id)
        try:
            backend.send_messages([found])
        except AnymailAPIError as error:
            return self._refused(error)
        except AnymailError as error:  # it cannot be said in this provider's shape: nor at any other attempt
            return Receipt(accepted=False, provider=self.provider, cause=type(error).__name__[:60])
        told: Any = found.anymail_status  # type: ignore[attr-defined] # anymail adds it
        (recipient,) = told.recipients.values()
        if recipient.status in {"rejected", "invalid", "failed"}:
            return Receipt(accepted=False, provider=self.provider, cause=f"mail-{recipient.status}")
        return Receipt(accepted=True, provider=self.provider, reference=str(recipient.message_id or "")[:120])

    def _refused(self, error: AnymailAPIError) -> Receipt:
        reason = error.__cause__
        if isinstance(reason, requests.ConnectTimeout) or _never_connected(reason):
            raise Unreached("refused-connection") from error
        if isinstance(reason, requests.RequestException):
            raise Unsure("timeout" if isinstance(reason, requests.Timeout) else "line-lost") from error
        status = error.status_code or 0
        if status in {502, 504}:
            raise Unsure(f"http-{status}") from error
        if status >= 500 or status in {401, 403, 404, 408, 429}:
            raise Unreached(f"http-{status}") from error
        return Receipt(accepted=False, provider=self.provider, cause=f"mail-{status}")


def _never_connected(error: BaseException | None) -> bool:
    return isinstance(error, requests.ConnectionError) and "NewConnectionError" in repr(error)
