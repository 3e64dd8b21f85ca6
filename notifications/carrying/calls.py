"""The calls themselves: so many at once for each provider, none waited for longer than a batch may wait.

A batch waits ``PATIENCE`` seconds. Calls that have not begun by then are taken back: nothing was sent. Those
that are under way go on without the batch and are settled when they end, so that a provider that hangs holds
up its own calls and nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock

from notifications.carrying.accounts import channel_of
from notifications.carrying.health import SLOW_SECONDS
from notifications.ports import Unreached, Unsure
from notifications.types import Account, Letter, Receipt

PATIENCE = SLOW_SECONDS
# Seconds after which a provider that does not know a message is believed that it was never taken. A process
# that was stopped meanwhile must not begin its call then: half of it is the latest for that.
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A letter to hand over, or (``asks``) a question what became of it."""

    delivery_id: int
    account: Account
    letter: Letter
    asks: bool = False
    probes: bool = False
    handed: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended. Without a receipt: ``unknown`` (a question answered with no), ``unsure`` or not
    reached; ``cause`` is a code, ``after`` the seconds that the provider asked to be left alone.
    """

    call: Call
    seconds: float
    receipt: Receipt | None = None
    unknown: bool = False
    unsure: bool = False
    cause: str = ""
    after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ended: Sequence[Ended]
    not_begun: Sequence[Call]
    under_way: Sequence[Call]


_pools: dict[tuple[str, int], ThreadPoolExecutor] = {}
_lock = Lock()


def run(calls: Sequence[Call], *, late: Callable[[Ended], None]) -> Outcome:
    """Make them all at once, as far as each provider's room allows. ``late`` is called, in the call's own
    thread, for each that ends after the batch.
    """
    handed: dict[Future[Ended], tuple[Call, _Handed]] = {}
    for call in calls:
        mark = _Handed()
        handed[_pool(call.account).submit(_make, call, mark, late)] = call, mark
    done, pending = wait(handed, timeout=PATIENCE)
    not_begun, under_way = [], []
    for future in pending:
        call, mark = handed[future]
        if future.cancel():
            not_begun.append(call)
        elif mark.leave():
            under_way.append(call)
        else:
            done.add(future)  # it ended between the two
    return Outcome(ended=[each.result() for each in done], not_begun=not_begun, under_way=under_way)


class _Handed:
    """Who settles a call: its batch, unless the batch left before the call ended."""

    __slots__ = ("_ended", "_left", "_lock")

    def __init__(self) -> None:
        self._lock, self._ended, self._left = Lock(), False, False

    def leave(self) -> bool:
        with self._lock:
            self._left = not self._ended
            return self._left

    def end(self) -> bool:
        """Whether the call itself has to settle."""
        with self._lock:
            self._ended = True
            return self._left


def _make(call: Call, mark: _Handed, late: Callable[[Ended], None]) -> Ended:
    ended = _attempt(call)
    if mark.end():
        late(ended)
    return ended


def _attempt(call: Call) -> Ended:
    began = time.monotonic()
    channel = channel_of(call.account)
    receipt, unknown, unsure, cause, after = None, False, False, "", 0.0
    try:
        if not call.asks and not call.account.honours_keys and began - call.handed > GRACE_SECONDS / 2:
            raise Unreached("too-late")
        if call.asks:
            receipt = channel.find(str(call.letter.message_id))
            unknown = receipt is None
        else:
            receipt = channel.send(call.letter)
    except Unreached as error:
        cause, after = error.cause, error.after
    except Unsure as error:
        unsure, cause = True, error.cause
    except Exception as error:  # noqa: BLE001 - a fault of ours must not lose what is known: it may be out
        unsure, cause = True, type(error).__name__[:60]
    return Ended(
        call=call, seconds=time.monotonic() - began, receipt=receipt, unknown=unknown, unsure=unsure,
        cause=cause, after=after,
    )  # fmt: skip


def _pool(account: Account) -> ThreadPoolExecutor:
    with _lock:
        key = account.code, account.concurrency
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(account.concurrency, thread_name_prefix=account.code)
        return _pools[key]
