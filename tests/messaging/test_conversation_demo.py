"""The demo's two conversations: one that was answered, one that waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from conversation_house import owed

from messaging import service as messaging
from messaging.models import Conversation, Reading
from messaging.service import State
from scheduling import service as scheduling
from scheduling.demo import seeding
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.config.management.commands.seed_demo import seed_conversations

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 3, 15, 20, tzinfo=UTC)


def test_the_demo_has_two_conversations_once():
    seeding.seed(now=NOW)
    assert seed_conversations(NOW)
    assert not seed_conversations(NOW)

    first, second, *_ = scheduling.demo_patients(now=NOW)
    assert sorted(Conversation.objects.values_list("state", flat=True)) == ["answered", "waiting"]
    contact = accounts.contact_of(first.person_id)
    reader = accounts.actor_for_user(user_id=contact.user_id, now=NOW)
    (mine,) = messaging.list_conversations(actor=reader, person_id=first.person_id, now=NOW)
    assert (mine.state, mine.has_news) == (State.ANSWERED, True)
    assert Reading.objects.count() == 1
    assert sorted(owed()) == ["done", "open"]
    (desk, *_) = accounts.staff_at(site_id=second.site_id, role=Role.FRONT_DESK, now=NOW)
    queue = messaging.list_queue(
        actor=accounts.actor_for_user(user_id=desk, now=NOW), site_id=second.site_id, now=NOW
    )
    assert [each.person_id for each in queue] == [second.person_id]
