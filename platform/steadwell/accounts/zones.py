"""Whether a name is a time zone, to us and to Postgres."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import DataError, connection, transaction


def is_zone(name: str) -> bool:
    """Known to Python. Cached by it, unlike the list of all names, which reads the disk each time."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def is_zone_everywhere(name: str) -> bool:
    """Also known to Postgres, which compares a proxy's midnight on every request and would fail on each."""
    if not is_zone(name):
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT now() AT TIME ZONE %s", [name])
    except DataError:
        return False
    return True
