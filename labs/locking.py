"""All row locks of labs, in their fixed order: order number (surroundings.py), identity's own, reports."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from labs.models import Report
from steadwell.transactions import busy_when_out_of_time


def lock_reports(report_ids: Iterable[UUID]) -> dict[UUID, Report]:
    """The rows, kept still until the transaction ends, by ascending id."""
    wanted = set(report_ids)
    with busy_when_out_of_time():
        rows = Report.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
        return {row.pk: row for row in rows} if wanted else {}
