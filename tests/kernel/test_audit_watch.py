"""The trail is verified once a night by a process of its own, which tells when it is broken."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from steadwell import clock
from steadwell.actor import system
from steadwell.audit import service as audit
from steadwell.audit import watching
from steadwell.observability import health, metrics

AT = time(3, 15)


class Nights:
    """Stands for the event that ends the watch: it ends after so many nights and remembers each wait."""

    def __init__(self, count: int, between=lambda: None) -> None:
        self.left, self.waits, self.between = count, [], between

    def wait(self, seconds: float) -> bool:
        self.waits.append(timedelta(seconds=seconds))
        self.left -= 1
        self.between()
        return self.left <= 0


@pytest.fixture(autouse=True)
def _no_check_stays():
    yield
    health._checks.pop("audit-trail", None)


def verified(outcome: str) -> float:
    name = "steadwell_audit_verifications_total"
    return metrics.REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0


def is_ready() -> bool:
    check = health._checks["audit-trail"]
    check.start()
    return check.answer(60)["state"] == "ok"


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        (datetime(2026, 3, 1, 3, 14, tzinfo=UTC), datetime(2026, 3, 1, 3, 15, tzinfo=UTC)),
        (datetime(2026, 3, 1, 3, 15, tzinfo=UTC), datetime(2026, 3, 2, 3, 15, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), datetime(2027, 1, 1, 3, 15, tzinfo=UTC)),
    ],
)
def test_next_run_is_the_next_time_the_clock_shows_it(now, next_at):
    assert watching.next_run(now, AT) == next_at


@pytest.mark.django_db(transaction=True)
def test_watch_verifies_at_once_and_every_night():
    nights, before = Nights(2), verified("intact")

    watching.Watch(at=AT, stop=nights).run()

    assert verified("intact") == before + 2
    assert all(timedelta() < wait <= timedelta(days=1) for wait in nights.waits)
    assert is_ready()


@pytest.mark.django_db(transaction=True)
def test_watch_tells_of_a_broken_trail_and_goes_on(owner_connection):
    now, before = clock.now() - timedelta(hours=1), verified("broken")
    audit.record(actor=system("test"), action="visit.read", category="appointment", now=now)
    audit.seal(now=clock.now())

    def change() -> None:
        owner_connection.execute("SET session_replication_role = replica")
        owner_connection.execute("UPDATE audit_auditentry SET action = 'nothing'")

    watching.Watch(at=AT, stop=Nights(3, change)).run()

    assert verified("broken") == before + 2
    assert not is_ready()
    with pytest.raises(CommandError, match="entry-changed"):
        call_command("audit", "verify")


@pytest.mark.django_db(transaction=True)
def test_watch_asks_again_soon_when_the_database_is_away(monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr(watching, "verify", away)
    nights = Nights(1)

    watching.Watch(at=AT, stop=nights).run()

    assert nights.waits[0] <= timedelta(minutes=10)
    assert is_ready()  # nobody knows that it is broken; the missing run is an alert of its own
