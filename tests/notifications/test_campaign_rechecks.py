"""What a campaign told is asked about again when it leaves: the campaign, the person, their choices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifications import ports
from notifications import service as notifications
from notifications.campaigns import access, running
from notifications.campaigns.criteria import Account, Criteria, Seen
from notifications.models import CampaignRecipient, DemoMail, Message
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, UserId
from steadwell.outbox import poller
from tests.notifications.house import NOW, carry, tell
from tests.notifications.test_campaigns import ADMIN, SITE, House, merge, person, planned, say, work

pytestmark = pytest.mark.django_db
NOT_LATELY = Criteria(seen=Seen.BEFORE, seen_on=date(2026, 1, 1))


@pytest.fixture
def clinic() -> Iterator[House]:
    before, made = ports.clinic(), House()
    ports.bind_clinic(made)
    yield made
    ports.bind_clinic(before)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a campaign has not come to its end when its first people are told."""
    monkeypatch.setattr(running, "AT_ONCE", 1)


def told(criteria: Criteria = NOT_LATELY) -> UUID:
    """A campaign whose first people were told a moment ago; nothing has left yet."""
    campaign_id = planned(criteria)
    say(campaign_id, "start")
    poller.fire(now=NOW)
    carry()
    assert CampaignRecipient.objects.filter(campaign_id=campaign_id, state="told").exists()
    assert not DemoMail.objects.exists()
    return campaign_id


def mail() -> Message:
    return Message.objects.get(channel="email", template="campaign.flu-shot")


def account_of(person_id: PersonId) -> Actor:
    user_id = accounts.create_user(
        email="x@example.org", password=None, roles=[Role.PATIENT], person_id=person_id, now=NOW
    )
    return Actor(user_id=user_id, roles=frozenset({Role.PATIENT}), person_id=person_id)


def choose(actor: Actor, **how: bool) -> None:
    assert actor.user_id is not None
    assert actor.person_id is not None
    choice = notifications.Choice(
        person_id=actor.person_id, reader_id=UserId(actor.user_id), kind=notifications.Kind.CAMPAIGNS, **how
    )
    notifications.choose(
        actor=actor, person_id=actor.person_id, choices=[choice], offsets=(), now=NOW + timedelta(seconds=1)
    )


def test_one_who_came_meanwhile_is_not_invited(clinic: House) -> None:
    came, other = person(), person()
    campaign_id = planned(NOT_LATELY)
    clinic.visits = [(came, SITE, None, NOW)]

    say(campaign_id, "start")
    work()

    found = access.get_campaign(actor=ADMIN, campaign_id=campaign_id)
    assert (found.state, found.told, found.skipped, found.people) == ("done", 1, 1, 2)
    assert set(Message.objects.values_list("person_id", flat=True)) == {other}


def test_one_who_came_after_being_told_gets_no_mail(clinic: House) -> None:
    came = person()
    told()
    clinic.visits = [(came, SITE, None, NOW)]

    carry()

    assert not DemoMail.objects.exists()
    assert (mail().state, mail().cause) == ("superseded", "no-longer-fits")
    assert mail().ended_at == NOW


def test_who_opens_an_account_leaves_those_without_one(clinic: House) -> None:
    somebody = person()
    told(Criteria(account=Account.WITHOUT))
    account_of(somebody)

    carry()

    assert mail().cause == "no-longer-fits"


def test_a_stopped_campaign_says_nothing_more(clinic: House, one_by_one: None) -> None:
    person()
    campaign_id = told()

    say(campaign_id, "stop")
    carry()
    carry(NOW + timedelta(hours=1))

    assert not DemoMail.objects.exists()
    assert (mail().state, mail().cause) == ("superseded", "campaign-stopped")


@pytest.mark.django_db(transaction=True)
def test_a_paused_campaign_holds_what_it_told_until_it_goes_on(clinic: House, one_by_one: None) -> None:
    for _ in range(2):
        person()
    campaign_id = told()

    say(campaign_id, "pause")
    for minutes in range(0, 30, 5):
        carry(NOW + timedelta(minutes=minutes))
    held = mail().state, DemoMail.objects.count()
    say(campaign_id, "resume")
    for minutes in range(30, 40):
        work(NOW + timedelta(minutes=minutes))

    assert held == ("due", 0)
    assert Message.objects.filter(channel="email", state="delivered").count() == 2
    assert DemoMail.objects.count() == 2


@pytest.mark.parametrize(("wants", "leaves"), [(False, 0), (True, 1)])
def test_who_says_no_after_being_told_gets_no_mail(clinic: House, wants: bool, leaves: int) -> None:
    actor = account_of(person())
    told()
    choose(actor, email=wants)

    carry()

    assert DemoMail.objects.count() == leaves
    assert (mail().cause == "declined") is not wants
    assert notifications.unread_count(actor, [PersonId(UUID(str(actor.person_id)))]) == 1


def test_an_address_that_died_after_telling_is_not_written_to(clinic: House) -> None:
    actor = account_of(person())
    told()
    assert actor.user_id is not None
    notifications.note_bounce(
        reader_id=actor.user_id, channel="email", address="x@example.org", cause="mail-bounced", now=NOW
    )

    carry()

    assert not DemoMail.objects.exists()
    assert (mail().state, mail().cause) == ("failed", "no-address")


def test_two_records_that_became_one_after_telling_are_written_to_once(clinic: House) -> None:
    kept, gone = person(), person()
    told()
    merge(kept, gone)

    carry()

    assert DemoMail.objects.count() == 2  # both were told before anybody knew
    assert set(Message.objects.filter(channel="email").values_list("state", flat=True)) == {"delivered"}


def test_a_days_digest_does_not_count_what_a_stopped_campaign_said(clinic: House, one_by_one: None) -> None:
    somebody = person()
    actor = account_of(somebody)
    choose(actor, email=True, digest=True)
    campaign_id = told()
    visits = notifications.Choice(
        person_id=somebody, reader_id=UserId(UUID(str(actor.user_id))), kind=notifications.Kind.VISITS,
        email=True, digest=True,
    )  # fmt: skip
    notifications.choose(actor=actor, person_id=somebody, choices=[visits], offsets=(), now=NOW)
    tell(somebody, template="visit.booked")

    say(campaign_id, "stop")
    work(NOW + timedelta(days=1))

    sent: Any = DemoMail.objects.get()
    assert "booked" in sent.subject
    assert mail().cause == "campaign-stopped"
