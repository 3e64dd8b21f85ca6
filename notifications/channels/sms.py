"""Text messages by the widespread form-post shape: To, From, Body in; sid and status out, as JSON.

``POST {url}/Messages.json`` with basic authentication. The message's key goes as ``Idempotency-Key`` and,
where the provider keeps it, as ``Reference``: by that it is found again
(``GET {url}/Messages.json?Reference=``).
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import orjson

from notifications.channels import http
from notifications.ports import Unreached, Unsure
from notifications.types import Account, Letter, Receipt

# Said by a provider of a message: what that is to us. Anything else means: taken, on its way.
DELIVERED = frozenset({"delivered", "read"})
FAILED = frozenset({"failed", "undelivered", "canceled"})


class FormPostSms:
    """One account of one provider."""

    def __init__(self, account: Account) -> None:
        self.provider, self._account = account.code, account
        basic = base64.b64encode(f"{account.user}:{account.secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}

    def send(self, letter: Letter) -> Receipt:
        form = {"To": letter.address, "From": self._account.sender, "Body": letter.text}
        form["Reference"] = str(letter.message_id)
        if letter.report_url:
            form["StatusCallback"] = letter.report_url
        headers = self._headers | {
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": str(letter.message_id),
        }
        answer = http.request(
            "POST", f"{self._account.url}/Messages.json", headers=headers, body=urlencode(form).encode(),
            seconds=self._account.deadline,
        )  # fmt: skip
        return self._receipt(answer)

    def find(self, key: str) -> Receipt | None:
        """What became of a message. None: the provider does not know it."""
        answer = http.request(
            "GET", f"{self._account.url}/Messages.json?{urlencode({'Reference': key})}",
            headers=self._headers, seconds=self._account.deadline,
        )  # fmt: skip
        if answer.status != 200:
            raise Unreached(f"http-{answer.status}")
        found = _json(answer.body).get("messages")
        # Whatever else speaks in its place does not say that a message was never taken.
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise Unreached("no-answer")
        return self._told(found[0]) if found else None

    def _receipt(self, answer: http.Answer) -> Receipt:
        http.raise_undecided(answer)
        if answer.status >= 400:
            code = http.plain(_json(answer.body).get("code", ""), 20)
            return Receipt(accepted=False, provider=self.provider, cause=f"sms-{code or answer.status}")
        return self._told(_json(answer.body))

    def _told(self, told: dict[str, Any]) -> Receipt:
        status, sid = str(told.get("status", "")), http.plain(told.get("sid") or "", 120)
        if not sid:
            raise Unsure("no-sid")
        if status in FAILED:
            cause = f"sms-{http.plain(told.get('error_code') or status, 40)}"
            return Receipt(accepted=False, provider=self.provider, cause=cause, reference=sid)
        return Receipt(accepted=True, provider=self.provider, reference=sid, delivered=status in DELIVERED)


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
