"""What the notification tests share: patients with accounts, telling them, and carrying what was promised."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection, transaction

from notifications import service as notifications
from notifications.models import Message
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import MessageId, PersonId, UserId
from steadwell.outbox import deliveries, handover
from tests.impatient import impatient

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # before the day these tests run: retries wait by the real clock
STARTS = datetime(2027, 3, 3, 18, 30, tzinfo=UTC)
IMPORT = system("import")
PATIENCE = 60  # seconds for another thread: only so that a hang ends
_serial = count(1)


@dataclass(frozen=True)
class Somebody:
    person_id: PersonId
    user_id: UserId
    email: str

    @property
    def actor(self) -> Actor:
        return Actor(user_id=self.user_id, roles=frozenset({Role.PATIENT}), person_id=self.person_id)


def person(email: str | None = None, language: str = "en", phone: str | None = None) -> PersonId:
    """A patient of the clinic, without an account."""
    n = next(_serial)
    demographics = identity.Demographics(
        family_name=f"Canary{'abcdefghij'[n % 10]}",
        given_name="Wren",
        birth_date=date(1950, 1, 1) + timedelta(days=n),
        email=email,
        phone=phone,
        language=language,
    )
    return identity.register(
        actor=IMPORT, source="house", external_id=str(n), demographics=demographics, identifiers=(), now=NOW
    )


def person_with_phone(phone: str) -> PersonId:
    """A patient without an account whose telephone the clinic knows."""
    return person(phone=phone)


def patient(language: str = "en") -> Somebody:
    """A patient who signs in."""
    return patient_at(f"reader{next(_serial)}@example.org", language)


def patient_at(email: str, language: str = "en") -> Somebody:
    person_id = person()
    user_id = accounts.create_user(
        email=email, password=None, roles=[Role.PATIENT], person_id=person_id, language=language, now=NOW
    )
    return Somebody(person_id, user_id, email)


def proxy_of(person_id: PersonId) -> Somebody:
    email = f"proxy{next(_serial)}@example.org"
    user_id = accounts.create_user(email=email, password=None, roles=[], now=NOW)
    accounts.add_proxy(actor=IMPORT, user_id=user_id, person_id=person_id, relationship="parent", now=NOW)
    return Somebody(person_id, user_id, email)


def notice(key: str, person_id: PersonId) -> Message:
    """A notice under this key, as ``tell`` writes it."""
    return Message.objects.create(
        key=key, person_id=person_id, channel="in-app", token=key[:32], template="visit.booked",
        template_version=1, params=visit(), language="en", urgency="bulk", state="delivered", told_at=NOW,
    )  # fmt: skip


def visit(**more: str) -> dict[str, str]:
    return {"starts_at": STARTS.isoformat(), "zone": "America/Los_Angeles", "place": "Harbour Street", **more}


def tell(person_id: PersonId, key: str = "", template: str = "visit.booked", **more: Any) -> MessageId:
    more.setdefault("params", visit())
    more.setdefault("about", None)
    more.setdefault("now", NOW)
    return notifications.tell(person_id=person_id, template=template, key=key or f"k{next(_serial)}", **more)


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Another transaction does this and stays open meanwhile, longer than anybody waits for it; in the end
    nothing of it was.
    """
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with suppress(_Undone), transaction.atomic():
                work()
                held.set()
                free.wait(PATIENCE)
                raise _Undone
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(PATIENCE)
        with impatient():
            yield
    finally:
        free.set()
        holder.join(PATIENCE)
    assert not holder.is_alive()


class _Undone(Exception):
    pass


def carry(now: datetime = NOW) -> int:
    """What relay and workers do, once, in this thread: hand over what is due and run it. Answers how many."""
    ids = [i for queue in handover.claim(now=now).ids.values() for i in queue]
    for delivery_id in ids:
        deliveries.deliver(delivery_id=delivery_id, now=now)
    return len(ids)
