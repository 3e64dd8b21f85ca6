"""Waiting for locks as little as possible, where it is the end of the waiting that a test is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def impatient() -> Iterator[None]:
    """This thread's connection waits half a second for a lock; by the tests' settings half a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
