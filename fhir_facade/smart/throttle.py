"""How much a client may ask: counted in Postgres, so that every process counts together.

By the statement that finds whose token it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
# Its own transaction, which does not wait for the disk: a client's requests take one row after the other, and
# a count that a crash forgets is worth no wait.
COUNTING = """
WITH grants AS ({grants}), taken AS (
  INSERT INTO fhir_facade_clientwindow AS w (client_id, started_at, used)
  SELECT client_id, %(now)s, 1 FROM grants
  ON CONFLICT (client_id) DO UPDATE SET
    used = CASE WHEN w.started_at > %(now)s - %(window)s THEN w.used + 1 ELSE 1 END,
    started_at = CASE WHEN w.started_at > %(now)s - %(window)s THEN w.started_at ELSE %(now)s END
  RETURNING used, started_at
)
SELECT grants.*, taken.used, taken.started_at, set_config('synchronous_commit', 'off', true)
FROM grants, taken
"""


def wait(used: int, started_at: datetime, *, per_minute: int, now: datetime) -> timedelta | None:
    """None: go ahead. Otherwise how long until the minute ends."""
    if used <= per_minute:
        return None
    left: timedelta = started_at + WINDOW - now
    return max(left, timedelta(seconds=1))
