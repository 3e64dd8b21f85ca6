"""What the API wrote down for a moment is forgotten: claims of conditions, minutes of clients, launches."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import connection

from steadwell.outbox import service as outbox

BATCH: Final = 5_000
MOST_BATCHES: Final = 40  # of one table in one run; what is left over comes next time
# A claim is held for one transaction, a minute is counted for a minute: an hour is long after both.
_OLD: Final = timedelta(hours=1)
_TABLES: Final = (
    ("fhir_facade_conditionclaim", "taken_at"),
    ("fhir_facade_clientwindow", "started_at"),
    ("fhir_facade_launch", "made_at"),
)
# Rows that somebody holds at this moment are not old, whatever they say.
_FORGET = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM {table} WHERE {at} < %s LIMIT %s FOR UPDATE SKIP LOCKED
))
"""


def tidy(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    before = ctx.now - _OLD
    with connection.cursor() as cursor:
        for table, at in _TABLES:
            for _ in range(MOST_BATCHES):
                cursor.execute(_FORGET.format(table=table, at=at), [before, BATCH])
                if cursor.rowcount < BATCH:
                    break
