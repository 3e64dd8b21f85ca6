"""Cursors whose statements Postgres keeps prepared: parsed and planned once per connection, not per request.

For the few statements of every request, of holding, booking and searching (ADR 0062). Values travel apart
from the text: a statement must say the type of a parameter wherever Postgres cannot tell it from its place.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper


class _Prepared(ServerBindingCursor):  # type: ignore[misc]
    """Prepares at first sight: psycopg would wait for the fifth."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        return super().execute(query, params, prepare=True, **more)


def cursor() -> CursorWrapper:
    """As ``connection.cursor()``, counted, traced and wrapped alike. Not for statements of a varying text."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = _Prepared(connection.connection)
    wrapped: CursorWrapper = connection._prepare_cursor(raw)  # what cursor() does with its own
    return wrapped
