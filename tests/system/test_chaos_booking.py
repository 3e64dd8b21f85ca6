"""The whole house under people who book, while its processes are killed, frozen and flushed at random."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from booking_over_http import Visitors
from django.test import Client
from killing import House, wait_until
from signing_in import sign_in

from notifications.models import DemoMail, Message
from scheduling.models import Appointment
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.outbox.models import OutboxDelivery
from tests.ports import free_port

sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))
import small_clinic

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]

CLINICIANS, PATIENTS, DAYS, BOOKINGS, FROZEN = 5, 25, 6, 500, 20
QUEUES = ("notifications.urgent", "notifications.standard", "notifications.retry", "default")


@pytest.fixture
def wishes():
    """Sessions and offers: no two the same time for one patient, none for two patients."""
    now = clock.now()
    site = small_clinic.site(time_zone="UTC")
    kind = small_clinic.visit_type(site, resource_kinds=["consulting-room"])
    clinicians = [small_clinic.clinician(site, hours=((8, 18),)) for _ in range(CLINICIANS)]
    for _ in range(CLINICIANS):
        small_clinic.room(site)
    sessions = []
    for number in range(PATIENTS):
        user = make_patient(number, now)
        sessions.append(sign_in(Client(), user).session.session_key)
    offers = [
        small_clinic.offer(kind, clinician, site, start).text
        for day in range(2, 2 + DAYS)
        for start in _starts((now + timedelta(days=day)).date())
        for clinician in clinicians
    ]
    return [(sessions[n % PATIENTS], offer) for n, offer in enumerate(offers[: BOOKINGS + FROZEN])]


def make_patient(number, now):
    person_id = identity.register(
        actor=system("import"),
        source="clinic",
        external_id=f"p{number}",
        demographics=identity.Demographics(
            family_name="Person", given_name=f"Number{number}", birth_date=date(1980, 1, 1), sex="unknown"
        ),
        identifiers=(),
        now=now,
    )
    return accounts.create_user(
        email=f"patient{number}@example.org", password=None, roles=(), person_id=person_id, now=now
    )


def _starts(day):
    first = datetime.combine(day, wall_time(8), tzinfo=UTC)
    return [first + timedelta(minutes=30 * n) for n in range(20)]


@pytest.fixture
def house():
    with tempfile.TemporaryDirectory(prefix="sw-chaos-") as folder:
        house = House(Path(folder))
        house.valkey.start()
        try:
            yield house
        finally:
            house.close()


def start_web(house):
    port = free_port()
    house.env["WEB_BIND"] = f"127.0.0.1:{port}"
    web = house.process(
        "web", "-m", "gunicorn", "-c", "python:steadwell.config.web", "--timeout", "120",
        "steadwell.config.wsgi",
    ).start()  # fmt: skip
    return web, port


def finish(house):
    """Until every promise about a visit is kept, with the supervisor's help."""

    def finished():
        house.revive()
        left = OutboxDelivery.objects.filter(state__in=["waiting", "handed", "running"], queue__in=QUEUES)
        return not left.exists()

    wait_until(finished, seconds=900, what="every promise is kept")


def test_every_booking_is_kept_and_confirmed_once_whatever_dies(house, wishes):
    rng = random.Random()
    web, port = start_web(house)
    workers = [house.worker(*QUEUES, name=f"worker{n}").start() for n in (1, 2)]
    relay, poller = house.relay().start(), house.poller().start()

    # Booking does not wait for Valkey: it is frozen, and visits are booked all the same.
    house.valkey.freeze()
    Visitors(port, wishes[:FROZEN]).start(1)[0].join(600)
    assert Appointment.objects.count() == FROZEN
    house.valkey.thaw()

    visitors = Visitors(port, wishes[FROZEN:])
    browsers = visitors.start(4, pause=0.05)
    troubles = []
    while any(browser.is_alive() for browser in browsers):
        troubles.append(trouble(rng, house, web, port, [*workers, relay, poller]))
        time.sleep(rng.uniform(0.3, 1.5))
    finish(house)

    assert visitors.faults == [], errors_of(web)
    assert len(visitors.confirmed) == len(set(visitors.confirmed)) == BOOKINGS, troubles
    kept = set(Appointment.objects.filter(status="booked").values_list("pk", flat=True))
    assert set(visitors.confirmed) <= kept
    assert len(kept) == BOOKINGS + FROZEN
    assert told(kept, channel="in-app") == dict.fromkeys(kept, 1), troubles
    assert told(kept, channel="email", state="delivered") == dict.fromkeys(kept, 1), troubles
    assert DemoMail.objects.filter(message__template="visit.booked").count() == len(kept)
    assert not OutboxDelivery.objects.filter(state="quarantined").exists()


def errors_of(process):
    return [line for line in process.log.splitlines() if "level=error" in line or "Error" in line][-5:]


def told(kept, **fields):
    """How many confirmations each visit has."""
    counts = dict.fromkeys(kept, 0)
    for about in Message.objects.filter(template="visit.booked", **fields).values_list("about", flat=True):
        counts[about] += 1
    return counts


def trouble(rng, house, web, port, others):
    kinds = ["kill", "freeze", "kill web", "freeze web", "flush", "freeze valkey", "kill valkey"]
    what, victim = rng.choice(kinds), rng.choice(others)
    if what == "flush":
        house.valkey.flush()
    elif what == "kill valkey":
        house.valkey.kill()
        time.sleep(0.3)
    elif what.startswith("kill"):
        (web if what.endswith("web") else victim).kill()
    else:
        frozen = {"freeze valkey": house.valkey, "freeze web": web}.get(what, victim)
        frozen.freeze()
        time.sleep(rng.uniform(0.3, 2.5))
        frozen.thaw()
    house.revive()
    if what == "kill web":
        # However slow the machine is, it is up for a while before it is killed again: else nobody gets on.
        wait_until(lambda: answers(port), seconds=300, what="the web is back")
    return what


def answers(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/healthz/live")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
