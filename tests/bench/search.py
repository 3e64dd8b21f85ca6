"""``bench search``: the free times of a day and of two weeks, and finding a patient among 600,000."""

from __future__ import annotations

import random
from datetime import timedelta
from urllib.parse import quote

from steadwell import clock
from tests.bench import clinic, figures, people, setting, web
from tests.bench.figures import Report

CLIENTS = (8, 1, 32)  # what is compared comes first, should time run out


def run(report: Report, *, visits: int, patients: int, seconds: float, storms: int) -> None:
    readers = web.sign_in([setting.user_id(number) for number in range(64)])
    desk = web.sign_in([setting.FRONT_DESK], staff=True)
    asked = {
        "slots": ("/visits/find/", _days(readers)),
        "slots_part": ("/visits/find/", _days(readers, part=True)),
        "slots_fortnight": ("/visits/find/", _fortnights(readers)),
        "patients": ("/clinic/book/", _people(desk[0], patients)),
    }
    with web.server() as server:
        for name, (route, requests) in asked.items():
            warm = [requests[lane:100:4] for lane in range(4)]
            figures.measure(Report("warm-up"), name, server, warm, expect=200, seconds=min(5, seconds))
            for clients in CLIENTS:
                lanes = [_endless(requests, lane, clients, seconds) for lane in range(clients)]
                figures.measure(report, name, server, lanes, expect=200, seconds=seconds)
            figures.statements(report, server, name, route, "GET")
    report.notes.append("slots is the whole page, slots_part what htmx asks for: the times alone.")
    report.notes.append("Aims: slots 3 ms CPU and 4 statements; patients 2 ms CPU.")


def _endless(requests: list[bytes], lane: int, clients: int, seconds: float) -> list[bytes]:
    own = requests[lane::clients]
    return own * (int(seconds * 1500) // max(1, len(own)) + 1)


def _days(sessions: list[str], *, part: bool = False) -> list[bytes]:
    """One clinician, one day: what the peers call the slots of a day. ``part``: only what htmx asks for."""
    today, asked = clock.now().date(), []
    for number in range(512):
        day, who = (
            today + timedelta(days=2 + number % 45),
            clinic.clinician_id(number * 7 % clinic.CLINICIANS),
        )
        path = f"/visits/find/?type={clinic.VISIT_TYPE}&on={day}&days=1&clinician={who}"
        asked.append(web.get(path, sessions[number % len(sessions)], part=part))
    return asked


def _fortnights(sessions: list[str]) -> list[bytes]:
    """What the page asks for by itself: a site, everybody there, the next two weeks."""
    return [
        web.get(
            f"/visits/find/?type={clinic.VISIT_TYPE}&site={clinic.site_id(number % clinic.SITES)}",
            sessions[number % len(sessions)],
        )
        for number in range(96)
    ]


def _people(session: str, patients: int) -> list[bytes]:
    """Telephones, names, names with a birth date, typing errors: as a front desk types them."""
    dice = random.Random("questions")
    asked = []
    for _ in range(512):
        family, given = dice.choice(people.FAMILY), dice.choice(people.GIVEN)
        text = dice.choice(
            (
                f"{dice.randrange(patients):07d}",
                family[:5],
                f"{family} {given}",
                f"{given} {family[:4]}",
                f"{family[:2]}{family[3:]}" if len(family) > 5 else family,
            )
        )
        asked.append(web.get(f"/clinic/book/?q={quote(text)}", session))
    return asked
