"""Which move is possible in which state, and where it leads. A pure table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from messaging.types import State


class Move(StrEnum):
    WRITE = "write"  # the patient's side
    ANSWER = "answer"
    CLOSE = "close"
    ASSIGN = "assign"


_S = State
# The patient's words are never refused for a state: after a closing they open it again. Staff may add to what
# is closed, for what was wrong is put right by a further message.
MOVES: Mapping[Move, Mapping[State, State]] = {
    Move.WRITE: {_S.WAITING: _S.WAITING, _S.ANSWERED: _S.WAITING, _S.CLOSED: _S.WAITING},
    Move.ANSWER: {_S.WAITING: _S.ANSWERED, _S.ANSWERED: _S.ANSWERED, _S.CLOSED: _S.CLOSED},
    Move.CLOSE: {_S.WAITING: _S.CLOSED, _S.ANSWERED: _S.CLOSED},
    Move.ASSIGN: {_S.WAITING: _S.WAITING, _S.ANSWERED: _S.ANSWERED},
}


def after(move: Move, state: State) -> State | None:
    """None where the move is not possible."""
    return MOVES[move].get(state)
