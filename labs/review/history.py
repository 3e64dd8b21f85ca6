"""A patient's results of several tests over time, in one look: what the day's values are compared with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.expressions import RawSQL

from labs import access, viewing
from labs.models import Report, Result, ResultVersion
from labs.types import ResultView
from steadwell.actor import Actor
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


def results_over_time(*, actor: Actor, person_id: PersonId, loincs: Collection[str]) -> Sequence[Past]:
    """The newest values of these tests, newest first, of the reports that the clinician may read. What was
    taken back is not among them. One statement. The caller records the look.
    """
    codes = sorted({loinc for loinc in loincs if loinc})
    if not codes:
        return ()
    theirs = RawSQL(f"SELECT unnest({identity.same_sql('%s::uuid')})", [person_id] * 2)  # noqa: S611 - an id
    readable = Report.objects.filter(access.readable(actor), person_id__in=theirs, waits="")
    found = Result.objects.filter(person_id__in=theirs, loinc__in=codes, report__in=readable)
    found = found.exclude(status__in=["cancelled", "entered-in-error"]).order_by("-observed_at", "-pk")
    chosen, values = found.values(
        "id", "version", "observed_at", "status", "reason", "corrected", "previous_version"
    )[:MOST].query.sql_with_params()
    rows = ResultVersion.objects.raw(
        "SELECT v.*, chosen.observed_at, chosen.status, chosen.reason AS why, chosen.corrected,"  # noqa: S608
        f" chosen.previous_version FROM ({chosen}) chosen JOIN labs_resultversion v"
        " ON v.entity_id = chosen.id AND v.version = chosen.version"
        " ORDER BY chosen.observed_at DESC, chosen.id DESC",
        values,
    )
    return [_past(row) for row in rows]


def _past(row: Any) -> Past:
    """From the words of a result, with the columns of what counts beside them."""
    now = Result(
        status=row.status, reason=row.why, corrected=row.corrected, previous_version=row.previous_version
    )
    return Past(
        loinc=row.loinc,
        at=row.observed_at,
        report_id=row.report_id,
        result=viewing.current_view(row, now),
    )
