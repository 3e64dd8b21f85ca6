"""Telling many at once: what telling each by itself would write, in as many statements as one takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import service as notifications
from notifications.models import Deferred, DemoMail, Message, PushSubscription
from notifications.service import Choice, Kind, Telling, Times
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import MessageId, PersonId, UserId, new_id
from tests.notifications.house import (
    NOW,
    STARTS,
    Somebody,
    carry,
    patient,
    person,
    proxy_of,
    visit,
)
from tests.notifications.phones import phone_of

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
DESK = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}))
_serial = count(1)


def telling(person_id: PersonId, template: str = "visit.booked", **more: Any) -> Telling:
    more.setdefault("params", visit())
    more.setdefault("key", f"together-{next(_serial)}")
    more.setdefault("about", None)
    return Telling(person_id=person_id, template=template, **more)


def one_by_one(tellings: Sequence[Telling], now: datetime) -> list[MessageId]:
    return [
        notifications.tell(
            person_id=each.person_id, template=each.template, params=each.params, key=each.key,
            about=each.about, urgency=each.urgency, attachment_ics=each.attachment_ics,
            site_id=each.site_id, only_patient=each.only_patient, now=now,
        )
        for each in tellings
    ]  # fmt: skip


def together(tellings: Sequence[Telling], now: datetime) -> list[MessageId]:
    return notifications.tell_many(tellings, now=now)


def written() -> list[list[Any]]:
    """Everything that telling writes, but for ids and tokens that are new each time."""
    messages = Message.objects.order_by("key", "channel", "reader_id").values_list(
        "key", "person_id", "reader_id", "channel", "template", "template_version", "params", "calendar",
        "language", "urgency", "about", "only_patient", "site_id", "state", "told_at", "not_before",
        "expires_at", "delivered_at", "ended_at", "cause", "notice__key",
    )  # fmt: skip
    deferred = Deferred.objects.order_by("message__key", "reader_id").values_list(
        "message__key", "reader_id", "why", "due_at"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, count(*) FROM outbox_outboxevent GROUP BY name ORDER BY name")
        events = cursor.fetchall()
        cursor.execute("SELECT queue, count(*) FROM outbox_outboxdelivery GROUP BY queue ORDER BY queue")
        deliveries = cursor.fetchall()
        cursor.execute("SELECT kind, due_at, count(*) FROM outbox_outboxdue GROUP BY 1, 2 ORDER BY 1, 2")
        due = cursor.fetchall()
        cursor.execute(
            "SELECT DISTINCT action, subject_id FROM audit_auditentry WHERE action = 'person.view' ORDER BY 2"
        )
        looks = cursor.fetchall()
    return [list(messages), list(deferred), events, deliveries, due, looks]


def undone(how: Callable[[Sequence[Telling], datetime], object], tellings: Sequence[Telling]) -> Any:
    """What it writes; afterwards none of it is there."""
    with transaction.atomic():
        how(tellings, NIGHT)
        found = written()
        transaction.set_rollback(True)
    return found


def choose(somebody: Somebody, about: PersonId | None = None, most: int = 0, **ways: bool) -> None:
    person_id = about or somebody.person_id
    actor = somebody.actor
    if about is not None:
        actor = Actor(user_id=somebody.user_id, roles=frozenset({Role.PROXY}), proxy_for=frozenset({about}))
    ways = {"email": False, "sms": False, "push": False, "digest": False} | ways
    choice = Choice(person_id=person_id, reader_id=somebody.user_id, kind=Kind.VISITS, **ways)
    times = Times(
        quiet_from=time(21), quiet_until=time(8), quiet_email=False, digest_at=time(18), most_per_day=most
    )
    notifications.choose(actor=actor, person_id=person_id, choices=[choice], offsets=[], times=times, now=NOW)


def all_sorts() -> list[PersonId]:
    """Patients who are reached in as many ways as there are."""
    plain, declined, evening, few, by_phone, by_device, parent = (patient() for _ in range(7))
    choose(declined)
    choose(evening, email=True, digest=True)
    choose(few, most=3, email=True, sms=True)
    phone_of(few)
    phone_of(by_phone)
    choose(by_phone, sms=True, email=True)
    choose(by_device, push=True)
    PushSubscription.objects.create(
        reader_id=by_device.user_id, endpoint="https://push.example/1", public_key="k", auth="a",
        created_at=NOW,
    )  # fmt: skip
    child, merged, old = person(), patient(language="es"), person()
    choose(proxy_of(child), about=child, email=True)
    choose(proxy_of(parent.person_id), about=parent.person_id, email=True)
    identity.merge(actor=DESK, survivor_id=old, duplicate_id=merged.person_id, reason="", now=NOW)
    everybody = [each.person_id for each in (plain, declined, evening, few, by_phone, by_device, parent)]
    return [*everybody, child, old, merged.person_id, person(), person(email="wren@example.org")]


def test_many_told_together_is_what_telling_each_writes() -> None:
    people = all_sorts()
    about = {person_id: new_id() for person_id in people}
    site = new_id()
    said = [
        telling(who, template, about=about[who], site_id=site, urgency=urgency, only_patient=alone)
        for template, urgency, alone in (
            ("visit.reminder", "standard", False),
            ("visit.booked", "bulk", True),
            ("visit.booked", "urgent", False),
        )
        for who in people
    ]
    moved = visit(old_starts_at=STARTS.isoformat(), starts_at=(STARTS + timedelta(days=1)).isoformat())
    said += [telling(who, "visit.moved", about=about[who], params=moved) for who in people]
    said += [telling(people[3]) for _ in range(4)]  # more than this one wants in a day
    said += [replace(said[0]), replace(said[5], about=new_id())]  # said before

    apart, at_once = undone(one_by_one, said), undone(together, said)

    for one, other in zip(apart, at_once, strict=True):
        assert other == one
    states = {row[13] for row in apart[0]}
    assert {"delivered", "due", "failed", "superseded"} <= states
    assert apart[1]
    assert {why for _, _, why, _ in apart[1]} == {"digest", "cap"}


def test_many_take_as_many_statements_as_one() -> None:
    def statements(number: int) -> int:
        said = [telling(patient().person_id, "visit.reminder", about=new_id()) for _ in range(number)]
        said += [telling(person(), "visit.reminder", about=new_id()) for _ in range(number)]
        with CaptureQueriesContext(connection) as asked:
            together(said, NOW)
        return len(asked)

    statements(1)  # what is kept between tellings is there now

    assert statements(40) == statements(1) <= 14


def test_many_answer_the_first_id_where_a_key_was_said_before() -> None:
    somebody, another = patient(), patient()
    (before,) = together([telling(somebody.person_id, key="said")], NOW)

    first, again, same = together(
        [
            telling(another.person_id, key="new"),
            telling(somebody.person_id, key="said"),
            telling(another.person_id, key="new"),
        ],
        NOW,
    )
    carry()

    assert (again, same) == (before, first)
    assert DemoMail.objects.filter(address=another.email).count() == 1
    assert Message.objects.filter(channel="in-app").count() == 2


def test_many_of_whom_one_is_nobody_tells_none() -> None:
    somebody = patient()

    with pytest.raises(NotFound):
        together([telling(somebody.person_id), telling(PersonId(new_id()))], NOW)

    assert Message.objects.count() == 0


def test_many_with_one_that_no_template_can_say_tells_none() -> None:
    somebody = patient()

    with pytest.raises(ValueError, match="missing"):
        together([telling(somebody.person_id), telling(somebody.person_id, params={})], NOW)

    assert Message.objects.count() == 0


def test_many_belong_to_the_traces_of_their_causes() -> None:
    traces = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
    awake, asleep = patient(), patient()
    phone_of(asleep)
    choose(asleep, sms=True)

    together(
        [
            telling(each.person_id, traceparent=trace)
            for each, trace in zip((awake, asleep), traces, strict=True)
        ],
        NIGHT,
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT traceparent FROM outbox_outboxevent WHERE traceparent <> ''")
        assert cursor.fetchall() == [(traces[0],)]
        cursor.execute("SELECT traceparent FROM outbox_outboxdue WHERE kind = 'notifications.due.standard'")
        assert cursor.fetchall() == [(traces[1],)]


def test_none_tells_nobody() -> None:
    assert together([], NOW) == []


@pytest.mark.django_db(transaction=True)
def test_many_raced_in_both_orders_tell_each_once() -> None:
    people = [patient() for _ in range(6)]
    said = [telling(each.person_id) for each in people]

    def run(turn: int) -> list[MessageId]:
        try:
            ids = together(said if turn % 2 else said[::-1], NOW)
            return ids if turn % 2 else ids[::-1]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(run, range(8), timeout=240))
    carry()

    assert all(each == found[0] for each in found)
    assert Message.objects.filter(channel="in-app").count() == len(people)
    assert DemoMail.objects.count() == len(people)


def test_an_audit_that_fails_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody, without = patient(), person(email="wren@example.org")

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("steadwell.audit.recording.record_many", broken)
    monkeypatch.setattr("steadwell.audit.service.record_many", broken)
    with pytest.raises(RuntimeError):
        together([telling(somebody.person_id), telling(without)], NOW)

    assert Message.objects.count() == 0
