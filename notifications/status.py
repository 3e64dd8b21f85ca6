"""The life of a message: which moves are allowed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    DUE = "due"  # waits for its channel
    HANDED = "handed"  # an attempt has begun
    ACCEPTED = "accepted"  # the provider took it
    DELIVERED = "delivered"  # it lies where the reader looks
    READ = "read"
    FAILED = "failed"  # refused for good, or nowhere to send it
    EXPIRED = "expired"  # its time passed before it went out
    SUPERSEDED = "superseded"  # a newer message about the same thing took its place


MOVES: Mapping[State, frozenset[State]] = {
    State.DUE: frozenset({State.HANDED, State.FAILED, State.EXPIRED, State.SUPERSEDED}),
    State.HANDED: frozenset({State.ACCEPTED, State.DELIVERED, State.FAILED, State.EXPIRED, State.SUPERSEDED}),
    State.ACCEPTED: frozenset({State.DELIVERED, State.READ, State.FAILED}),
    State.DELIVERED: frozenset({State.READ, State.FAILED, State.SUPERSEDED}),
    State.READ: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
}

# Still on their way: what a newer message may take the place of.
UNDELIVERED = frozenset({State.DUE, State.HANDED})


def may_move(old: State, new: State) -> bool:
    return new in MOVES[old]
