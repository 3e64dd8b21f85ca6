"""The ledger of patient actions: done, or told that it is not; never neither, and counted in public."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from notifications import ledger, ports
from notifications import service as notifications
from notifications.models import Message, PatientAction
from notifications.service import ActionKind, Ending
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import PersonId, SiteId, UserId, new_id
from steadwell.outbox import poller
from tests.notifications.house import (
    IMPORT,
    NOW,
    Somebody,
    beside,
    carry,
    notice,
    patient,
    person,
    proxy_of,
)
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
SITE = SiteId(new_id())
SOON = timedelta(minutes=15)
LATER = NOW + timedelta(minutes=16)
MANAGER = Actor(user_id=UserId(new_id()), roles=frozenset({Role.MANAGER}), site_ids=frozenset({SITE}))


def asked(somebody: Somebody | None = None, **more: object) -> UUID:
    about = new_id()
    values = {"kind": ActionKind.REFILL, "about": about, "deadline": NOW + SOON, "now": NOW, "site_id": SITE}
    values |= {"person_id": (somebody or patient()).person_id} | more
    with transaction.atomic():
        notifications.open_action(**values)  # type: ignore[arg-type]
    return UUID(str(values["about"]))


def state(about: UUID) -> str:
    return str(PatientAction.objects.values_list("state", flat=True).get(about=about))


def test_what_ended_in_time_is_not_told_again() -> None:
    about = asked()

    notifications.close_actions(about=about, now=NOW)
    found = notifications.check_ledger(now=LATER)

    assert state(about) == "done"
    assert (found.told, found.silent) == (0, 0)
    assert Message.objects.count() == 0


def test_what_did_not_end_is_told_to_its_patient_once() -> None:
    somebody = patient()
    about = asked(somebody)

    early = notifications.check_ledger(now=NOW + SOON - timedelta(seconds=1))
    found = notifications.check_ledger(now=LATER)
    again = notifications.check_ledger(now=LATER + timedelta(minutes=1))

    assert (early.told, early.under_way) == (0, 1)
    assert (found.told, found.silent, again.told) == (1, 0, 0)
    assert state(about) == "told"
    inbox = notifications.list_inbox(actor=somebody.actor, person_id=somebody.person_id, now=LATER)
    assert [m.words.subject for m in inbox.messages] == ["Something you asked for is not done yet"]


def test_it_is_told_by_mail_to_one_who_wants_no_mail() -> None:
    somebody = patient()
    notifications.set_preferences(
        actor=somebody.actor,
        person_id=somebody.person_id,
        email=False,
        results_email=False,
        offsets=(),
        now=NOW,
    )
    asked(somebody)

    notifications.check_ledger(now=LATER)

    assert Message.objects.filter(channel="email", template="action.not-done").count() == 1


def test_one_whom_nobody_can_tell_is_counted_until_staff_settle_it() -> None:
    about = asked(person_id=PersonId(new_id()))  # a patient whom identity does not know
    other = asked()

    found = notifications.check_ledger(now=LATER)

    assert (found.told, found.silent) == (1, 1)
    assert (state(about), state(other)) == ("failed", "told")
    (row,) = PatientAction.objects.filter(about=about)
    notifications.settle_action(actor=MANAGER, action_id=row.pk, reason="Called", now=LATER)
    assert notifications.check_ledger(now=LATER + timedelta(minutes=1)).silent == 0


@pytest.mark.parametrize("ways", ["none", "account-ended"])
def test_one_whom_no_word_reaches_is_not_counted_as_told(ways: str) -> None:
    """A notice that nobody can sign in to read is no word."""
    somebody = patient()
    person_id = person() if ways == "none" else somebody.person_id
    if ways == "account-ended":
        accounts.disable_user(actor=IMPORT, user_id=somebody.user_id, now=NOW)
    about = asked(person_id=person_id)

    found = notifications.check_ledger(now=LATER)

    assert (found.told, found.silent) == (0, 1)
    assert state(about) == "failed"


def test_a_proxy_who_wants_no_mail_does_not_stand_in_for_the_patient() -> None:
    person_id = person()
    proxy_of(person_id)
    about = asked(person_id=person_id)

    assert notifications.check_ledger(now=LATER).silent == 1
    assert state(about) == "failed"


def test_when_it_was_asked_is_said_by_a_clock_that_its_reader_knows() -> None:
    before = ports.clinic()
    ports.bind_clinic(_InChicago())
    try:
        asked()
        notifications.check_ledger(now=LATER)
    finally:
        ports.bind_clinic(before)

    assert Message.objects.get(channel="in-app").params["zone"] == "America/Chicago"


class _InChicago:
    def zone_of(self, *, site_id: SiteId | None, now: datetime) -> str:
        return "America/Chicago"


@pytest.mark.django_db(transaction=True)
def test_what_a_lock_was_in_the_way_of_is_counted_and_told_next_time() -> None:
    somebody = patient()
    about = asked(somebody)
    key = f"action:{PatientAction.objects.get(about=about).pk}:0"

    with beside(lambda: notice(key, somebody.person_id)):
        meanwhile = notifications.check_ledger(now=LATER)
    found = notifications.check_ledger(now=LATER + timedelta(minutes=1))

    assert (meanwhile.told, meanwhile.silent) == (0, 1)
    assert (found.told, found.silent, state(about)) == (1, 0, "told")


def test_a_late_end_is_an_end() -> None:
    about = asked()
    notifications.check_ledger(now=LATER)

    notifications.close_actions(about=about, now=LATER)

    assert state(about) == "done"


def test_a_later_word_ends_what_was_open_before_and_nothing_after() -> None:
    about = new_id()
    for sequence in (1, 2, 3):
        asked(about=about, sequence=sequence)

    notifications.close_actions(about=about, up_to=2, now=NOW)

    states = PatientAction.objects.filter(about=about).order_by("sequence").values_list("state", flat=True)
    assert list(states) == ["done", "done", "open"]


def test_opening_twice_is_one_and_goes_with_its_transaction() -> None:
    about = asked()
    asked(about=about)
    assert PatientAction.objects.count() == 1

    def failed() -> None:
        with transaction.atomic():
            asked()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failed()
    assert PatientAction.objects.count() == 1


def test_staff_see_their_own_clinics_and_settle_with_a_reason() -> None:
    about = asked()
    notifications.check_ledger(now=LATER)
    elsewhere = Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SiteId(new_id())})
    )

    (missed,) = notifications.list_missed(actor=MANAGER, now=LATER)
    assert notifications.list_missed(actor=elsewhere, now=LATER) == []
    with pytest.raises(NotFound):
        notifications.settle_action(actor=elsewhere, action_id=missed.action_id, reason="x", now=LATER)
    with pytest.raises(Invalid):
        notifications.settle_action(actor=MANAGER, action_id=missed.action_id, reason=" ", now=LATER)
    with pytest.raises(Forbidden):
        notifications.list_missed(actor=patient().actor, now=LATER)
    notifications.settle_action(actor=MANAGER, action_id=missed.action_id, reason="Called", now=LATER)

    assert state(about) == "settled"
    with pytest.raises(notifications.ActionNotMissed):
        notifications.settle_action(actor=MANAGER, action_id=missed.action_id, reason="Again", now=LATER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry WHERE action = 'action.view-missed'")
        assert cursor.fetchone() == (1,)


def test_what_nobody_offers_to_do_again_is_not_replayed() -> None:
    asked()
    notifications.check_ledger(now=LATER)

    (missed,) = notifications.list_missed(actor=MANAGER, now=LATER)

    assert not missed.can_replay
    with pytest.raises(notifications.ActionNotMissed):
        notifications.replay_action(actor=MANAGER, action_id=missed.action_id, now=LATER)


def test_replay_opens_it_anew_and_tells_again_when_it_fails_again(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = patient()
    about = asked(somebody)
    notifications.check_ledger(now=LATER)
    tried: list[UUID] = []
    monkeypatch.setattr(ledger, "_replays", dict(ledger._replays))
    notifications.register_replay([ActionKind.REFILL], lambda thing, _sequence, _now: tried.append(thing))

    (missed,) = notifications.list_missed(actor=MANAGER, now=LATER)
    notifications.replay_action(actor=MANAGER, action_id=missed.action_id, now=LATER)

    assert tried == [about]
    assert state(about) == "open"
    found = notifications.check_ledger(now=LATER + timedelta(minutes=16))
    assert found.told == 1
    assert Message.objects.filter(channel="in-app", person_id=somebody.person_id).count() == 2


def test_an_ending_that_is_not_done_keeps_its_cause() -> None:
    about = asked()

    notifications.close_actions(about=about, ending=Ending.NOT_DONE, cause="declined", now=NOW)

    row = PatientAction.objects.get(about=about)
    assert (row.state, row.cause) == ("told", "declined")


def test_the_database_refuses_a_settlement_without_a_person() -> None:
    about = asked()

    with pytest.raises(IntegrityError), transaction.atomic():
        PatientAction.objects.filter(about=about).update(state="settled", closed_at=NOW, reason="x")


@pytest.mark.django_db(transaction=True)
def test_two_checks_and_a_late_end_at_once_tell_once_or_not_at_all() -> None:
    somebody = patient()
    abouts = [asked(somebody) for _ in range(12)]

    def work(n: int) -> None:
        try:
            if n % 3 == 2:
                for about in abouts[:6]:
                    notifications.close_actions(about=about, now=LATER)
            else:
                with transaction.atomic():
                    notifications.check_ledger(now=LATER + timedelta(seconds=n))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    notifications.check_ledger(now=LATER + timedelta(minutes=1))

    told = Message.objects.filter(channel="in-app").count()
    keys = Message.objects.filter(channel="in-app").values_list("key", flat=True).distinct().count()
    assert told == keys <= 12
    assert told >= 6
    assert set(PatientAction.objects.values_list("state", flat=True)) <= {"done", "told"}


def test_the_check_is_promised_every_minute_and_runs_as_such() -> None:
    about = asked()

    poller.keep_repeating(now=LATER)
    poller.fire(now=LATER)
    carry(LATER)

    assert state(about) == "told"
    standing = notifications.ledger_standing(now=LATER)
    assert standing is not None
    assert not standing.is_stale


def test_the_status_page_is_public_and_says_when_the_count_is_old(client: Client) -> None:
    assert "Nothing has been counted yet" in client.get("/status/").content.decode()
    asked(person_id=PersonId(new_id()))

    from steadwell import clock

    now = clock.now()
    notifications.check_ledger(now=now - timedelta(minutes=1))
    page = client.get("/status/").content.decode()
    assert "One thing that a patient asked for is neither done" in page

    PatientAction.objects.all().delete()
    notifications.check_ledger(now=now)
    assert "Nothing ended in silence" in client.get("/status/").content.decode()


def test_the_status_page_costs_one_statement(client: Client, django_assert_max_num_queries: object) -> None:
    notifications.check_ledger(now=NOW)

    with django_assert_max_num_queries(1):  # type: ignore[operator]
        page = client.get("/status/").content.decode()

    assert "older than it should be" in page


def test_staff_settle_on_the_page(client: Client) -> None:
    user_id = accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.FRONT_DESK], site_ids=[SITE], now=NOW
    )
    desk = sign_in(client, user_id)
    about = asked()
    notifications.check_ledger(now=LATER)

    page = desk.get("/clinic/missed/").content.decode()
    (action,) = re.findall(r'action="(/clinic/missed/[^"]+/settle/)"', page)
    refused = desk.post(action, {"reason": ""}, follow=True).content.decode()
    desk.post(action, {"reason": "Called"})

    assert "Wren" in page
    assert "Say how it was settled." in refused
    assert state(about) == "settled"
    assert sign_in(Client(), patient().user_id).get("/clinic/missed/").status_code == 404
