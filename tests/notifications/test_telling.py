"""Telling: once per key, to whom it concerns, by the channels they chose, and never silently to nobody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from notifications import service as notifications
from notifications.models import Attempt, DemoMail, Message
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, NotFound
from steadwell.identity import service as identity
from steadwell.ids import SiteId, UserId, new_id
from steadwell.outbox import deliveries, handover
from tests.notifications.house import NOW, STARTS, carry, patient, person, proxy_of, tell, visit

pytestmark = pytest.mark.django_db
SITE = SiteId(new_id())
DESK = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SITE}))


def mails(address: str = "") -> list[DemoMail]:
    return list(DemoMail.objects.filter(**({"address": address} if address else {})).order_by("id"))


def test_tell_reaches_the_inbox_at_once_and_the_mailbox_when_carried() -> None:
    somebody = patient()

    tell(somebody.person_id, attachment_ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")

    inbox = notifications.list_inbox(actor=somebody.actor, person_id=somebody.person_id, now=NOW)
    assert [m.words.subject for m in inbox.messages] == ["Your visit on Wednesday, March 3, 2027 is booked"]
    assert inbox.messages[0].has_calendar
    assert mails() == []
    carry()
    (mail,) = mails(somebody.email)
    assert "Wednesday, March 3, 2027 at 10:30 a.m., Pacific time" in mail.text
    assert mail.calendar.startswith("BEGIN:VCALENDAR")


def test_tell_repeated_tells_nobody_again() -> None:
    somebody = patient()
    first = tell(somebody.person_id, key="visit-1-v1")

    again = tell(somebody.person_id, key="visit-1-v1")
    carry()
    carry(NOW + timedelta(minutes=1))

    assert again == first
    assert len(mails()) == 1
    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_tell_raced_by_twenty_threads_makes_one() -> None:
    somebody = patient()

    def one(_: int) -> object:
        try:
            return tell(somebody.person_id, key="raced")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        ids = set(threads.map(one, range(20)))
    carry()

    assert len(ids) == 1
    assert len(mails()) == 1


def test_tell_goes_with_the_callers_transaction() -> None:
    somebody = patient()

    def booked_and_failed() -> None:
        with transaction.atomic():
            tell(somebody.person_id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        booked_and_failed()

    assert carry() == 0
    assert Message.objects.count() == 0


def test_tell_writes_no_name_and_no_contact_into_events() -> None:
    somebody = patient()

    tell(somebody.person_id)

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(payload::text, '') FROM outbox_outboxevent")
        (text,) = cursor.fetchone()
    assert somebody.email not in text
    assert str(somebody.person_id) not in text


@pytest.mark.parametrize(
    ("urgency", "queue"),
    [
        ("urgent", "notifications.urgent"),
        ("standard", "notifications.standard"),
        ("bulk", "notifications.bulk"),
    ],
)
def test_tell_uses_the_lane_of_its_urgency(urgency: str, queue: str) -> None:
    tell(patient().person_id, urgency=urgency)

    assert list(handover.claim(now=NOW).ids) == [queue]


def test_tell_in_the_readers_language() -> None:
    somebody = patient(language="es")

    tell(somebody.person_id)
    carry()

    assert mails()[0].subject == "Su cita del miércoles, 3 de marzo de 2027 está reservada"


def test_tell_a_patient_without_an_account_uses_the_clinics_address() -> None:
    tell(person(email="wren@example.org", language="es"))
    carry()

    assert [m.address for m in mails()] == ["wren@example.org"]
    assert mails()[0].subject.startswith("Su cita")


def test_tell_somebody_who_cannot_be_reached_shows_to_staff_and_stops_nobody() -> None:
    nowhere, somebody = person(), patient()

    for person_id in (nowhere, somebody.person_id):
        tell(person_id, site_id=SITE)
    carry()

    assert len(mails(somebody.email)) == 1
    (untold,) = notifications.list_untold(actor=DESK, now=NOW)
    assert (untold.person_id, untold.cause) == (nowhere, "no-address")
    notifications.settle_untold(actor=DESK, message_id=untold.message_id, now=NOW)
    assert notifications.list_untold(actor=DESK, now=NOW) == []


def test_untold_is_for_staff() -> None:
    with pytest.raises(Forbidden):
        notifications.list_untold(actor=patient().actor, now=NOW)


def test_untold_is_for_the_staff_of_its_site() -> None:
    def staff(role: Role, *site_ids: SiteId) -> Actor:
        return Actor(user_id=UserId(new_id()), roles=frozenset({role}), site_ids=frozenset(site_ids))

    def seen(actor: Actor) -> set[object]:
        return {u.person_id for u in notifications.list_untold(actor=actor, now=NOW)}

    other = SiteId(new_id())
    here, there, nowhere = person(), person(), person()
    for person_id, site_id in ((here, SITE), (there, other), (nowhere, None)):
        tell(person_id, site_id=site_id)

    assert seen(DESK) == {here}
    assert seen(staff(Role.FRONT_DESK)) == set()
    assert seen(staff(Role.CLINICIAN, SITE, other)) == {here, there}
    assert seen(staff(Role.MANAGER, other)) == {there, nowhere}
    assert seen(staff(Role.ADMINISTRATOR)) == {here, there, nowhere}

    (theirs,) = notifications.list_untold(actor=staff(Role.FRONT_DESK, other), now=NOW)
    with pytest.raises(NotFound):
        notifications.settle_untold(actor=DESK, message_id=theirs.message_id, now=NOW)
    assert there in seen(staff(Role.ADMINISTRATOR))
    notifications.settle_untold(actor=staff(Role.MANAGER, other), message_id=theirs.message_id, now=NOW)
    assert seen(staff(Role.ADMINISTRATOR)) == {here, nowhere}


@pytest.mark.django_db(transaction=True)
def test_without_its_audit_nothing_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    tell(person(), site_id=SITE)
    (untold,) = notifications.list_untold(actor=DESK, now=NOW)

    def refuse(**_: object) -> None:
        raise audit.AuditUnavailable

    monkeypatch.setattr(audit, "record", refuse)
    with pytest.raises(audit.AuditUnavailable):
        notifications.settle_untold(actor=DESK, message_id=untold.message_id, now=NOW)

    assert Message.objects.get(pk=untold.message_id).settled_at is None


def test_tell_a_proxy_only_where_chosen() -> None:
    somebody = patient()
    other = proxy_of(somebody.person_id)
    proxy = Actor(
        user_id=other.user_id, roles=frozenset({Role.PROXY}), proxy_for=frozenset({somebody.person_id})
    )
    tell(somebody.person_id)
    carry()
    assert {m.address for m in mails()} == {somebody.email}

    notifications.set_preferences(
        actor=proxy, person_id=somebody.person_id, email=True, offsets=notifications.OFFSETS, now=NOW
    )
    tell(somebody.person_id)
    carry()

    assert [m.address for m in mails()].count(other.email) == 1
    assert len(mails()) == 3


def test_tell_one_who_wants_no_mail_is_in_the_inbox_only() -> None:
    somebody = patient()
    notifications.set_preferences(
        actor=somebody.actor, person_id=somebody.person_id, email=False, offsets=[], now=NOW
    )

    tell(somebody.person_id)
    carry()

    assert mails() == []
    assert notifications.unread_count(somebody.actor, [somebody.person_id]) == 1
    assert notifications.wants(somebody.person_id, notifications.Kind.VISITS) is False
    assert notifications.reminder_offsets(somebody.person_id) == []
    assert notifications.list_untold(actor=DESK, now=NOW) == []


def test_a_newer_message_supersedes_what_is_on_its_way() -> None:
    somebody, about = patient(), new_id()
    tell(somebody.person_id, template="visit.reminder", about=about)
    later = (STARTS + timedelta(days=1)).isoformat()

    tell(
        somebody.person_id, template="visit.moved", about=about,
        params=visit(old_starts_at=STARTS.isoformat(), starts_at=later),
    )  # fmt: skip
    carry()

    assert [m.subject for m in mails()] == ["Your visit is now on Thursday, March 4, 2027"]
    inbox = notifications.list_inbox(actor=somebody.actor, person_id=somebody.person_id, now=NOW)
    assert [m.words.subject for m in inbox.messages] == ["Your visit is now on Thursday, March 4, 2027"]


def test_a_reminder_after_the_visit_is_not_sent() -> None:
    somebody = patient()
    tell(somebody.person_id, template="visit.reminder")

    carry(STARTS + timedelta(minutes=1))

    assert mails() == []
    assert Message.objects.get(channel="email").state == "expired"


def test_a_crash_between_effect_and_mark_sends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = patient()
    tell(somebody.person_id)
    (delivery_id,) = handover.claim(now=NOW).ids["notifications.standard"]

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    # The worker dies after it wrote the mail and before its promise is marked kept: both are gone.
    monkeypatch.setattr("notifications.carrying.carrier.settle", crash)
    with pytest.raises(KeyboardInterrupt):
        deliveries.deliver(delivery_id=delivery_id, now=NOW)
    monkeypatch.undo()
    assert mails() == []

    handover.reclaim(now=NOW + timedelta(hours=1))
    carry(NOW + timedelta(hours=1))
    carry(NOW + timedelta(hours=2))

    assert len(mails()) == 1
    assert Message.objects.get(channel="email").state == "delivered"


def test_a_message_handed_over_twice_is_sent_once() -> None:
    somebody = patient()
    tell(somebody.person_id)
    (delivery_id,) = handover.claim(now=NOW).ids["notifications.standard"]

    for _ in range(3):
        deliveries.deliver(delivery_id=delivery_id, now=NOW)

    assert len(mails()) == 1
    assert list(Attempt.objects.values_list("step", flat=True).order_by("id")) == ["began", "accepted"]


def test_a_merged_person_reads_what_was_told_under_either_id() -> None:
    somebody, old = patient(), person()
    identity.merge(actor=DESK, survivor_id=old, duplicate_id=somebody.person_id, reason="", now=NOW)

    tell(old)
    carry()

    assert len(mails(somebody.email)) == 1
    assert notifications.unread_count(somebody.actor, [somebody.person_id]) == 1


def test_tell_takes_few_statements(django_assert_max_num_queries: Any) -> None:
    somebody = patient()

    with django_assert_max_num_queries(10):  # savepoint and its release included
        tell(somebody.person_id)


@pytest.mark.parametrize(
    ("template", "params"),
    [
        ("visit.nothing", visit()),
        ("visit.booked", {}),
        ("visit.booked", visit(diagnosis="x")),
        ("visit.booked", visit(starts_at="2027-03-03T18:30:00")),
        ("visit.booked", visit(path="//evil.example")),
        ("visit.moved", visit()),
    ],
)
def test_tell_fails_loudly_on_what_no_template_can_say(template: str, params: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        tell(patient().person_id, template=template, params=params)
