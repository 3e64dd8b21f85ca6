"""E-mail by a provider's HTTP API, through django-anymail, which knows the shapes of a dozen of them.

The message's key goes as ``Idempotency-Key`` with the request; a provider that does not know the header
ignores it.
"""

from __future__ import annotations

import threading
from importlib import import_module
from io import BytesIO
from typing import Any

from anymail.exceptions import (  # type: ignore[import-untyped]
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
)
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from notifications.channels import http, mail_reports
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

    The library makes the request and reads the answer; between the two it has our own line, so that the
    deadline, the longest answer and what is known after a failure are those of every provider.
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
            session = self._kept.backend.session
            session.trust_env = False
            for scheme in ("http://", "https://"):
                session.mount(scheme, _OurLine(account.deadline))
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
        except AnymailRecipientsRefused:
            pass  # its status says why
        except AnymailAPIError as error:
            return self._refused(error)
        except AnymailError as error:  # it cannot be said in this provider's shape: nor at any other attempt
            return Receipt(accepted=False, provider=self.provider, cause=type(error).__name__[:60])
        told: Any = found.anymail_status  # type: ignore[attr-defined] # anymail adds it
        (recipient,) = told.recipients.values()
        if recipient.status in {"rejected", "invalid", "failed"}:
            return Receipt(accepted=False, provider=self.provider, cause=f"mail-{recipient.status}")
        reference = http.plain(recipient.message_id or "", 120)
        return Receipt(accepted=True, provider=self.provider, reference=reference)

    def _refused(self, error: AnymailAPIError) -> Receipt:
        response = error.response
        if response is None:
            raise Unreached("not-sent") from error
        http.raise_undecided(
            http.Answer(status=response.status_code, body=b"", headers=dict(response.headers.lower_items()))
        )
        if response.status_code < 400:  # it said yes, in words that nobody understands
            raise Unsure("no-answer") from error
        return Receipt(accepted=False, provider=self.provider, cause=f"mail-{response.status_code}")


class _OurLine(BaseAdapter):
    """What carries the library's requests. Raises Unreached and Unsure, which the library leaves alone."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        body = request.body or b""
        answer = http.request(
            request.method or "POST", request.url or "",
            headers={**request.headers, "Accept-Encoding": "identity"},
            body=body.encode() if isinstance(body, str) else body, seconds=self._seconds,
        )  # fmt: skip
        found = Response()
        found.status_code, found.url, found.request = answer.status, request.url or "", request
        # Without its address a redirect is an answer like any other: a letter goes to its provider only.
        found.headers.update({k: v for k, v in answer.headers.items() if k != "location"})
        found.raw = BytesIO(answer.body)
        return found

    def close(self) -> None:
        """Lines are each thread's own, and kept."""
