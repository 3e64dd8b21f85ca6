"""Where the next page begins: the sort values and id of the last row shown, signed, and good for an hour.

By key and never by offset, so a row that is added meanwhile moves no page.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.core import signing

from fhir_facade.server.access import Access
from fhir_facade.server.outcome import failed
from fhir_facade.server.search.clauses import Query

LIFETIME = timedelta(hours=1)
_SALT = "fhir.cursor"


def write(access: Access, query: Query, keys: list[str]) -> str:
    return signing.dumps({"q": _digest(access, query), "k": keys}, salt=_SALT, compress=True)


def read(access: Access, query: Query) -> list[str] | None:
    """The keys; None for the first page. 410 when it is too old, 400 when it is not one of this search."""
    if not query.cursor:
        return None
    try:
        found: dict[str, Any] = signing.loads(query.cursor, salt=_SALT, max_age=LIFETIME)
    except signing.SignatureExpired:
        raise failed(410, "expired", "This page has expired. Start the search again.") from None
    except signing.BadSignature:
        raise failed(400, "value", "This is no page of ours.") from None
    if found["q"] != _digest(access, query):
        raise failed(400, "value", "This page belongs to another search.")
    keys: list[str] = found["k"]
    return keys


def _digest(access: Access, query: Query) -> str:
    """Of the search and of who asks: another client's cursor is no use."""
    said = [query.definition.type, str(access.grant.token_id), *(f"{n}={v}" for n, v in query.used)]
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:16]
