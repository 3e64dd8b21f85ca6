"""A process that pauses within a transaction for longer than Postgres lets a session be idle there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from killing import wait_until
from psycopg.pq import TransactionStatus


def idle_out(owner: psycopg.Connection[Any]) -> None:
    """Within a transaction: pause until Postgres has ended this thread's session."""
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '20ms'")
    pid = connection.connection.info.backend_pid
    there = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
    wait_until(
        lambda: owner.execute(there, [pid]).fetchone() is None, seconds=60, what="Postgres ends the session"
    )


@contextmanager
def pausing(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """This thread pauses so once, between the first statement of a transaction and the next."""
    paused: list[bool] = []

    def pause(execute: Callable[..., Any], *about: Any) -> Any:
        if not paused and connection.connection.info.transaction_status == TransactionStatus.INTRANS:
            paused.append(True)
            idle_out(owner)
        return execute(*about)

    with connection.execute_wrapper(pause):
        yield
    assert paused
