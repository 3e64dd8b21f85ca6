"""What the unit engine answers, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from steadwell.errors import Kind, Refusal


class Status(StrEnum):
    """How an answer came out. Only ``OK`` carries an answer."""

    OK = "ok"
    REFUSED = "refused"  # understood, and deliberately not done
    INVALID = "invalid"  # not UCUM, or not a number
    TRAP = "trap"  # valid UCUM whose meaning is most probably not the one intended
    UNKNOWN = "unknown"  # a sender's own word that nobody has explained yet


@dataclass(frozen=True, slots=True)
class Answer:
    """``answer`` is a UCUM code or a number in plain digits, and empty unless ``status`` is ok.

    ``reason`` is one English sentence or two; with ``ok`` it says what was assumed, and is mostly empty.
    ``code`` is stable and tells kinds of reasons apart, for whoever words them for another reader.
    """

    answer: str
    status: Status
    reason: str = ""
    code: str = ""

    @property
    def ok(self) -> bool:
        return self.status is Status.OK


class UnitRefused(Refusal):
    """A unit or a conversion that is not accepted; ``why`` names the kind, ``status`` how it is answered."""

    code: ClassVar[str] = "unit-refused"
    kind: ClassVar[Kind] = Kind.INVALID
    message: ClassVar[object] = "This unit cannot be used here."

    def __init__(self, message: str, *, why: str, status: Status = Status.REFUSED) -> None:
        super().__init__(message)
        self.why = why
        self.status = status

    def answer(self) -> Answer:
        return Answer("", self.status, self.text, self.why)


def invalid(message: str, *, why: str = "not-ucum") -> UnitRefused:
    return UnitRefused(message, why=why, status=Status.INVALID)
