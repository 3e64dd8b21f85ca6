"""A refill's rows to what readers get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from medications import checking
from medications.models import Pharmacy, Refill, RefillStep, SafetyCheck
from medications.types import CheckView, PharmacyView, RefillState, RefillStepView, RefillView
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId


def pharmacy(row: Pharmacy) -> PharmacyView:
    return PharmacyView(pharmacy_id=row.pk, name=row.name, phone=row.phone, ncpdp_id=row.ncpdp_id)


def refill(row: Refill, *, steps: Sequence[RefillStep] = (), check: CheckView | None = None) -> RefillView:
    """``row`` with its pharmacy selected."""
    return RefillView(
        refill_id=row.pk, version=row.version, person_id=PersonId(row.person_id), line_id=row.line_id,
        statement_id=row.statement_id, site_id=SiteId(row.site_id), name=row.name,
        dosage_text=row.dosage_text, quantity_text=row.quantity_text, state=RefillState(row.state),
        reason=row.reason, note=row.note, pharmacy=pharmacy(row.pharmacy) if row.pharmacy else None,
        requested_at=row.requested_at,
        requested_by=UserId(row.requested_by) if row.requested_by else None, decided_at=row.decided_at,
        decided_by=PractitionerId(row.decided_by) if row.decided_by else None, sent_at=row.sent_at,
        answered_at=row.answered_at, due_at=row.due_at, attempts=row.attempts, check=check,
        steps=tuple(_step(each) for each in steps),
    )  # fmt: skip


def many(rows: Iterable[Refill]) -> tuple[RefillView, ...]:
    return tuple(refill(row) for row in rows)


def with_steps(row: Refill) -> RefillView:
    """Three statements: its steps, and the newest check with its reasons."""
    steps = list(RefillStep.objects.filter(refill_id=row.pk).order_by("number"))
    return refill(row, steps=steps, check=kept_check(row.pk))


def as_seen(row: Refill, version: int) -> RefillView | None:
    """The refill as it stood at one of its versions; None for one that never was."""
    steps = list(RefillStep.objects.filter(refill_id=row.pk, number__lte=version).order_by("number"))
    if not 1 <= version == len(steps):
        return None
    last, moves = steps[-1], [each for each in steps if each.step in _STATES]
    chosen = Pharmacy.objects.filter(pk=last.pharmacy_id).first() if last.pharmacy_id else row.pharmacy
    decided = [each for each in steps if each.step in _DECIDED]
    return replace(
        refill(row, steps=steps), version=version, state=RefillState(moves[-1].step),
        dosage_text=last.dosage_text or row.dosage_text,
        quantity_text=last.quantity_text or (row.quantity_text if not last.dosage_text else ""),
        pharmacy=pharmacy(chosen) if chosen else None, reason=decided[-1].reason if decided else "",
        decided_at=decided[-1].at if decided else None, decided_by=None,
        sent_at=None, answered_at=None, due_at=None, attempts=last.attempt,
    )  # fmt: skip


_STATES = frozenset(state.value for state in RefillState)
_DECIDED = frozenset({RefillState.APPROVED.value, RefillState.DECLINED.value})


def kept_check(about: UUID) -> CheckView | None:
    rows = list(SafetyCheck.objects.filter(about=about).order_by("-at")[:1])
    return checking.kept(rows)[0] if rows else None


def _step(row: RefillStep) -> RefillStepView:
    return RefillStepView(
        number=row.number, step=row.step, at=row.at, by=UserId(row.by_id) if row.by_id else None,
        role=row.role, reason=row.reason, attempt=row.attempt,
    )  # fmt: skip
