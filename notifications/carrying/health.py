"""How providers are doing, as all workers together see it: windows of one second in Postgres.

A breaker opens when in the last three seconds at least five calls went wrong and no fewer than went well, or
when in ten seconds three went wrong and none well; by slowness (three slow calls in ten seconds, of late no
fewer than taken ones) only while another provider is well. It opens too when what was accepted is not
reported delivered, while the other's is. Every few seconds one message tries it; then its share grows again
over ten seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from notifications.carrying.accounts import all_accounts
from notifications.types import Account

LOOK_SECONDS = 0.5  # how old the picture of a process may be
PROBE_SECONDS = 5
RAMP_SECONDS = 10
KEPT_SECONDS = 24 * 3600
SLOW_SECONDS = 2.5  # a call that takes longer counts against its provider before it has ended

_SEEN = """
seen AS (
    SELECT w.provider_id AS code,
        coalesce(sum(w.failed) FILTER (WHERE w.second > %(second)s - 3), 0) AS failed_now,
        coalesce(sum(w.slow) FILTER (WHERE w.second > %(second)s - 3), 0) AS slow_now,
        coalesce(sum(w.passed) FILTER (WHERE w.second > %(second)s - 3), 0) AS passed_now,
        sum(w.failed) AS failed, sum(w.passed) AS passed, sum(w.slow) AS slow
    FROM notifications_providerwindow w JOIN notifications_provideraccount a ON a.code = w.provider_id
    WHERE w.second > %(second)s - 10 AND w.second > extract(epoch FROM coalesce(a.changed_at, 'epoch'))
    GROUP BY w.provider_id
), told AS (
    SELECT a.code, a.channel, sum(w.passed) AS passed, sum(w.reported) AS reported
    FROM notifications_providerwindow w JOIN notifications_provideraccount a ON a.code = w.provider_id
    JOIN unnest(%(reporting)s::text[], %(within)s::int[]) AS promise (code, seconds) ON promise.code = a.code
    WHERE w.second BETWEEN %(second)s - promise.seconds - 6 AND %(second)s - promise.seconds - 1
      AND w.second > extract(epoch FROM coalesce(a.changed_at, 'epoch'))
    GROUP BY a.code, a.channel
)
"""
_LOOK = f"""
WITH {_SEEN}, wrong AS (
    SELECT a.code, CASE
        WHEN seen.failed_now >= 5 AND seen.failed_now >= seen.passed_now THEN 'failing'
        WHEN seen.failed >= 3 AND seen.passed = 0 THEN 'failing'
        WHEN seen.slow >= 3 AND seen.slow_now >= greatest(1, seen.passed_now) THEN 'slow'
        WHEN told.passed >= 5 AND told.reported * 5 < told.passed AND EXISTS (
            SELECT FROM told other WHERE other.channel = a.channel AND other.code <> a.code
            AND other.passed > 0 AND other.reported * 5 >= other.passed) THEN 'silent'
        END AS cause
    FROM notifications_provideraccount a
    LEFT JOIN seen ON seen.code = a.code LEFT JOIN told ON told.code = a.code
    WHERE a.breaker = 'closed'
), opened AS (
    UPDATE notifications_provideraccount a SET breaker = 'open', cause = wrong.cause, changed_at = %(now)s,
        probe_at = %(now)s + interval '1 second' * %(probe)s * (0.8 + random() * 0.4)
    FROM wrong WHERE wrong.code = a.code AND wrong.cause IS NOT NULL AND a.breaker = 'closed'
      AND (wrong.cause <> 'slow' OR EXISTS (
          SELECT FROM notifications_provideraccount other LEFT JOIN wrong also ON also.code = other.code
          WHERE other.channel = a.channel AND other.code <> a.code AND other.breaker = 'closed'
            AND other.switch = 'auto' AND also.cause IS NULL))
    RETURNING a.code, a.cause, a.probe_at
), noted AS (
    INSERT INTO notifications_providerchange (provider_id, what, cause, at)
    SELECT code, 'opened', cause, %(now)s FROM opened
)
SELECT a.code, a.channel, a.weight, a.switch, CASE WHEN opened.code IS NULL THEN a.breaker ELSE 'open' END,
    coalesce(opened.cause, a.cause), CASE WHEN opened.code IS NULL THEN a.changed_at ELSE %(now)s END,
    coalesce(opened.probe_at, a.probe_at)
FROM notifications_provideraccount a LEFT JOIN opened ON opened.code = a.code
"""  # noqa: S608 - constants only
_KNOW = """
INSERT INTO notifications_provideraccount (code, channel, weight, switch, reason, breaker, cause)
SELECT code, channel, weight, 'auto', '', 'closed', ''
FROM unnest(%s::text[], %s::text[], %s::int[]) AS account (code, channel, weight)
ON CONFLICT (code) DO NOTHING
"""
_NOTE = """
INSERT INTO notifications_providerwindow AS w (provider_id, second, passed, failed, slow, milliseconds)
SELECT code, %s, passed, failed, slow, milliseconds
FROM unnest(%s::text[], %s::int[], %s::int[], %s::int[], %s::bigint[])
    AS seen (code, passed, failed, slow, milliseconds)
ORDER BY code
ON CONFLICT (provider_id, second) DO UPDATE SET passed = w.passed + excluded.passed,
    failed = w.failed + excluded.failed, slow = w.slow + excluded.slow,
    milliseconds = w.milliseconds + excluded.milliseconds
"""
# The row's lock puts those who ask in line; nobody is granted more than what is left of the second.
_GRANT = """
INSERT INTO notifications_providerwindow AS w (provider_id, second, granted, last_grant)
VALUES (%(code)s, %(second)s, least(%(wanted)s, %(limit)s), least(%(wanted)s, %(limit)s))
ON CONFLICT (provider_id, second) DO UPDATE SET
    last_grant = greatest(0, least(%(wanted)s, %(limit)s - w.granted)),
    granted = w.granted + greatest(0, least(%(wanted)s, %(limit)s - w.granted))
