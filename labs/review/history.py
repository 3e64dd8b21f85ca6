"""A patient's results of several tests over time, in one look: what the day's values are compared with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs import access, viewing
from labs.models import Report, Result, ResultVersion
from labs.queries import words_of_results
from labs.types import ResultView
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import PersonId

MOST = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One value of one test on one day, of the report that it came with."""

    loinc: str
    at: datetime
    report_id: UUID
    result: ResultView


def results_over_time(
    *, actor: Actor, person_id: PersonId, loincs: Collection[str], now: datetime
) -> Sequence[Past]:
    """The newest values of these tests, newest first, of the reports that the clinician may read. What was
    taken back is not among them. Audited.
    """
    codes = [loinc for loinc in set(loincs) if loinc]
    if not codes:
        return ()
    person_ids = identity.person_ids_of(person_id)
    readable = Report.objects.filter(access.readable(actor), person_id__in=person_ids, waits="")
    found = Result.objects.filter(person_id__in=person_ids, loinc__in=codes, report__in=readable)
    found = found.exclude(status__in=["cancelled", "entered-in-error"])
    chosen = list(found.order_by("-observed_at", "-pk")[:MOST])
    words: dict[UUID, ResultVersion] = words_of_results({row.pk: row.version for row in chosen})
    audit.record(
        actor=actor, action="lab.series", category="lab", now=now, subject_id=person_id,
        detail={"tests": str(len(codes))},
    )  # fmt: skip
    return [
        Past(
            loinc=row.loinc,
            at=row.observed_at,
            report_id=row.report_id,
            result=viewing.current_view(words[row.pk], row),
        )
        for row in chosen
        if row.pk in words
    ]
