"""One line per clinical drug, its evidence, and what is decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from medications.types.allergies import AllergyView
from medications.types.statements import StatementView, Status
from steadwell.ids import PersonId, PractitionerId


class LineState(StrEnum):
    AGREED = "agreed"  # the sources say the same
    CONFLICT = "conflict"  # dose, frequency or status differ
    AMBIGUOUS = "ambiguous"  # which drug is not certain
    DECIDED = "decided"  # a person decided on just this evidence


OPEN_STATES = frozenset({LineState.CONFLICT, LineState.AMBIGUOUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What the sources disagree about: ``dose``, ``frequency`` or ``status``, with each one's words."""

    what: str
    said: tuple[tuple[UUID, str], ...]  # statement, its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A statement within its line. ``is_new``: it came or changed after the last decision."""

    statement: StatementView
    is_new: bool


class Outcome(StrEnum):
    """What a clinician decided about a line, or about a statement's drug."""

    SETTLED = "settled"  # this is what is taken: status and dosage
    PLACED = "placed"  # this statement is that drug
    APART = "apart"  # this statement is not the drug it might be taken for
    REVERTED = "reverted"  # the decision before does not stand any more


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One clinical drug of a patient with its evidence. ``revision`` grows with every change of evidence or
    decision: a writer states the one they saw. ``possible`` are lines that this one may be the same as.
    """

    line_id: UUID
    revision: int
    person_id: PersonId
    name: str
    rxcui: str
    ingredients: tuple[str, ...]
    state: LineState
    status: Status
    dosage_text: str
    evidence: tuple[Evidence, ...]
    conflicts: tuple[Conflict, ...]
    possible: tuple[UUID, ...]
    decision_version: int  # 0: nobody decided
    decided_at: datetime | None
    decided_by: PractitionerId | None
    decision_reason: str
    reopened: bool  # somebody decided, and the evidence changed since
    changed_at: datetime

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_current(self) -> bool:
        """Whether the patient takes it, as far as anybody knows."""
        return self.status in {Status.ACTIVE, Status.ON_HOLD, Status.INTENDED, Status.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """That a statement, as it was seen, means a drug. ``seen_decision`` is its ``decision_version``."""

    statement_id: UUID
    seen_version: int
    seen_decision: int
    rxcui: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineList:
    """A patient's medicines and allergies: current lines first, each group by name."""

    person_id: PersonId
    revision: int
    lines: tuple[LineView, ...]
    allergies: tuple[AllergyView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One thing in a clinic's queue: a line to reconcile or a statement not understood."""

    line_id: UUID
    person_id: PersonId
    name: str
    state: LineState
    what: tuple[str, ...]  # the conflicts' names, or why it was not understood
    since: datetime
    reopened: bool
