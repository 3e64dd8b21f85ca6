"""The life of a visit: one pure table of allowed moves. Status codes are FHIR R4's Appointment.status.

``in-progress`` is the one code of our own: FHIR says it on the Encounter; the facade shows it as ``arrived``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from steadwell.actor import STAFF_ROLES, Role


class Status(StrEnum):
    PENDING = "pending"  # requested; holds its time until the clinic says yes or no
    BOOKED = "booked"
    CHECKED_IN = "checked-in"  # the paper work is done, often from home
    ARRIVED = "arrived"
    IN_PROGRESS = "in-progress"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"


class Move(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    LAPSE = "lapse"  # nobody answered in time
    RESCHEDULE = "reschedule"
    # Another time, asked for at a clinic that approves first; the visit keeps its own until then.
    ASK_MOVE = "ask-move"
    APPROVE_MOVE = "approve-move"
    DECLINE_MOVE = "decline-move"
    WITHDRAW_MOVE = "withdraw-move"
    LAPSE_MOVE = "lapse-move"
    CANCEL = "cancel"
    CHECK_IN = "check-in"
    ARRIVE = "arrive"
    START = "start"
    COMPLETE = "complete"
    NO_SHOW = "no-show"
    MARK_ERROR = "mark-error"


# A visit in one of these takes time in somebody's day; the others have given it back.
TAKES_TIME = frozenset({Status.PENDING, Status.BOOKED, Status.CHECKED_IN, Status.ARRIVED, Status.IN_PROGRESS})
# What has yet to happen: what caps count and what a clinician's illness touches.
AHEAD = frozenset({Status.PENDING, Status.BOOKED, Status.CHECKED_IN})

# What is decided about a requested move; shown only where there is one, and never as a step of the visit.
ABOUT_A_MOVE = frozenset(
    {Move.ASK_MOVE, Move.APPROVE_MOVE, Move.DECLINE_MOVE, Move.WITHDRAW_MOVE, Move.LAPSE_MOVE}
)

_DESK = frozenset({Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR, Role.SYSTEM})
_CARE = frozenset({Role.CLINICIAN, Role.MANAGER, Role.ADMINISTRATOR, Role.SYSTEM})
_STAFF = STAFF_ROLES | {Role.SYSTEM}
_LEADS = frozenset({Role.MANAGER, Role.ADMINISTRATOR, Role.SYSTEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """From where a move may start, where it leads, which staff may make it, and whether the patient may."""

    sources: frozenset[Status]
    target: Status | None  # None: the status stays
    staff: frozenset[Role]
    patient: bool = False


MOVES: Mapping[Move, Rule] = {
    Move.APPROVE: Rule(sources=frozenset({Status.PENDING}), target=Status.BOOKED, staff=_STAFF),
    Move.DECLINE: Rule(sources=frozenset({Status.PENDING}), target=Status.CANCELLED, staff=_STAFF),
    Move.LAPSE: Rule(
        sources=frozenset({Status.PENDING}), target=Status.CANCELLED, staff=frozenset({Role.SYSTEM})
    ),
    Move.RESCHEDULE: Rule(
        sources=frozenset({Status.PENDING, Status.BOOKED}), target=None, staff=_STAFF, patient=True
    ),
    Move.ASK_MOVE: Rule(sources=frozenset({Status.BOOKED}), target=None, staff=frozenset(), patient=True),
    Move.APPROVE_MOVE: Rule(sources=frozenset({Status.BOOKED}), target=None, staff=_STAFF),
    Move.DECLINE_MOVE: Rule(sources=frozenset({Status.BOOKED}), target=None, staff=_STAFF),
    Move.WITHDRAW_MOVE: Rule(
        sources=frozenset({Status.BOOKED}), target=None, staff=frozenset(), patient=True
    ),
    Move.LAPSE_MOVE: Rule(sources=frozenset({Status.BOOKED}), target=None, staff=frozenset({Role.SYSTEM})),
    Move.CANCEL: Rule(
        sources=frozenset({Status.PENDING, Status.BOOKED, Status.CHECKED_IN, Status.ARRIVED}),
        target=Status.CANCELLED,
        staff=_STAFF,
        patient=True,
    ),
    Move.CHECK_IN: Rule(
        sources=frozenset({Status.BOOKED}), target=Status.CHECKED_IN, staff=_STAFF, patient=True
    ),
    # A patient who was written off and then stands at the desk is simply late.
    Move.ARRIVE: Rule(
        sources=frozenset({Status.BOOKED, Status.CHECKED_IN, Status.NOSHOW}),
        target=Status.ARRIVED,
        staff=_STAFF,
    ),
    Move.START: Rule(
        sources=frozenset({Status.BOOKED, Status.CHECKED_IN, Status.ARRIVED}),
        target=Status.IN_PROGRESS,
        staff=_CARE,
    ),
    Move.COMPLETE: Rule(
        sources=frozenset({Status.ARRIVED, Status.IN_PROGRESS}), target=Status.FULFILLED, staff=_CARE
    ),
    Move.NO_SHOW: Rule(
        sources=frozenset({Status.BOOKED, Status.CHECKED_IN}), target=Status.NOSHOW, staff=_STAFF
    ),
    Move.MARK_ERROR: Rule(
        sources=frozenset(Status) - {Status.ENTERED_IN_ERROR}, target=Status.ENTERED_IN_ERROR, staff=_LEADS
    ),
}


def is_ahead(status: Status, *, starts_at: datetime, now: datetime) -> bool:
    """A visit that somebody still counts on: whoever ends it tells the patient."""
    return status in AHEAD and starts_at > now


def allowed(move: Move, *, status: Status, roles: frozenset[Role], patient_side: bool) -> bool:
    """Whether the table lets someone make a move. ``patient_side``: they are the patient or stand for
    them.
    """
    rule = MOVES[move]
    if status not in rule.sources:
        return False
    return bool(rule.staff & roles) or (rule.patient and patient_side)


def possible(*, status: Status, roles: frozenset[Role], patient_side: bool) -> frozenset[Move]:
    """Every move the table allows now. Times and lead-time rules are checked by the move itself."""
    return frozenset(
        move for move in Move if allowed(move, status=status, roles=roles, patient_side=patient_side)
    )
