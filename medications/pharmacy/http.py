"""Pharmacy networks over HTTP: POST a message, GET the mailbox. Each with a deadline and a breaker.

Addresses come from the settings only; redirects are not followed.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from django.conf import settings

from medications.ports import NotReached, NotSure, Outgoing
from steadwell.mail.service import breaker_of

_LARGEST = 2_000_000
_PAGE = 50


class HttpPharmacyNetwork:
    """Implements ``ports.PharmacyNetwork``. ``settings.PHARMACY_NETWORKS``: name -> (address, token)."""

    def send(self, message: Outgoing) -> Mapping[str, Any]:
        found = self._ask(message.network, "POST", "/script", orjson.dumps(message.body))
        if not isinstance(found, dict):
            raise NotSure("not-understood")
        return found

    def collect(self, *, network: str, cursor: str) -> tuple[Sequence[Mapping[str, Any]], str]:
        found = self._ask(network, "GET", f"/mailbox?after={quote(cursor, safe='')}&count={_PAGE}", None)
        if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
            raise NotSure("not-understood")
        return found["messages"][:_PAGE], str(found.get("cursor", cursor))[:100]

    def _ask(self, network: str, method: str, path: str, body: bytes | None) -> Any:
        address, token = settings.PHARMACY_NETWORKS.get(network, ("", ""))
        if not address:
            raise NotReached("no-such-network")
        parts = urlsplit(address)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        breaker = breaker_of(host, port)
        if not breaker.admits():
            raise NotReached("breaker-open")
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        line = kind(host, port, timeout=settings.PHARMACY_TIMEOUT)
        try:
            answer = self._exchange(line, method, parts.path.rstrip("/") + path, body, token)
        except NotReached:
            breaker.failed()
            raise
        finally:
            line.close()
        breaker.passed()
        return answer

    @staticmethod
    def _exchange(
        line: http.client.HTTPConnection, method: str, path: str, body: bytes | None, token: str
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        ends_at = time.monotonic() + settings.PHARMACY_TIMEOUT
        try:
            line.connect()
        except OSError as error:
            raise NotReached("no-connection") from error
        try:
            line.request(method, path, body=body, headers=headers)
            answer = line.getresponse()
            content = _read(answer, ends_at)
        except (OSError, http.client.HTTPException) as error:
            raise NotSure("no-answer") from error
        if answer.status >= 500:
            raise NotSure("failed-there")
        if answer.status >= 300:
            raise NotReached("refused-there")
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise NotSure("not-understood") from error


def _read(answer: http.client.HTTPResponse, ends_at: float) -> bytes:
    """The whole body by the deadline, however slowly it drips: the socket's own limit is per piece."""
    pieces, size = [], 0
    while piece := answer.read1(65_536):
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST or time.monotonic() > ends_at:
            raise TimeoutError
    return b"".join(pieces)
