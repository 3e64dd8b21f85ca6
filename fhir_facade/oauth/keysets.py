"""Public keys of clients: as they were registered, or fetched from the address that was."""

from __future__ import annotations

import json
import time
from threading import Lock
from typing import Final

from jwcrypto.common import JWException
from jwcrypto.jwk import JWKSet

from fhir_facade import outbound
from fhir_facade.oauth.models import Registration

KEEP: Final = 300.0  # seconds: a key that a client withdraws is refused after that at the latest
_LARGEST: Final = 64 * 1024
_fetched: dict[str, tuple[float, JWKSet]] = {}
_lock = Lock()


def of(registration: Registration) -> JWKSet:
    """A client's keys; an empty set where there are none to be had. Calls out, so: in no transaction."""
    if registration.jwks_url:
        return _from_address(registration.jwks_url)
    return read(json.dumps(registration.jwks or {"keys": []}))


def read(text: str) -> JWKSet:
    """Raises nothing: what is no set of keys holds none. Private parts are never looked at."""
    try:
        return JWKSet.from_json(text)
    except (JWException, ValueError, TypeError, KeyError):
        return JWKSet()


def _from_address(url: str) -> JWKSet:
    with _lock:
        kept = _fetched.get(url)
    if kept is not None and time.monotonic() - kept[0] < KEEP:
        return kept[1]
    try:
        answer = outbound.get(url, accept="application/json", largest=_LARGEST)
    except outbound.Unreachable:
        return JWKSet()
    keys = read(answer.body.decode("utf-8", "replace")) if answer.status == 200 else JWKSet()
    with _lock:
        _fetched[url] = (time.monotonic(), keys)
    return keys


def forget() -> None:
    with _lock:
        _fetched.clear()
