"""Every lock of identity, in its fixed order: identifiers, then persons, each ascending."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import OperationalError, connection

from steadwell.errors import Busy
from steadwell.identity.models import Person


@contextmanager
def busy_when_waiting_too_long() -> Iterator[None]:
    """``lock_timeout`` becomes Busy: somebody else is working on the same people."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in {"55P03", "40P01"}:
            raise Busy from error
        raise


def lock_words(words: Iterable[str]) -> None:
    """One registration at a time per identifier or name and birth date, so that two at once cannot make two
    people.

    Advisory, until the end of the transaction; two words with one hash only wait for each other.
    """
    keys = {int.from_bytes(hashlib.blake2b(w.encode(), digest_size=8).digest(), signed=True) for w in words}
    if keys:
        with busy_when_waiting_too_long(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) k", [sorted(keys)])


def lock_persons(ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The rows, locked against merges and new words, by ascending id."""
    with busy_when_waiting_too_long():
        rows = Person.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True)
        return {row.pk: row for row in rows}
