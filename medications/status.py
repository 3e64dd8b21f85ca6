"""One status vocabulary over all sources, and which step of a refill may follow which. Pure tables.

The target is FHIR R4's medication-statement-status. The source's own word is kept beside it; a word that is
in no table is ``unknown`` and asks for a person.
"""

from __future__ import annotations

from collections.abc import Mapping

from medications.types import RefillState, Source, Status

S = Status

# medication-statement-status itself, and medicationrequest-status (hl7.org/fhir/R4) with the nearest meaning.
_FHIR: Mapping[str, Status] = {
    "active": S.ACTIVE, "completed": S.COMPLETED, "on-hold": S.ON_HOLD, "stopped": S.STOPPED,
    "entered-in-error": S.ENTERED_IN_ERROR, "unknown": S.UNKNOWN, "not-taken": S.NOT_TAKEN,
    "intended": S.INTENDED, "draft": S.INTENDED, "cancelled": S.STOPPED,
}  # fmt: skip

_EHR_A: Mapping[str, Status] = {
    "discontinued": S.STOPPED, "d/c": S.STOPPED, "dc": S.STOPPED, "held": S.ON_HOLD, "suspended": S.ON_HOLD,
    "hold": S.ON_HOLD, "ordered": S.INTENDED, "pended": S.INTENDED, "sent": S.ACTIVE, "dispensed": S.ACTIVE,
    "verified": S.ACTIVE, "expired": S.COMPLETED, "error": S.ENTERED_IN_ERROR, "voided": S.ENTERED_IN_ERROR,
    "patient not taking": S.NOT_TAKEN,
}  # fmt: skip

# The words of HL7 v2 order control and order status (tables 0119 and 0038), as older systems send them.
_EHR_B: Mapping[str, Status] = {
    "a": S.ACTIVE, "ip": S.ACTIVE, "sc": S.INTENDED, "nw": S.ACTIVE, "cm": S.COMPLETED, "dc": S.STOPPED,
    "ca": S.STOPPED, "rp": S.STOPPED, "hd": S.ON_HOLD, "er": S.ENTERED_IN_ERROR, "oc": S.STOPPED,
    "discontinued": S.STOPPED, "current": S.ACTIVE, "inactive": S.STOPPED, "past": S.COMPLETED,
    "planned": S.INTENDED,
}  # fmt: skip

# A pharmacy's words say what may still be handed out, and that is not what is swallowed: one that has run out
# is completed, never stopped.
_PHARMACY: Mapping[str, Status] = {
    "filled": S.ACTIVE, "dispensed": S.ACTIVE, "partially filled": S.ACTIVE, "ready": S.ACTIVE,
    "refill in process": S.ACTIVE, "parked": S.ON_HOLD, "on hold": S.ON_HOLD, "expired": S.COMPLETED,
    "no refills": S.COMPLETED, "discontinued": S.STOPPED, "transferred": S.COMPLETED,
    "not filled": S.NOT_TAKEN, "returned to stock": S.NOT_TAKEN, "deleted": S.ENTERED_IN_ERROR,
}  # fmt: skip

_PATIENT: Mapping[str, Status] = {
    "taking": S.ACTIVE, "sometimes": S.ACTIVE, "paused": S.ON_HOLD, "finished": S.COMPLETED,
    "not started": S.INTENDED, "never took": S.NOT_TAKEN, "mistake": S.ENTERED_IN_ERROR,
}  # fmt: skip

WORDS: Mapping[Source, Mapping[str, Status]] = {
    Source.PATIENT: {**_FHIR, **_PATIENT},
    Source.CLINICIAN: _FHIR,
    Source.EHR_A: {**_FHIR, **_EHR_A},
    Source.EHR_B: {**_FHIR, **_EHR_B},
    Source.PHARMACY: {**_FHIR, **_PHARMACY},
}

TAKEN = frozenset({S.ACTIVE, S.ON_HOLD, S.INTENDED, S.UNKNOWN})

# allergyintolerance-clinical, with verification's entered-in-error and refuted.
ALLERGY_WORDS: Mapping[str, str] = {
    "active": "active", "inactive": "inactive", "resolved": "resolved", "refuted": "entered-in-error",
    "entered-in-error": "entered-in-error", "confirmed": "active", "unconfirmed": "active", "a": "active",
    "i": "inactive",
}  # fmt: skip


def status_of(source: Source, word: str) -> tuple[Status, bool]:
    """The status a source's word stands for, and whether the word is known. A blank one says nothing."""
    plain = " ".join(word.casefold().replace("_", "-").split())
    table = WORDS[source]
    found = table.get(plain) or table.get(plain.replace(" ", "-")) or table.get(plain.replace("-", " "))
    return (found, True) if found else (S.UNKNOWN, plain == "")


def allergy_status_of(word: str) -> tuple[str, bool]:
    plain = "-".join(word.casefold().split())
    found = ALLERGY_WORDS.get(plain)
    return (found, True) if found else ("unknown", plain == "")


R = RefillState
MOVES: Mapping[RefillState, frozenset[RefillState]] = {
    R.REQUESTED: frozenset({R.APPROVED, R.DECLINED, R.WITHDRAWN}),
    R.APPROVED: frozenset({R.SENT, R.ACCEPTED, R.FILLED, R.PHARMACY_REFUSED, R.UNANSWERED}),
    R.SENT: frozenset({R.ACCEPTED, R.FILLED, R.PHARMACY_REFUSED, R.UNANSWERED}),
    R.ACCEPTED: frozenset({R.FILLED, R.PHARMACY_REFUSED}),
    # A late answer is better than none; staff may also send it again, elsewhere, or end it.
    R.UNANSWERED: frozenset({R.ACCEPTED, R.FILLED, R.PHARMACY_REFUSED, R.APPROVED, R.DECLINED}),
    R.PHARMACY_REFUSED: frozenset({R.APPROVED, R.DECLINED}),
    R.FILLED: frozenset(),
    R.DECLINED: frozenset(),
    R.WITHDRAWN: frozenset(),
}


def may_move(old: RefillState, new: RefillState) -> bool:
    return new in MOVES[old]
