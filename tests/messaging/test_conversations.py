"""What is written and answered, and what the patient is owed for it, until it is closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from conversation_house import ANSWER, NOW, QUESTION, House, audited, key, owed, told
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from messaging import metrics
from messaging import service as messaging
from messaging.models import Conversation, Entry, Reading
from messaging.service import Side, State, Step, Subject
from notifications import service as notifications
from scheduling import models as scheduling_models
from steadwell.audit.errors import AuditUnavailable
from steadwell.errors import Invalid, RequestKeyReused
from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def test_a_question_is_answered_and_the_promise_kept(house):
    view = house.started()
    assert (view.state, view.version, view.waiting_since) == (State.WAITING, 1, NOW)
    assert owed() == ["open"]

    answered = house.answered(view, now=NOW + timedelta(hours=3))

    assert (answered.state, answered.waiting_since, answered.answer_by) == (State.ANSWERED, None, None)
    assert [(e.side, e.text) for e in answered.entries] == [
        (Side.PATIENT, QUESTION), (Side.CARE_TEAM, ANSWER),
    ]  # fmt: skip
    assert owed() == ["done"]
    assert told(view.conversation_id) == ["conversation.answered"]


def test_what_is_told_says_nothing_of_what_was_written(house):
    view = house.answered(house.started())

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(m)::text FROM notifications_message m WHERE about = %s",
            [view.conversation_id],
        )
        rows = "".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT string_agg(row_to_json(e)::text, '') FROM outbox_outboxevent e")
        events = cursor.fetchone()[0] or ""
        cursor.execute("SELECT string_agg(row_to_json(a)::text, '') FROM audit_auditentry a")
        entries = cursor.fetchone()[0]
    assert f"/conversations/{view.conversation_id}/" in rows
    for said in (QUESTION, ANSWER, "medicines"):
        assert said not in rows + events + entries


@pytest.mark.parametrize(
    ("written", "promised"),
    [
        (datetime(2026, 3, 2, 15, 0, tzinfo=UTC), date(2026, 3, 4)),  # a Monday
        (datetime(2026, 3, 3, 3, 30, tzinfo=UTC), date(2026, 3, 4)),  # still Monday evening in New York
        (datetime(2026, 3, 5, 15, 0, tzinfo=UTC), date(2026, 3, 9)),  # Thursday, over the weekend
        (datetime(2026, 3, 7, 15, 0, tzinfo=UTC), date(2026, 3, 10)),  # Saturday; the clocks change on Sunday
    ],
)
def test_an_answer_is_promised_by_the_end_of_the_second_working_day(house, written, promised):
    view = house.started(now=written)

    local = view.answer_by.astimezone(_new_york())
    assert (local.date(), local.hour) == (promised + timedelta(days=1), 0)


def test_a_holiday_of_the_site_is_no_working_day(house):
    scheduling_models.Holiday.objects.create(site_id=house.site, on=date(2026, 3, 3), name="Town day")

    view = house.started()

    assert view.answer_by.astimezone(_new_york()).date() == date(2026, 3, 6)


def _new_york():
    from zoneinfo import ZoneInfo

    return ZoneInfo("America/New_York")


def test_every_message_is_owed_an_answer_and_one_answer_ends_them_all(house):
    view = house.started()
    more = house.written(view, now=NOW + timedelta(days=1))
    assert owed() == ["open", "open"]
    assert (more.waiting_since, more.answer_by) == (view.waiting_since, view.answer_by)

    house.answered(more)

    assert owed() == ["done", "done"]


def test_closing_with_words_is_an_answer(house):
    view = house.started()

    closed = house.closed(view)

    assert (closed.state, closed.entries[-1].step) == (State.CLOSED, Step.CLOSED)
    assert closed.entries[-1].text == "We spoke on the telephone."
    assert owed() == ["done"]
    assert told(view.conversation_id) == ["conversation.closed"]


def test_writing_opens_what_was_closed(house):
    view = house.closed(house.started())

    again = house.written(view, now=NOW + timedelta(days=2))

    assert (again.state, again.waiting_since) == (State.WAITING, NOW + timedelta(days=2))
    assert owed() == ["done", "open"]


def test_staff_put_right_what_they_wrote_with_a_further_message(house):
    view = house.closed(house.answered(house.started()))

    added = house.answered(view, text="I meant: with water only.")

    assert (added.state, added.entries[-1].text) == (State.CLOSED, "I meant: with water only.")
    with pytest.raises(messaging.ConversationIsClosed):
        house.closed(added)


def test_unanswered_at_the_deadline_is_told_to_the_patient_and_stands_before_the_staff(house):
    view = house.started()
    assert notifications.check_ledger(now=view.answer_by - timedelta(seconds=1)).told == 0

    standing = notifications.check_ledger(now=view.answer_by)

    assert (standing.told, standing.silent) == (1, 0)
    assert owed() == ["told"]
    (missed,) = notifications.list_missed(actor=house.desk, now=view.answer_by)
    assert (missed.kind, missed.about, missed.was_told) == ("message", view.conversation_id, True)
    assert not missed.can_replay
    house.answered(view, now=view.answer_by + timedelta(hours=1))
    assert owed() == ["done"]
    assert notifications.list_missed(actor=house.desk, now=view.answer_by) == []


def test_a_message_sent_twice_is_one(house):
    once = key()
    view = house.started(request_key=once)
    again = house.started(request_key=once)
    assert again.conversation_id == view.conversation_id
    assert Conversation.objects.count() == 1

    further = key()
    house.written(view, request_key=further)
    house.written(view, request_key=further)

    assert Entry.objects.count() == 2
    assert owed() == ["open", "open"]


def test_an_answer_sent_twice_is_one_and_told_once(house):
    view, once = house.started(), key()

    house.answered(view, request_key=once)
    repeated = house.answered(view, request_key=once)

    assert repeated.version == 2
    assert told(view.conversation_id) == ["conversation.answered"]


def test_the_same_key_with_other_words_is_refused(house):
    once = key()
    house.started(request_key=once)

    with pytest.raises(RequestKeyReused):
        house.started(request_key=once, text="Something else")


def test_staff_who_did_not_see_the_last_message_are_refused_with_both(house):
    view = house.started()
    house.written(view)

    for act in (house.answered, house.closed, lambda v: house.assigned(v, house.doctor)):
        with pytest.raises(messaging.StaleConversation) as refused:
            act(view)
        assert [e.number for e in refused.value.seen.entries] == [1]
        assert [e.number for e in refused.value.current.entries] == [1, 2]
    assert told(view.conversation_id) == []


def test_a_version_that_never_was_is_stale_too(house):
    view = house.started()

    with pytest.raises(messaging.StaleConversation) as refused:
        house.answered(view, seen_version=7)

    assert refused.value.seen is None


def test_taken_handed_on_and_put_back(house):
    view = house.started()

    taken = house.assigned(view, house.doctor)
    handed = house.assigned(taken, house.colleague)
    put_back = house.assigned(handed, None)

    assert [v.assigned_to for v in (taken, handed, put_back)] == [
        house.doctor.user_id, house.colleague.user_id, None,
    ]  # fmt: skip
    assert (put_back.state, owed()) == (State.WAITING, ["open"])
    assert told(view.conversation_id) == []
    assert [e.step for e in house.read(view, house.patient).entries] == [Step.MESSAGE]


def test_closing_leaves_it_with_nobody(house):
    view = house.assigned(house.started(), house.doctor)

    closed = house.closed(view)

    assert closed.assigned_to is None
    with pytest.raises(messaging.ConversationIsClosed):
        house.assigned(closed, house.doctor)


@pytest.mark.parametrize("whom", ["desk", "stranger", "patient"])
def test_nobody_is_handed_what_they_may_not_read(house, whom):
    view = house.started(subject=Subject.RESULTS)

    with pytest.raises(messaging.NotOfTheTeam):
        house.assigned(view, getattr(house, whom))


@pytest.mark.parametrize("text", ["", " \r\n ", "x" * (messaging.LONGEST + 1), "a\x00b"])
def test_words_that_are_none_or_too_many_are_refused(house, text):
    view = house.started()

    for act in (house.started, lambda **more: house.written(view, **more)):
        with pytest.raises(Invalid):
            act(text=text)
    with pytest.raises(Invalid):
        house.answered(view, text=text)
    assert Entry.objects.count() == 1


def test_a_line_end_is_one_character_whoever_sent_it(house):
    view = house.started(text="a\r\n" * (messaging.LONGEST // 2 - 1) + "b")

    assert view.entries[0].text.count("\n") == messaging.LONGEST // 2 - 1
    assert "\r" not in view.entries[0].text


def test_a_conversation_does_not_grow_for_ever(house, monkeypatch):
    monkeypatch.setattr("messaging.writing.MOST_ENTRIES", 2)
    view = house.written(house.started())

    with pytest.raises(messaging.ConversationIsFull):
        house.written(view)
    assert house.closed(view).state is State.CLOSED


def test_a_site_that_does_not_know_the_patient_is_not_written_to(house):
    assert set(messaging.list_sites(actor=house.patient, person_id=house.person_id, now=NOW)) == {
        house.site, house.other_site,
    }  # fmt: skip

    with pytest.raises(Invalid):
        house.started(site_id=SiteId(new_id()))


def test_the_first_look_of_each_side_is_what_the_other_sees(house):
    view = house.started()
    assert house.read(view, house.patient).entries[0].read_at is None

    house.read(view, house.doctor, NOW + timedelta(hours=1))
    house.read(view, house.colleague, NOW + timedelta(hours=2))
    answered = house.answered(view, now=NOW + timedelta(hours=3))
    more = house.written(answered, now=NOW + timedelta(hours=4))

    seen = house.read(more, house.patient, NOW + timedelta(hours=5)).entries
    assert [e.read_at for e in seen] == [NOW + timedelta(hours=1), NOW + timedelta(hours=5), None]
    assert Reading.objects.count() == 2
    assert audited("conversation.read") == 4


def test_news_are_news_until_somebody_of_the_patients_side_read_them(house):
    view = house.answered(house.started())
    assert [v.has_news for v in _listed(house)] == [True]

    house.read(view, house.parent)

    assert [v.has_news for v in _listed(house)] == [False]


def _listed(house: House) -> tuple[messaging.ConversationView, ...]:
    return messaging.list_conversations(actor=house.patient, person_id=house.person_id, now=NOW)


def test_the_queue_has_the_longest_waiting_first(house):
    late = house.started(now=NOW + timedelta(hours=1))
    early = house.started(now=NOW)
    house.answered(house.started())

    found = messaging.list_queue(actor=house.doctor, site_id=house.site, now=NOW)

    assert [v.conversation_id for v in found] == [early.conversation_id, late.conversation_id]
    (done,) = messaging.list_queue(actor=house.doctor, site_id=house.site, state=State.ANSWERED, now=NOW)
    assert done.state is State.ANSWERED


def test_what_waits_longest_is_counted_for_whoever_scrapes(house):
    assert metrics.oldest(NOW) == {"answer": 0.0, "late": 0.0}
    view = house.started()

    found = metrics.oldest(view.answer_by + timedelta(hours=1))

    assert found["late"] == 3600
    assert found["answer"] == (view.answer_by - NOW).total_seconds() + 3600


def test_without_its_audit_row_nothing_is_written_told_or_ended(house, monkeypatch):
    view = house.started()

    def fail(**_: object) -> None:
        raise AuditUnavailable

    monkeypatch.setattr("messaging.writing.audit.record", fail)

    for act in (house.started, lambda: house.written(view), lambda: house.answered(view),
                lambda: house.closed(view), lambda: house.assigned(view, house.doctor)):  # fmt: skip
        with pytest.raises(AuditUnavailable):
            act()
    assert (Entry.objects.count(), owed(), told(view.conversation_id)) == (1, ["open"], [])


def test_a_message_is_never_changed_or_deleted(house):
    house.read(house.started(), house.doctor)

    for model in (Entry, Reading):
        for act in (lambda m=model: m.objects.update(at=NOW), lambda m=model: m.objects.all().delete()):
            with pytest.raises(ProgrammingError), transaction.atomic():
                act()


@pytest.mark.parametrize(
    "wrong", [{"answer_by": None}, {"waiting_since": None}, {"state": "closed"}, {"subject": "gossip"}]
)
def test_the_database_refuses_what_cannot_be(house, wrong):
    view = house.started()

    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.filter(pk=view.conversation_id).update(**wrong)


@pytest.mark.parametrize("wrong", [{"number": 1}, {"text": ""}, {"step": "closed"}, {"step": "assigned"}])
def test_the_database_refuses_entries_that_cannot_be(house, wrong):
    view = house.started()
    entry = {
        "conversation_id": view.conversation_id, "number": 2, "step": "message", "side": "patient",
        "role": "patient", "text": "x", "at": NOW,
    }  # fmt: skip

    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(**entry | wrong)
