"""200 clients on one slot, a quarter as many connections: exactly its capacity, no 5xx, a second at most."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import psycopg

from steadwell import clock
from tests.bench import clinic, figures, limits, load, setting, web
from tests.bench.figures import Report
from tests.bench.load import Plan

CLIENTS = 200
CONNECTIONS = CLIENTS // 4
_THREADS = CONNECTIONS // web.WORKERS - 1  # one connection more than threads


def run(report: Report, *, runs: int) -> None:
    """Each run one slot that nobody has; half of the runs are for a group visit with several places."""
    with web.server(threads=_THREADS) as server:
        # What Postgres learns once per connection belongs to a start, not to a storm.
        cold = Report("cold")
        _run(cold, server, runs=2, first=runs)
        _run(report, server, runs=runs)
    report.set("storm.cold_max_ms", cold.figures.get("storm.max_ms", 0.0), 1)


def _run(report: Report, server: web.Server, *, runs: int, first: int = 0) -> None:
    sessions = web.sign_in([setting.user_id(setting.USERS - 1 - number) for number in range(CLIENTS)])
    exact = errors = broken = late = 0
    slowest = web_spent = postgres_spent = 0.0
    for number in range(first, first + runs):
        kind, capacity = (clinic.VISIT_TYPE, 1) if number % 2 else (clinic.GROUP_TYPE, clinic.GROUP_PLACES)
        clinician, starts_at = number * 4 % clinic.CLINICIANS, _far_ahead(number)
        site = clinic.site_id(clinician % clinic.SITES)
        offer = f"{kind.hex}.{clinic.clinician_id(clinician).hex}.{site.hex}.{int(starts_at.timestamp())}"
        if not limits.allows(load.PATIENCE):
            report.notes.append(f"storm: {number - first} of {runs} runs, then the bench's time was over")
            runs = number - first
            break
        lanes = [[web.post("/visits/hold/", session, f"offer={offer}")] for session in sessions]
        web_before, postgres_before = server.web_seconds(), server.postgres_seconds()
        ran = figures.run_load(Plan(server.port, lanes, load.PATIENCE))
        web_spent += server.web_seconds() - web_before
        postgres_spent += server.postgres_seconds() - postgres_before
        taken = _places_taken(starts_at, clinician, kind)
        exact += taken == capacity
        errors += sum(count for status, count in ran.statuses.items() if status >= 500)
        broken += ran.failures
        slowest = max([slowest, *ran.latencies])
        late += sum(seconds > 1 for seconds in ran.latencies)
        slow = max(ran.latencies, default=0.0) * 1000
        figures.say(f"storm {number}: {taken} of {capacity}, slowest {slow:.0f} ms, {dict(ran.statuses)}")
        if taken != capacity:
            report.notes.append(
                f"storm {number}: {taken} places taken of {capacity}, answers {dict(ran.statuses)}"
            )
    if not runs:
        return
    report.set("storm.runs", runs, 0)
    report.set("storm.clients", CLIENTS, 0)
    report.set("storm.connections", web.WORKERS * (_THREADS + 1), 0)
    report.set("storm.exact", exact, 0)
    report.set("storm.errors_5xx", errors, 0)
    report.set("storm.broken_connections", broken, 0)
    report.set("storm.over_1s", late, 0)
    report.set("storm.max_ms", slowest * 1000, 1)
    report.set("storm.web_cpu_ms", web_spent / (runs * CLIENTS) * 1000)
    report.set("storm.pg_cpu_ms", postgres_spent / (runs * CLIENTS) * 1000)
    report.notes.append(f"storm: capacity 1 and {clinic.GROUP_PLACES} in turn.")


def _far_ahead(number: int) -> datetime:
    """A time of day in the hours of everybody, on a weekday after the generated future."""
    day = clock.now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=63)
    day += timedelta(days=(7 - day.weekday()) % 7 + number % 5)
    return day + timedelta(minutes=30 * (number // 5))


def _places_taken(starts_at: datetime, clinician: int, kind: object) -> int:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM scheduling_hold WHERE starts_at = %s AND practitioner_id = %s"
            " AND visit_type_id = %s AND expires_at > now()",
            [starts_at, clinic.clinician_id(clinician), kind],
        ).fetchone()
    assert row
    return int(row[0])
