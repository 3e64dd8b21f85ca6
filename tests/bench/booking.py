"""``bench booking``: holding and booking through gunicorn, the raw transaction beside it, and the storm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg

from steadwell import clock
from tests.bench import clinic, figures, ids, prepare, raw, setting, storm, web
from tests.bench.clinic import FreeSlot
from tests.bench.figures import Report

CLIENTS = (8, 1, 32)  # what is compared comes first, should time run out
AIMS = "Aims: 5 ms CPU and 8 statements, 400/s and p99 40 ms at 8 clients."


@dataclass(frozen=True, slots=True)
class Wish:
    """One patient, signed in, and a free time that suits them."""

    user: int
    session: str
    slot: FreeSlot

    @property
    def offer(self) -> str:
        kind, site = clinic.VISIT_TYPE, clinic.site_id(self.slot.clinician % clinic.SITES)
        who, at = clinic.clinician_id(self.slot.clinician), int(self.slot.starts_at.timestamp())
        return f"{kind.hex}.{who.hex}.{site.hex}.{at}"

    def hold(self) -> bytes:
        return web.post("/visits/hold/", self.session, f"offer={self.offer}")


def run(report: Report, *, visits: int, patients: int, seconds: float, storms: int) -> None:
    for number, clients in enumerate(CLIENTS):
        raw.measure(report, clients=clients, seconds=max(2, int(seconds)), patients=patients, run=number)
    wishes = _wishes(visits=visits, patients=patients)
    with web.server() as server:
        warm = list(islice(wishes, 200))
        _hold_and_book(Report("warm-up"), server, warm, clients=4, seconds=seconds)
        for clients in CLIENTS:
            enough = int(seconds * 600) + clients
            _hold_and_book(report, server, list(islice(wishes, enough)), clients=clients, seconds=seconds)
        figures.statements(report, server, "hold", "/visits/hold/", "POST")
        figures.statements(report, server, "book", "/visits/hold/<uuid:hold_id>/", "POST")
    storm.run(report, runs=storms)
    _compare(report.figures)
    report.notes += [
        AIMS,
        "hold and book are one POST each, as in the browser; the peers' one request compares with their sum,"
        " which is journey.",
        "raw is the whole write in one round trip, without a hold and without web: 100 %.",
    ]


def _compare(known: dict[str, float]) -> None:
    """Figures made of others, where those were measured."""
    if "raw.cpu_ms" in known and "book.cpu_ms" in known:
        known["book.times_raw"] = round(known["book.cpu_ms"] / known["raw.cpu_ms"], 2)
        known["book.pg_times_raw"] = round(known["book.pg_cpu_ms"] / known["raw.cpu_ms"], 2)
    if "hold.cpu_ms" in known and "book.cpu_ms" in known:
        known["journey.cpu_ms"] = round(known["hold.cpu_ms"] + known["book.cpu_ms"], 3)


def _wishes(*, visits: int, patients: int) -> Iterator[Wish]:
    """Every user once, each with a time that nobody has and that the patient has free."""
    days, today = clinic.days_for(visits, prepare.filled_on()), clock.now().date()
    slots = clinic.free_slots(days, today)
    numbers = list(range(setting.USERS))
    sessions = web.sign_in([setting.user_id(number) for number in numbers])
    busy = _busy_patients(patients)
    for number, session in zip(numbers, sessions, strict=True):
        slot = next(slots)
        while slot.starts_at in busy.get(number, ()):
            slot = next(slots)
        yield Wish(number, session, slot)


def _busy_patients(patients: int) -> dict[int, set[Any]]:
    every = patients // setting.USERS
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT u.id, a.starts_at FROM accounts_user u"
            " JOIN scheduling_appointment a ON a.person_id = u.person_id WHERE a.starts_at > now()"
        ).fetchall()
    busy: dict[int, set[Any]] = {}
    for user_id, starts_at in rows:
        busy.setdefault(ids.number_of(user_id), set()).add(starts_at)
    assert every
    return busy


def _hold_and_book(
    report: Report, server: web.Server, wishes: list[Wish], *, clients: int, seconds: float
) -> None:
    """The same people hold first and book then, each step measured by itself."""
    lanes = [[wish.hold() for wish in wishes[lane::clients]] for lane in range(clients)]
    figures.measure(report, "hold", server, lanes, expect=302, seconds=seconds)
    held = _holds()
    books = [
        web.post(
            f"/visits/hold/{held[wish.user]}/",
            wish.session,
            f"request_key=bench-{held[wish.user]}&note=",
        )
        for wish in wishes
        if wish.user in held
    ]
    figures.measure(
        report, "book", server, [books[lane::clients] for lane in range(clients)], expect=302, seconds=seconds
    )


def _holds() -> dict[int, str]:
    """User number -> live hold."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT held_by, id FROM scheduling_hold WHERE expires_at > now()"
        ).fetchall()
    return {ids.number_of(held_by): str(hold_id) for held_by, hold_id in rows}
