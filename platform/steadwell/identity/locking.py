"""Every lock of identity, in its fixed order: identifiers, then persons, each ascending."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from steadwell import transactions
from steadwell.identity.models import Person


def lock_words(words: Iterable[str]) -> None:
    """One registration at a time per identifier or name and birth date, so that two at once cannot make two
    people.
    """
    transactions.lock_words(words)


def lock_persons(ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The rows, locked against merges and new words, by ascending id."""
    with transactions.busy_when_out_of_time():
        rows = Person.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True)
        return {row.pk: row for row in rows}
