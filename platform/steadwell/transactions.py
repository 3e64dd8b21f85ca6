"""One write, one transaction: locks that cannot be had in time become Busy, a lost race is run again.

Within ``Joined`` a write is part of the caller's transaction instead, as a savepoint of it: for several
writes that happen together or not at all, of one app or of several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from hashlib import blake2b
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction

from steadwell.errors import Busy

S = TypeVar("S")
T = TypeVar("T")

_DEADLOCK = "40P01"
_NOT_IN_TIME = frozenset({"55P03", "57014", _DEADLOCK})  # lock_timeout, statement_timeout
_IDLE_TOO_LONG = "25P03"  # idle_in_transaction_session_timeout: Postgres has ended the session
_TRIES = 3

_joined: ContextVar[bool] = ContextVar("joined", default=False)


class Joined:
    """A context in which writes join the transaction that is open."""

    _token: Token[bool]

    def __enter__(self) -> None:
        self._token = _joined.set(True)

    def __exit__(self, *_: object) -> None:
        _joined.reset(self._token)


class LostRace(Exception):
    """Another transaction took or changed something between the look and the claim. Looking again shows what,
    so the next run refuses with the right words, or finds another way.
    """


def write(work: Callable[[], T]) -> T:
    """Run ``work`` in its own transaction, at most three times. Raises Busy after that."""
    return look_then_write(lambda: None, lambda _: work())


def look_then_write(look: Callable[[], S], work: Callable[[S], T]) -> T:
    """As ``write``, with what ``look`` saw just before: whoever it refuses opens no transaction.

    Each statement sees the database as it is when it begins, inside a transaction as well, so nothing is
    looser for it: what ``work`` claims is guarded by constraints, and after a lost race both run again. A
    refusal inside would end in a rollback, with which psycopg forgets what it had prepared.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            seen = look()
            with transaction.atomic(durable=not _joined.get()):
                return work(seen)
        except LostRace:
            if not tries_left:
                raise Busy from None
        except OperationalError as error:
            code = _code(error)
            # A joined write leaves that to its caller: what the other one waits for may be locked already.
            if code == _DEADLOCK and tries_left and not _joined.get():
                continue
            if code in _NOT_IN_TIME:
                raise Busy from error
            raise
    raise Busy


@contextmanager
def busy_when_out_of_time() -> Iterator[None]:
    """For locks that are taken within somebody else's transaction: what cannot be had in time is Busy."""
    try:
        yield
    except OperationalError as error:
        if _code(error) in _NOT_IN_TIME:
            raise Busy from error
        raise


def is_out_of_reach(error: BaseException | None) -> bool:
    """Whether the database cannot be had right now: for an edge to say so (503), and no fault of ours.

    A pool with no free place within its time limit arrives as OperationalError, as does a server that is
    gone. A session that Postgres ended because this process paused within a transaction is an InternalError,
    among which are faults as well.
    """
    if isinstance(error, InternalError):
        return _code(error) == _IDLE_TOO_LONG
    return isinstance(error, OperationalError | InterfaceError)


def lock_words(words: Iterable[str]) -> None:
    """One at a time per word, until the transaction ends; several in one order everywhere.

    Advisory; two words with one hash only wait for each other.
    """
    keys = {int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), signed=True) for word in words}
    if keys:
        with busy_when_out_of_time(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(k) FROM unnest(%s::bigint[]) k", [sorted(keys)])


def _code(error: OperationalError | InternalError) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
