"""How much a client may ask: counted in Postgres, so that every process counts together. One statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from steadwell import prepared

WINDOW = timedelta(minutes=1)
_TAKE = """
INSERT INTO fhir_facade_clientwindow AS w (client_id, started_at, used) VALUES (%(client)s, %(now)s, 1)
ON CONFLICT (client_id) DO UPDATE SET
  used = CASE WHEN w.started_at > %(now)s - %(window)s THEN w.used + 1 ELSE 1 END,
  started_at = CASE WHEN w.started_at > %(now)s - %(window)s THEN w.started_at ELSE %(now)s END
RETURNING used, started_at
"""


def take(*, client_id: str, per_minute: int, now: datetime) -> timedelta | None:
    """Count one request. None: go ahead. Otherwise how long until the minute ends."""
    values: dict[str, Any] = {"client": client_id, "now": now, "window": WINDOW}
    with prepared.cursor() as cursor:
        cursor.execute(_TAKE, values)
        used, started_at = cursor.fetchone()
    if used <= per_minute:
        return None
    left: timedelta = started_at + WINDOW - now
    return max(left, timedelta(seconds=1))
