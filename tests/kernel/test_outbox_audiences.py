"""A consumer that nobody listens to is delivered nothing, and nobody who comes meanwhile misses anything."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from steadwell.events import AppointmentBooked
from steadwell.ids import new_id
from steadwell.outbox import service as outbox
from steadwell.outbox.models import OutboxDelivery

SHORT, LONG = 0.4, 60.0  # seconds: long enough to see that somebody waits; until it is a failure


def tell(now):
    event = AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1)
    return outbox.publish(event, now=now)


def consumers_of(event_id) -> set[str]:
    found = OutboxDelivery.objects.filter(event_id=event_id).values_list("consumer", flat=True)
    return {each for each in found if each in {"a", "b"}}


class Beside:
    """Work on a connection of its own; what went wrong there goes wrong here."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._wrong: list[Exception] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - told by ``end``
            self._wrong.append(error)
        finally:
            connection.close()

    @property
    def waits(self) -> bool:
        self._thread.join(SHORT)
        return self._thread.is_alive()

    def end(self) -> None:
        self._thread.join(LONG)
        assert not self._thread.is_alive()
        assert self._wrong == []


@pytest.fixture
def heard(hear):
    for consumer in "ab":
        hear(AppointmentBooked, consumer=consumer, handler=lambda event, ctx: None)


@pytest.mark.django_db
def test_publish_delivers_nothing_to_who_rests(heard, now, django_assert_num_queries):
    outbox.rest(["a"], wanted=list, now=now)
    with django_assert_num_queries(1):
        first = tell(now)
    outbox.wake(["a"], now=now)
    second = tell(now)

    assert consumers_of(first) == {"b"}
    assert consumers_of(second) == {"a", "b"}


@pytest.mark.django_db
def test_rest_leaves_those_awake_who_are_wanted(heard, now):
    outbox.rest(["a", "b"], wanted=lambda: ["b"], now=now)

    assert consumers_of(tell(now)) == {"b"}


@pytest.mark.django_db(transaction=True)
def test_wake_outside_a_transaction_is_refused(now):
    with pytest.raises(RuntimeError):
        outbox.wake(["a"], now=now)


@pytest.mark.django_db(transaction=True)
def test_a_listener_is_not_there_before_what_was_told_to_nobody(heard, now):
    """What was published while nobody listened is committed before the first listener is."""
    outbox.rest(["a"], wanted=list, now=now)

    def wake() -> None:
        with transaction.atomic():
            outbox.wake(["a"], now=now)

    with transaction.atomic():
        told = tell(now)
        listener = Beside(wake)
        assert listener.waits
    listener.end()
    with transaction.atomic():
        after = tell(now)

    assert consumers_of(told) == {"b"}
    assert consumers_of(after) == {"a", "b"}


@pytest.mark.django_db(transaction=True)
def test_what_is_told_while_a_listener_comes_is_delivered(heard, now):
    outbox.rest(["a"], wanted=list, now=now)
    told: list[object] = []

    def publish() -> None:
        with transaction.atomic():
            told.append(tell(now))

    with transaction.atomic():
        outbox.wake(["a"], now=now)
        publisher = Beside(publish)
        assert publisher.waits
    publisher.end()

    assert consumers_of(told[0]) == {"a", "b"}


@pytest.mark.django_db(transaction=True)
def test_a_listener_who_comes_while_it_is_put_to_rest_is_heard(heard, now):
    """Whoever asks who is wanted asks after the listener is there."""
    listeners: list[str] = []

    with transaction.atomic():
        outbox.wake(["a"], now=now)
        tending = Beside(lambda: outbox.rest(["a", "b"], wanted=lambda: listeners, now=now))
        assert tending.waits
        listeners.append("a")
    tending.end()
    with transaction.atomic():
        told = tell(now)

    assert consumers_of(told) == {"a"}
