"""A refill in its states, as its patient and as its clinic sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from medications.presenters import words
from medications.presenters.directions import How, how
from medications.types import RefillState, RefillView
from steadwell.ids import PersonId

# Where a refill stands on its way; what else may happen stands in words beside it.
_WAY = (
    (pgettext_lazy("refill", "Asked for"), {RefillState.REQUESTED}),
    (_lazy("Approved"), {RefillState.APPROVED}),
    (
        _lazy("With the pharmacy"),
        {
            RefillState.SENT,
            RefillState.ACCEPTED,
            RefillState.UNANSWERED,
            RefillState.PHARMACY_REFUSED,
        },
    ),
    (_lazy("Ready"), {RefillState.FILLED}),
)
_STEPS: Mapping[str, str | Promise] = {
    **{state.value: text for state, (text, _tone) in words.REFILL.items()},
    "changed": _lazy("Changed by the clinic"),
    "handed": _lazy("Handed to the pharmacy's network"),
    "retried": _lazy("Sent again"),
    "duplicate": _lazy("The pharmacy answered twice"),
    "late": _lazy("The pharmacy answered late"),
    "not-reached": _lazy("The pharmacy's network could not be reached"),
    "unknown": _lazy("Somebody else answered, which does not count"),
}
# A step's reason is what a person wrote, or one of our own codes.
_REASONS: Mapping[str, str | Promise] = {
    "no-answer": _lazy("No answer came in time."),
    "sent-again": _lazy("The clinic sent it again."),
    "order-stopped": _lazy("The medicine was stopped meanwhile, so it was not sent."),
    "late": _lazy("It came after the time for an answer was over."),
} | dict.fromkeys(
    ("Status", "Error", "RxFill", "no-connection", "breaker-open", "failed-there",
     "refused-there", "not-understood", "no-such-network"),
    "",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    what: str
    at: str
    iso: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``way`` with ``stands`` (from 1) is how far it is; 0 when it ended otherwise."""

    refill_id: UUID
    version: int
    line_id: UUID
    name: str
    how: How
    quantity: str
    state: str
    tone: str
    lead: str
    reason: str
    note: str
    pharmacy: str
    phone: str
    way: tuple[str, ...]
    stands: int
    steps: tuple[Step, ...]
    may_withdraw: bool
    asked: str


def page(refill: RefillView, zone: str, *, now: datetime) -> Page:
    text, tone = words.REFILL[refill.state]
    stands = next((n for n, (_t, states) in enumerate(_WAY, start=1) if refill.state in states), 0)
    return Page(
        refill_id=refill.refill_id,
        version=refill.version,
        line_id=refill.line_id,
        name=words.medicine(refill.name),
        how=how(refill.dosage_text),
        quantity=refill.quantity_text,
        state=str(text),
        tone=tone,
        lead=str(words.REFILL_LEAD[refill.state]),
        reason=refill.reason,
        note=refill.note,
        pharmacy=refill.pharmacy.name if refill.pharmacy else "",
        phone=refill.pharmacy.phone if refill.pharmacy else "",
        way=tuple(str(label) for label, _states in _WAY),
        stands=stands,
        steps=tuple(
            Step(
                what=str(_STEPS.get(step.step, step.step)),
                at=words.when(step.at, zone, now=now),
                iso=step.at.isoformat(),
                reason=str(_REASONS.get(step.reason, step.reason)),
            )
            for step in refill.steps
        ),
        may_withdraw=refill.state is RefillState.REQUESTED,
        asked=words.when(refill.requested_at, zone, now=now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    refill_id: UUID
    name: str
    patient: str
    how: str
    state: str
    tone: str
    since: str
    iso: str
    note: str
    needs_clinic: bool  # the pharmacy refused or is silent


_NEEDS_CLINIC = frozenset({RefillState.UNANSWERED, RefillState.PHARMACY_REFUSED})


def queue(
    refills: Sequence[RefillView], names: Mapping[PersonId, str], zone: str, *, now: datetime
) -> list[QueueRow]:
    """What got stuck first, then by how long it waits."""
    ordered = sorted(refills, key=lambda each: (each.state not in _NEEDS_CLINIC, each.requested_at))
    return [
        QueueRow(
            refill_id=each.refill_id,
            name=words.medicine(each.name),
            patient=names.get(each.person_id, _("Patient")),
            how=each.dosage_text,
            state=str(words.REFILL[each.state][0]),
            tone=words.REFILL[each.state][1],
            since=words.when(each.requested_at, zone, now=now),
            iso=each.requested_at.isoformat(),
            note=each.note,
            needs_clinic=each.state in _NEEDS_CLINIC,
        )
        for each in ordered
    ]
