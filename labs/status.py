"""The table of allowed moves between statuses, and their rank where two were told at the same instant. Pure.

After FHIR R4 (diagnostic-report-status, observation-status) and HL7 v2.8 tables 0085 and 0123: once a result
was final it changes only by a correction, an addition, a cancellation or by being taken back. A status that
was left blank is ``None``.
"""

from __future__ import annotations

from collections.abc import Mapping

from labs.types import Status

OPEN = frozenset({Status.REGISTERED, Status.PARTIAL, Status.PRELIMINARY})
FINAL = frozenset({Status.FINAL, Status.CORRECTED, Status.AMENDED, Status.APPENDED})
CLOSED = frozenset({Status.CANCELLED, Status.ENTERED_IN_ERROR})

_EVERYTHING = frozenset(Status)
_NOT_BACK_TO_NOTHING = _EVERYTHING - {Status.REGISTERED}

# From -> to, where the second was told later. What was closed may begin anew: a laboratory that cancelled by
# mistake must be able to bring its result.
MOVES: Mapping[Status, frozenset[Status]] = {
    Status.REGISTERED: _EVERYTHING,
    Status.PARTIAL: _NOT_BACK_TO_NOTHING,
    Status.PRELIMINARY: _NOT_BACK_TO_NOTHING,
    Status.FINAL: FINAL | CLOSED,
    Status.CORRECTED: FINAL | CLOSED,
    Status.AMENDED: FINAL | CLOSED,
    Status.APPENDED: FINAL | CLOSED,
    Status.CANCELLED: _EVERYTHING,
    Status.ENTERED_IN_ERROR: _EVERYTHING,
}

# Told at the same instant, the higher one was meant later. Blank stands after final: a laboratory that leaves
# it blank beside a final means the change of it.
RANK: Mapping[Status | None, int] = {
    Status.REGISTERED: 0,
    Status.PARTIAL: 1,
    Status.PRELIMINARY: 2,
    Status.FINAL: 3,
    None: 4,
    Status.APPENDED: 5,
    Status.AMENDED: 6,
    Status.CORRECTED: 7,
    Status.CANCELLED: 8,
    Status.ENTERED_IN_ERROR: 9,
}


def allowed(before: Status, after: Status) -> bool:
    return after in MOVES[before]
