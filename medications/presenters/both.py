"""What somebody saw and what is there now, side by side: shown where a write came too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from medications.errors import StaleFact
from medications.presenters import words
from medications.presenters.medicines import reminder_text
from medications.types import (
    AllergyView,
    DiaryEntry,
    LineView,
    RefillView,
    ReminderView,
    Source,
    StatementView,
    Taken,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """``then`` is empty where nobody can say any more what was seen."""

    then: Sequence[str]
    now: Sequence[str]


def of_line(stale: StaleFact[LineView], *, for_patient: bool = False) -> Both:
    sources = words.SOURCE_FOR_PATIENT if for_patient else words.SOURCE
    return _both(stale, lambda line: _line(line, sources))


def of_statement(stale: StaleFact[StatementView]) -> Both:
    return _both(stale, lambda said: [_told(said.drug_text, _said(said)), said.reason_text])


def of_any(stale: StaleFact[LineView] | StaleFact[StatementView]) -> Both:
    """Of what a statement is placed by: its words changed, or what was decided about its line."""
    if isinstance(stale.current, LineView):
        return of_line(stale)
    return of_statement(stale)


def of_allergy(stale: StaleFact[AllergyView]) -> Both:
    return _both(stale, _allergy)


def of_refill(stale: StaleFact[RefillView]) -> Both:
    return _both(stale, _refill)


def of_reminder(stale: StaleFact[ReminderView]) -> Both:
    return _both(stale, lambda reminder: [reminder_text(reminder)])


def of_dose(stale: StaleFact[DiaryEntry], zone: str, *, now: datetime) -> Both:
    def dose(entry: DiaryEntry) -> list[str]:
        taken = _("Taken") if entry.taken is Taken.TAKEN else _("Left out")
        return [_told(taken, words.when(entry.noted_at, zone, now=now)), entry.note]

    return _both(stale, dose)


def _both(stale: StaleFact[T], read: Callable[[T], list[str]]) -> Both:
    then = read(stale.seen) if stale.seen is not None else []
    return Both(then=[each for each in then if each], now=[each for each in read(stale.current) if each])


def _line(line: LineView, sources: Mapping[Source, str | Promise]) -> list[str]:
    told = [_told(str(words.STATUS[line.status][0]), line.dosage_text)]
    for each in line.evidence:
        said = each.statement
        told.append(_told(str(sources[said.source]), _said(said)))
    return told


def _said(said: StatementView) -> str:
    return ", ".join(filter(None, (said.dosage.text, str(words.STATUS[said.status][0]))))


def _allergy(allergy: AllergyView) -> list[str]:
    holds = str(words.ALLERGY_STATUS.get(allergy.status, allergy.status))
    how = str(words.ALLERGY_SEVERITY.get(allergy.severity, ""))
    return [_told(allergy.substance_text, allergy.reaction_text), how, holds]


def _refill(refill: RefillView) -> list[str]:
    pharmacy = refill.pharmacy.name if refill.pharmacy else ""
    state = _told(str(words.REFILL[refill.state][0]), refill.reason)
    return [state, refill.dosage_text, refill.quantity_text, pharmacy]


def _told(what: str, how: str) -> str:
    return f"{what}: {how}" if how else what
