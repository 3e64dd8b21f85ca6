"""Which version each reader of the patient's side has opened last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from labs.models import Opening, ReportVersion
from steadwell.actor import Actor
from steadwell.audit import service as audit

_NOTE = """
INSERT INTO labs_opening (report_id, user_id, version, opened_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (report_id, user_id) DO UPDATE SET version = excluded.version, opened_at = excluded.opened_at
WHERE labs_opening.version < excluded.version
"""


def note(*, actor: Actor, report_id: UUID, version: int, now: datetime) -> None:
    """The reader has this version before them."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [report_id, actor.user_id, version, now])


def versions(*, actor: Actor, report_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """The version that this reader opened last, of each report they opened."""
    if actor.user_id is None:
        return {}
    rows = Opening.objects.filter(user_id=actor.user_id, report_id__in=list(report_ids))
    return dict(rows.values_list("report_id", "version"))


def opened_before(report_id: UUID, version: int) -> bool:
    """Whether somebody of the patient's side had seen it before this version came: by the page or any other
    way (a print, a file, the API). The audit trail knows.
    """
    came = ReportVersion.objects.filter(entity_id=report_id, version=version)
    before = came.values_list("recorded_at", flat=True).first()
    viewers = audit.viewers_of(entity_id=report_id, before=before)
    return any(viewer.capacity in {"self", "proxy"} for viewer in viewers)
