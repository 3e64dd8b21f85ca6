"""The life of a message: which moves are allowed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    DUE = "due"  # waits for its channel, or for its time
    CLAIMED = "claimed"  # a worker looks for its provider; nothing has left the house
    HANDED = "handed"  # a call has begun
    UNCERTAIN = "uncertain"  # the provider may have it: it is asked, or told again under the same key
    ACCEPTED = "accepted"  # the provider took it
    DELIVERED = "delivered"  # it lies where the reader looks
    READ = "read"
    FAILED = "failed"  # refused for good, or nowhere to send it
    EXPIRED = "expired"  # its time passed before it went out
    SUPERSEDED = "superseded"  # a newer message about the same thing took its place


_ENDS = frozenset({State.FAILED, State.EXPIRED, State.SUPERSEDED})
_TAKEN = frozenset({State.ACCEPTED, State.DELIVERED})
MOVES: Mapping[State, frozenset[State]] = {
    State.DUE: _ENDS | {State.CLAIMED, State.HANDED},
    State.CLAIMED: _ENDS | {State.DUE, State.HANDED},
    State.HANDED: _ENDS | _TAKEN | {State.DUE, State.UNCERTAIN},
    State.UNCERTAIN: _TAKEN | {State.DUE, State.HANDED, State.FAILED},
    State.ACCEPTED: frozenset({State.DELIVERED, State.READ, State.FAILED}),
    State.DELIVERED: frozenset({State.READ, State.FAILED, State.SUPERSEDED}),
    State.READ: frozenset(),
    State.FAILED: frozenset({State.DUE}),  # staff send it again
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
}

# Still on their way: what a newer message may take the place of. What may be out already is not.
UNDELIVERED = frozenset({State.DUE, State.CLAIMED, State.HANDED})


# A call has begun whose end is not known.
MAY_BE_OUT = frozenset({State.HANDED, State.UNCERTAIN})


def may_move(old: State, new: State) -> bool:
    return new in MOVES[old]
