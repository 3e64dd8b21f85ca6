"""Which version each reader of the patient's side has opened last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from labs.models import Opening
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
    rows = Opening.objects.filter(user_id=actor.user_id, report_id__in=list(report_ids))
    return dict(rows.values_list("report_id", "version"))


def opened_before(report_id: UUID, version: int) -> bool:
    """Whether somebody of the patient's side had opened an earlier version, by the page or by any other way.

    The audit trail knows of every way (a print, a file, the API); an opening knows the version as well.
    """
    if Opening.objects.filter(report_id=report_id, version__lt=version).exists():
        return True
    opened = set(Opening.objects.filter(report_id=report_id).values_list("user_id", flat=True))
    viewers = audit.viewers_of(entity_id=report_id)
    return any(v.capacity in {"self", "proxy"} and v.user_id not in opened for v in viewers)
