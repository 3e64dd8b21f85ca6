"""Beside the list: the results of each report at which a clinician looks first, for a page at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs import viewing
from labs.models import ResultVersion
from labs.review.inbox import Line
from labs.types import ResultView, Status
from steadwell.actor import Actor
from steadwell.audit import service as audit

SHOWN = 5
# Of each report what is far out first, then what is out of range, then in the laboratory's order.
_FIRST = """
SELECT v.*, chosen.status AS status_now, chosen.total FROM (
    SELECT r.id, r.version, r.report_id, r.status, count(*) OVER of_report AS total, row_number() OVER (
        PARTITION BY r.report_id
        ORDER BY CASE WHEN r.flag IN ('HH', 'LL', 'AA') THEN 0
                      WHEN r.flag IN ('H', 'L', 'A') THEN 1 ELSE 2 END,
                 w.position
    ) AS place
    FROM labs_result r
    JOIN labs_resultversion w ON w.entity_id = r.id AND w.version = r.version
    WHERE r.report_id = ANY(%(reports)s) AND r.status NOT IN ('cancelled', 'entered-in-error')
      AND w.parent_key = ''
    WINDOW of_report AS (PARTITION BY r.report_id)
) chosen
JOIN labs_resultversion v ON v.entity_id = chosen.id AND v.version = chosen.version
WHERE chosen.place <= %(shown)s ORDER BY chosen.report_id, chosen.place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The first results of a report, and how many it has besides."""

    results: Sequence[ResultView]
    more: int


def glances(
    lines: Collection[Line], *, actor: Actor, now: datetime, shown: int = SHOWN
) -> dict[UUID, Glance]:
    """The first results of each line's report. Two statements; each report is audited as seen."""
    wanted = {line.report_id: line for line in lines}
    if not wanted:
        return {}
    rows: dict[UUID, list[ResultVersion]] = {}
    for row in ResultVersion.objects.raw(_FIRST, {"reports": list(wanted), "shown": shown}):
        rows.setdefault(row.report_id, []).append(row)
    audit.record_many(
        [
            audit.Entry(
                action="lab.inbox", category="lab", subject_id=line.person_id, entity_id=line.report_id,
                detail={"version": str(line.version)},
            )
            for line in wanted.values()
        ],
        actor=actor,
        now=now,
    )  # fmt: skip
    return {report_id: _glance(found) for report_id, found in rows.items()}


def _glance(rows: Sequence[ResultVersion]) -> Glance:
    results = [
        viewing.result_view(row, None, status=Status(row.status_now))  # type: ignore[attr-defined]
        for row in rows
    ]
    total: int = rows[0].total  # type: ignore[attr-defined]
    return Glance(results=results, more=total - len(results))
