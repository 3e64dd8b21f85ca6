"""Headers of a receiver are secrets of theirs: unreadable at rest, under a key made from the secret key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache

import orjson
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(headers: Sequence[str]) -> str:
    if not headers:
        return ""
    return _cipher(_keys()).encrypt(orjson.dumps(list(headers))).decode()


def unseal(sealed: str) -> list[str]:
    if not sealed:
        return []
    found: list[str] = orjson.loads(_cipher(_keys()).decrypt(sealed.encode()))
    return found


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"subscription headers:" + key.encode()).digest()))
        for key in keys
    )
