"""Counts tries at a door in Postgres, so that every process and every parallel try counts.

allauth's own limits count in the cache, which is one per process here, and read before they write. One upsert
counts atomically and costs less than the page it protects.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

_TAKE = """
INSERT INTO accounts_throttle AS t (door, key, window_started_at, used)
VALUES (%(door)s, %(key)s, %(now)s, 1)
ON CONFLICT (door, key) DO UPDATE SET
  used = CASE WHEN t.window_started_at > %(now)s - %(window)s THEN t.used + 1 ELSE 1 END,
  window_started_at = CASE WHEN t.window_started_at > %(now)s - %(window)s
                           THEN t.window_started_at ELSE %(now)s END
RETURNING used, window_started_at
"""


def keyed_digest(value: str) -> bytes:
    """Addresses of people and machines are counted under a digest that only this installation can make."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"accounts:" + value.encode(), hashlib.sha256)


def take(*, door: str, key: str, uses: int, window: timedelta, now: datetime) -> timedelta | None:
    """Count one try. None: go ahead. Otherwise how long until the window ends."""
    values: dict[str, Any] = {"door": door, "key": keyed_digest(key), "now": now, "window": window}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        used: int
        started_at: datetime
        used, started_at = cursor.fetchone()
    if used <= uses:
        return None
    return max(started_at + window - now, timedelta(seconds=1))


def clear_passed(*, now: datetime) -> None:
    """Forget windows that cannot matter any more; the longest is a day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM accounts_throttle WHERE window_started_at < %s", [now - timedelta(days=2)]
        )
