"""Two who act at one moment: nothing lost, nothing twice, and nobody answers what they have not seen."""

from __future__ import annotations

import pytest
from conversation_house import House, key, owed, told
from racing import all_at_once, codes

from messaging import service as messaging
from messaging.models import Conversation, Entry, Reading
from messaging.service import State, Step
from notifications import service as notifications

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


def test_of_two_staff_who_answer_at_once_one_is_refused():
    for _ in range(ROUNDS):
        house = House()
        view = house.started()

        results = all_at_once(
            [
                lambda h=house, v=view: h.answered(v, text="Yes."),
                lambda h=house, v=view: h.answered(v, text="No.", actor=h.colleague),
            ]
        )

        assert codes(results) == {"won": 1, "stale-conversation": 1}
        assert Entry.objects.filter(conversation_id=view.conversation_id).count() == 2
        assert told(view.conversation_id) == ["conversation.answered"]


def test_a_patient_who_writes_while_staff_close_is_never_closed_unread():
    for _ in range(ROUNDS):
        house = House()
        view = house.started()

        written, closed = all_at_once(
            [lambda h=house, v=view: h.written(v), lambda h=house, v=view: h.closed(v)]
        )

        assert isinstance(written, messaging.ConversationView)
        row = Conversation.objects.get(pk=view.conversation_id)
        assert row.state == State.WAITING.value
        if isinstance(closed, messaging.StaleConversation):
            assert told(view.conversation_id) == []
        else:  # closed first: the patient's message opened it again
            assert told(view.conversation_id) == ["conversation.closed"]
        steps = list(Entry.objects.filter(conversation=row).order_by("number").values_list("step", flat=True))
        assert steps.count(Step.MESSAGE.value) == 2


def test_one_message_sent_by_several_hands_is_one():
    house, once = House(), key()

    results = all_at_once([lambda: house.started(request_key=once)] * 4)

    assert codes(results) == {"won": 4}
    assert len({view.conversation_id for view in results}) == 1
    view, further = results[0], key()
    all_at_once([lambda: house.written(view, request_key=further)] * 4)
    assert (Conversation.objects.count(), Entry.objects.count(), owed()) == (1, 2, ["open", "open"])


def test_two_who_open_it_at_once_are_one_reading():
    house = House()
    view = house.started()

    results = all_at_once([lambda a=actor: house.read(view, a) for actor in (house.doctor, house.colleague)])

    assert codes(results) == {"won": 2}
    assert Reading.objects.count() == 1
    assert results[0].entries[0].read_at == results[1].entries[0].read_at


def test_an_answer_at_the_deadline_is_either_told_as_late_or_not_and_ends_done():
    for _ in range(ROUNDS):
        house = House()
        view = house.started()

        results = all_at_once(
            [
                lambda h=house, v=view: h.answered(v, now=v.answer_by),
                lambda v=view: notifications.check_ledger(now=v.answer_by),
            ]
        )

        assert codes(results) == {"won": 2}
        assert set(owed()) == {"done"}
        assert told(view.conversation_id) == ["conversation.answered"]
