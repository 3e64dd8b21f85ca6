"""Cursors whose statements Postgres keeps prepared: parsed and planned once per connection, not per request.

For the few statements of every request, of holding, booking and searching (ADR 0062). Values travel apart
from the text: a statement must say the type of a parameter wherever Postgres cannot tell it from its place.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class _Prepared(psycopg.Cursor[Any]):
    """Prepares at first sight: psycopg would wait for the fifth."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> _Prepared:
        super().execute(query, params, prepare=True, **more)
        return self

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        # psycopg notes the query of a statement that is not prepared only; Django's log asks for it.
        self._query = super()._convert_query(query, params)
        return self._query


def cursor() -> CursorWrapper:
    """As ``connection.cursor()``, counted, traced and wrapped alike. Not for statements of a varying text."""
    connection.ensure_connection()
    raw = cast(CursorWrapper, _Prepared(connection.connection))  # what Django calls a driver's cursor
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
