"""When people were last seen: for invitations of the clinic."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from scheduling.status import Status
from steadwell.ids import PersonId, SiteId, VisitTypeId

_LAST = """
SELECT person_id, max(starts_at) FROM scheduling_appointment
WHERE person_id = ANY(%(ids)s) AND status = %(status)s AND starts_at <= %(now)s
  AND (%(kind)s::uuid IS NULL OR visit_type_id = %(kind)s)
  AND (%(site)s::uuid IS NULL OR site_id = %(site)s)
GROUP BY person_id
"""


def list_last_visits(
    *,
    person_ids: Collection[PersonId],
    now: datetime,
    visit_type_id: VisitTypeId | None = None,
    site_id: SiteId | None = None,
) -> Mapping[PersonId, datetime]:
    """When each was last seen: of one type of visit, at one site, or at all. Only visits that took place
    count; who never came is left out. By the ids given, so ask for merged ones too. One statement.
    """
    values: dict[str, Any] = {
        "ids": list(person_ids), "status": Status.FULFILLED.value, "now": now, "kind": visit_type_id,
        "site": site_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LAST, values)
        return {PersonId(person_id): at for person_id, at in cursor.fetchall()}
