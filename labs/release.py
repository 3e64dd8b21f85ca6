"""What patients may see, and when."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from labs import status
from labs.models import Report
from steadwell.actor import Actor


def is_released(report: Report, actor: Actor, now: datetime) -> bool:
    """Whether the patient's side may see it: once it is settled final (or taken back)."""
    return not report.waits and report.status in status.FINAL | status.CLOSED


def released(actor: Actor, now: datetime) -> Q:
    """The same as a condition on reports, for lists."""
    return Q(waits="", status__in=[each.value for each in status.FINAL | status.CLOSED])