RETURNING last_grant
"""
_PROBE = """
UPDATE notifications_provideraccount SET breaker = 'probing', probe_at = %(again)s
WHERE code = %(code)s AND breaker <> 'closed' AND probe_at <= %(now)s AND switch = 'auto'
"""
# Silence ends by a report, anything else by an answer.
_CLOSE = """
WITH closed AS (
    UPDATE notifications_provideraccount SET breaker = 'closed', cause = '', changed_at = %(now)s,
        probe_at = NULL
    WHERE code = %(code)s AND breaker <> 'closed' AND (cause = 'silent') = %(reported)s RETURNING code
)
INSERT INTO notifications_providerchange (provider_id, what, cause, at)
SELECT code, 'closed', '', %(now)s FROM closed
"""
_PRUNE = "DELETE FROM notifications_providerwindow WHERE second < %s"
_REPORTED = """
INSERT INTO notifications_providerwindow AS w (provider_id, second, reported) VALUES (%s, %s, 1)
ON CONFLICT (provider_id, second) DO UPDATE SET reported = w.reported + 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One provider as it stands now."""

    account: Account
    weight: int
    is_off: bool
    breaker: str
    cause: str
    changed_at: datetime | None
    probe_at: datetime | None

    def share(self, now: datetime) -> float:
        """Its weight; after it came back it grows from a tenth."""
        if self.changed_at is None:
            return float(self.weight)
        age = (now - self.changed_at).total_seconds() / RAMP_SECONDS
        return self.weight * min(1.0, max(0.1, age))


@dataclass(slots=True, kw_only=True)
class Seen:
    """What one batch saw of one provider."""

    passed: int = 0
    failed: int = 0
    slow: int = 0
    milliseconds: int = 0


_lock = threading.Lock()
_picture: tuple[float, object, Sequence[Standing]] = (0.0, None, ())


def standings(*, now: datetime) -> Sequence[Standing]:
    """All providers of the settings. At most LOOK_SECONDS old; looking also opens breakers."""
    global _picture
    accounts = all_accounts()
    with _lock:
        looked, of, found = _picture
        if of is accounts and time.monotonic() - looked < LOOK_SECONDS:
            return found
        if of is accounts and found:
            _picture = time.monotonic(), of, found  # the others go on with the old one while this one looks
    made = _look(accounts, now)
    with _lock:
        _picture = time.monotonic(), accounts, made
    return made


def forget() -> None:
    """Look again at the next question: something has just gone wrong, or somebody switched."""
    global _picture
    with _lock:
        _picture = 0.0, None, ()


def _look(accounts: Mapping[str, Account], now: datetime) -> list[Standing]:
    reporting = [each for each in accounts.values() if each.report_seconds]
    values: dict[str, Any] = {
        "now": now, "second": int(now.timestamp()), "probe": PROBE_SECONDS,
        "reporting": [each.code for each in reporting], "within": [each.report_seconds for each in reporting],
    }  # fmt: skip
    rows = _rows(values)
    if not accounts.keys() <= rows.keys():
        _know(accounts)
        rows = _rows(values)
    return [
        Standing(
            account=account, weight=rows[code][2], is_off=rows[code][3] == "off", breaker=rows[code][4],
            cause=rows[code][5], changed_at=rows[code][6], probe_at=rows[code][7],
        )
        for code, account in accounts.items()
    ]  # fmt: skip


def _rows(values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, values)
        return {row[0]: row for row in cursor.fetchall()}


def _know(accounts: Mapping[str, Account]) -> None:
    ordered = sorted(accounts.values(), key=lambda each: each.code)
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOW,
            [
                [each.code for each in ordered],
                [each.channel for each in ordered],
                [each.weight for each in ordered],
            ],
        )


def note(seen: Mapping[str, Seen], *, now: datetime) -> None:
    """Add what was seen to this second. When something went wrong the next question looks anew."""
    if not seen:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            [
                int(now.timestamp()), list(seen), [each.passed for each in seen.values()],
                [each.failed for each in seen.values()], [each.slow for each in seen.values()],
                [each.milliseconds for each in seen.values()],
            ],
        )  # fmt: skip
    if any(each.failed or each.slow for each in seen.values()):
        forget()


def grant(code: str, *, wanted: int, limit: int, now: datetime) -> int:
    """How many calls may begin in this second."""
    values: dict[str, Any] = {"code": code, "wanted": wanted, "limit": limit, "second": int(now.timestamp())}
    with connection.cursor() as cursor:
        cursor.execute(_GRANT, values)
        return int(cursor.fetchone()[0])


def take_probe(code: str, *, now: datetime, again: datetime) -> bool:
    """Whether this caller is the one whose message tries a provider that is left alone."""
    with connection.cursor() as cursor:
        cursor.execute(_PROBE, {"code": code, "now": now, "again": again})
        return bool(cursor.rowcount)


def close(codes: Iterable[str], *, now: datetime, reported: bool = False) -> None:
    """They answered, or reported, while they were left alone: they take messages again."""
    for code in codes:
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, {"code": code, "now": now, "reported": reported})
        forget()


def prune(*, now: datetime) -> int:
    """Forget seconds that nobody looks at any more. Answers how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, [int(now.timestamp()) - KEPT_SECONDS])
        return int(cursor.rowcount)


def note_report(code: str, *, accepted_at: datetime) -> None:
    """A delivery was reported: it counts for the second in which the message was accepted."""
    with connection.cursor() as cursor:
        cursor.execute(_REPORTED, [code, int(accepted_at.timestamp())])
