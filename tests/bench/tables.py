"""Filling big tables: without foreign keys, triggers and indexes, which come back built at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_INDEXES = """
SELECT quote_ident(i.relname), t.relname, pg_get_indexdef(i.oid), quote_ident(c.conname),
    pg_get_constraintdef(c.oid)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.contype <> 'f'
WHERE t.relname = ANY(%s) AND NOT x.indisprimary
"""


@contextmanager
def unhindered(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """``connection`` is the owner's, in autocommit."""
    indexes = connection.execute(_INDEXES, [list(tables)]).fetchall()
    for index, table, _, constraint, _ in indexes:
        connection.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}"
        )
    connection.execute("SET session_replication_role = replica")
    yield
    connection.execute("SET session_replication_role = DEFAULT")
    connection.execute("SET maintenance_work_mem = '512MB'")
    for _, table, definition, constraint, text in indexes:
        connection.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {text}" if constraint else definition
        )
