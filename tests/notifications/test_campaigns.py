"""Campaigns: the right people, worked out before anybody is told, each once, in a pace of one's own."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils.translation import override

from notifications import ports
from notifications import service as notifications
from notifications.campaigns import access, rechecking, running
from notifications.campaigns.audience import next_batch
from notifications.campaigns.criteria import Account, Criteria, Seen
from notifications.errors import CampaignMoved
from notifications.models import Campaign, CampaignRecipient, DemoMail, Message
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import Busy, Invalid, NotFound, RequestKeyReused
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, UserId, VisitTypeId, new_id
from steadwell.outbox import poller
from tests.notifications.house import IMPORT, NOW, beside, carry, notice
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
SITE = SiteId(new_id())
ADMIN = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))
OVER_65 = Criteria(min_age=65)
_serial = count(1)


class House:
    """A clinic whose visits a test writes down itself."""

    def __init__(self) -> None:
        self.visits: list[tuple[PersonId, SiteId | None, VisitTypeId | None, datetime]] = []

    def last_visits(
        self, *, person_ids: Any, site_id: SiteId | None, visit_type_id: VisitTypeId | None, now: datetime
    ) -> dict[PersonId, datetime]:
        found: dict[PersonId, datetime] = {}
        for person, site, kind, at in self.visits:
            if person in person_ids and site_id in {None, site} and visit_type_id in {None, kind}:
                found[person] = max(at, found.get(person, at))
        return found

    def site_names(self, *, now: datetime) -> dict[SiteId, str]:
        return {SITE: "Harbour Street"}

    def visit_type_names(self, *, now: datetime) -> dict[VisitTypeId, str]:
        return {}

    def zone_of(self, *, site_id: SiteId | None, now: datetime) -> str:
        return "America/Chicago"

    def booking_path(self) -> str:
        return "/visits/find/"


@pytest.fixture
def house() -> Any:
    before, made = ports.clinic(), House()
    ports.bind_clinic(made)
    yield made
    ports.bind_clinic(before)


def person(born: date | None = date(1950, 5, 5), language: str = "en", **more: Any) -> PersonId:
    n = next(_serial)
    demographics = identity.Demographics(
        family_name="Canary", given_name="Wren", birth_date=born, language=language,
        email=f"p{n}@example.org", **more,
    )  # fmt: skip
    return identity.register(
        actor=IMPORT,
        source="campaigns",
        external_id=str(n),
        demographics=demographics,
        identifiers=(),
        now=NOW,
    )


def criteria_of_site(site: SiteId) -> Criteria:
    return Criteria(site_id=site)


def campaign(criteria: Criteria = OVER_65, **more: Any) -> UUID:
    values: dict[str, Any] = {
        "actor": ADMIN, "name": "Flu", "template": "campaign.flu-shot", "criteria": criteria,
        "per_minute": 60, "request_key": uuid4().hex, "now": NOW,
    }  # fmt: skip
    return running.create(**(values | more)).campaign_id


def say(campaign_id: UUID, word: str, now: datetime = NOW) -> str:
    return running.move(actor=ADMIN, campaign_id=campaign_id, word=word, now=now).state


def work(now: datetime = NOW) -> None:
    """What poller, relay and workers do until nothing is due."""
    for _ in range(500):
        if not (poller.fire(now=now)[0] or carry(now)):
            return
    raise AssertionError("there is always something due")


def planned(criteria: Criteria = OVER_65, **more: Any) -> UUID:
    campaign_id = campaign(criteria, **more)
    say(campaign_id, "plan")
    work()
    return campaign_id


def chosen(campaign_id: UUID) -> set[UUID]:
    rows = CampaignRecipient.objects.filter(campaign_id=campaign_id)
    return set(rows.values_list("person_id", flat=True))


@pytest.mark.parametrize(
    ("born", "on", "fits"),
    [
        (date(1961, 3, 2), date(2026, 3, 2), True),
        (date(1961, 3, 3), date(2026, 3, 2), False),
        (date(1960, 2, 29), date(2025, 2, 28), False),
        (date(1960, 2, 29), date(2025, 3, 1), True),
        (date(1963, 2, 28), date(2028, 2, 29), True),
        (date(1963, 3, 1), date(2028, 2, 29), False),
    ],
)
def test_an_age_begins_on_the_birthday(born: date, on: date, fits: bool) -> None:
    low, high = OVER_65.born(on)
    assert low is None
    assert high is not None
    assert (born <= high) is fits
    younger, _ = Criteria(max_age=64).born(on)
    assert younger is not None
    assert (born >= younger) is not fits


def test_everybody_who_fits_is_worked_out_and_nobody_told(house: House) -> None:
    old, young, unknown = person(), person(date(1990, 1, 1)), person(None)

    campaign_id = planned()

    assert chosen(campaign_id) == {old}
    assert {young, unknown}.isdisjoint(chosen(campaign_id))
    assert access.get_campaign(actor=ADMIN, campaign_id=campaign_id).state == "planned"
    assert Message.objects.count() == 0


def test_sex_language_and_account_narrow(house: House) -> None:
    woman = person(sex="female", language="es")
    person(sex="male", language="es")
    account = person(sex="female", language="en")
    accounts.create_user(
        email="w@example.org", password=None, roles=[Role.PATIENT], person_id=account, language="es", now=NOW
    )

    assert chosen(planned(Criteria(sex="female", language="es"))) == {woman}
    assert chosen(planned(Criteria(sex="female", account=Account.WITH))) == {account}
    assert chosen(planned(Criteria(sex="female", account=Account.WITHOUT))) == {woman}


@pytest.mark.parametrize(("seen", "who"), [(Seen.BEFORE, {"long ago", "never"}), (Seen.AFTER, {"lately"})])
def test_a_recall_asks_when_somebody_was_last_seen(house: House, seen: Seen, who: set[str]) -> None:
    people = {"long ago": person(), "lately": person(), "never": person()}
    house.visits = [
        (people["long ago"], SITE, None, datetime(2025, 1, 1, 5, 59, tzinfo=UTC)),  # 23:59 in Chicago
        (people["lately"], SITE, None, datetime(2025, 1, 1, 6, 0, tzinfo=UTC)),
        (people["lately"], SITE, None, datetime(2024, 1, 1, 6, 0, tzinfo=UTC)),
    ]

    found = chosen(planned(Criteria(seen=seen, seen_on=date(2025, 1, 1))))

    assert found == {people[name] for name in who}


def test_a_site_and_a_kind_of_visit_narrow(house: House) -> None:
    kind = VisitTypeId(new_id())
    here, elsewhere, other_kind = person(), person(), person()
    house.visits = [
        (here, SITE, kind, NOW - timedelta(days=400)),
        (elsewhere, SiteId(new_id()), kind, NOW - timedelta(days=400)),
        (other_kind, SITE, None, NOW - timedelta(days=400)),
    ]
    lately = (NOW - timedelta(days=30)).date()

    assert chosen(planned(Criteria(site_id=SITE))) == {here, other_kind}
    assert chosen(planned(Criteria(visit_type_id=kind))) == {here, elsewhere}
    recall = Criteria(site_id=SITE, visit_type_id=kind, seen=Seen.BEFORE, seen_on=lately)
    assert chosen(planned(recall)) == {here, other_kind}


def merge(kept: PersonId, gone: PersonId) -> None:
    identity.merge(actor=ADMIN, survivor_id=kept, duplicate_id=gone, reason="same", now=NOW)


def test_a_merged_patient_is_one_and_their_visits_count(house: House) -> None:
    kept, gone = person(), person()
    merge(kept, gone)
    house.visits = [(gone, SITE, None, NOW)]

    assert chosen(planned(Criteria(seen=Seen.AFTER, seen_on=NOW.date() - timedelta(days=1)))) == {kept}


def test_two_records_that_turn_out_to_be_one_person_are_told_once(house: House) -> None:
    kept, gone = person(), person()
    campaign_id = planned()

    merge(kept, gone)
    say(campaign_id, "start")
    work()

    assert Message.objects.filter(channel="in-app").count() == 1


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(min_age=70, max_age=60), Criteria(min_age=-1), Criteria(sex="x"), Criteria(seen=Seen.BEFORE),
        Criteria(seen_on=date(2026, 1, 1)),
    ],
)  # fmt: skip
def test_criteria_that_nobody_fits_are_refused(criteria: Criteria) -> None:
    with pytest.raises(Invalid):
        campaign(criteria)


def test_what_was_saved_reads_back_the_same() -> None:
    given = Criteria(
        min_age=0, max_age=9, sex="female", language="es", site_id=SITE, visit_type_id=new_id(),
        seen=Seen.AFTER, seen_on=date(2026, 1, 1), account=Account.WITH,
    )  # fmt: skip

    assert Criteria.of(given.saved()) == given
    assert Criteria.of(Criteria().saved()) == Criteria()


def test_a_dry_run_says_who_gets_what_in_which_language(house: House) -> None:
    for language in ("en", "es", "es"):
        person(language=language)

    campaign_id = planned()

    groups = access.list_groups(actor=ADMIN, campaign_id=campaign_id)
    assert [(g.language, g.ways, g.people) for g in groups] == [("es", ("email",), 2), ("en", ("email",), 1)]


def test_people_are_told_once_in_their_language_and_in_the_pace(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 2)
    for n in range(5):
        person(language="es" if n % 2 else "en")
    campaign_id = planned()

    say(campaign_id, "start")
    work(NOW)
    assert CampaignRecipient.objects.filter(state="told").count() == 2
    work(NOW + timedelta(seconds=1))
    assert CampaignRecipient.objects.filter(state="told").count() == 2
    work(NOW + timedelta(seconds=2))
    work(NOW + timedelta(seconds=4))

    found = access.get_campaign(actor=ADMIN, campaign_id=campaign_id)
    assert (found.state, found.told, found.failed) == ("done", 5, 0)
    subjects = Counter(DemoMail.objects.values_list("subject", flat=True))
    assert sorted(subjects.values()) == [2, 3]


def test_pause_resume_and_stop(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 1)
    for _ in range(4):
        person()
    campaign_id = planned()

    def told() -> int:
        return CampaignRecipient.objects.filter(campaign_id=campaign_id, state="told").count()

    say(campaign_id, "start")
    work(NOW)
    say(campaign_id, "pause")
    work(NOW + timedelta(minutes=5))
    assert told() == 1
    say(campaign_id, "resume", NOW + timedelta(minutes=6))
    work(NOW + timedelta(minutes=6))
    assert told() == 2
    say(campaign_id, "stop", NOW + timedelta(minutes=7))
    work(NOW + timedelta(minutes=60))
    assert told() == 2
    with pytest.raises(CampaignMoved):
        say(campaign_id, "resume")


def test_working_it_out_again_forgets_the_former_people(house: House) -> None:
    first = person()
    campaign_id = planned()
    second = person()

    say(campaign_id, "plan")
    work()

    assert chosen(campaign_id) == {first, second}


def test_one_who_cannot_be_told_does_not_keep_the_others(house: House) -> None:
    person()
    campaign_id = planned()
    CampaignRecipient.objects.create(
        campaign_id=campaign_id, person_id=new_id(), language="en", state="planned"
    )

    say(campaign_id, "start")
    work()

    found = access.get_campaign(actor=ADMIN, campaign_id=campaign_id)
    assert (found.told, found.failed, found.state) == (1, 1, "done")


def test_those_who_want_no_invitations_find_it_in_their_inbox_only(house: House) -> None:
    person_id = person()
    user_id = accounts.create_user(
        email="x@example.org", password=None, roles=[Role.PATIENT], person_id=person_id, now=NOW
    )
    actor = Actor(user_id=user_id, roles=frozenset({Role.PATIENT}), person_id=person_id)
    no = notifications.Choice(
        person_id=person_id, reader_id=user_id, kind=notifications.Kind.CAMPAIGNS, email=False
    )
    notifications.choose(actor=actor, person_id=person_id, choices=[no], offsets=(), now=NOW)

    campaign_id = planned()
    say(campaign_id, "start")
    work()

    assert access.list_groups(actor=ADMIN, campaign_id=campaign_id)[0].ways == ()
    assert DemoMail.objects.count() == 0
    assert notifications.unread_count(actor, [person_id]) == 1


@pytest.mark.parametrize(
    ("word", "after"), [("start", None), ("pause", "plan"), ("resume", "plan"), ("nonsense", "plan")]
)
def test_a_word_at_the_wrong_time_is_refused(house: House, word: str, after: str | None) -> None:
    campaign_id = campaign()
    if after:
        say(campaign_id, after)
        work()

    with pytest.raises((CampaignMoved, NotFound)):
        say(campaign_id, word)


def test_a_manager_sees_and_invites_their_own_site_only() -> None:
    manager = Actor(user_id=UserId(new_id()), roles=frozenset({Role.MANAGER}), site_ids=frozenset({SITE}))
    mine = campaign(Criteria(site_id=SITE), actor=manager)
    theirs = campaign(Criteria(site_id=SiteId(new_id())))

    assert [c.campaign_id for c in access.list_campaigns(actor=manager)] == [mine]
    for criteria in (Criteria(), Criteria(site_id=new_id())):
        with pytest.raises(NotFound):
            campaign(criteria, actor=manager)
    with pytest.raises(NotFound):
        running.move(actor=manager, campaign_id=theirs, word="stop", now=NOW)
    desk = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SITE}))
    with pytest.raises(NotFound):
        access.list_campaigns(actor=desk)


def test_saving_twice_is_once() -> None:
    first = campaign(request_key="the-same-key")

    assert campaign(request_key="the-same-key") == first
    with pytest.raises(RequestKeyReused):
        campaign(request_key="the-same-key", name="Other")


@pytest.mark.django_db(transaction=True)
def test_started_and_sent_by_many_at_once_each_person_is_told_once(house: House) -> None:
    people = [person() for _ in range(6)]
    campaign_id = planned()

    def start(_: int) -> None:
        try:
            with suppress(CampaignMoved):  # another one was through with it already
                say(campaign_id, "start")
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(start, range(6)))
    work(NOW + timedelta(minutes=5))

    told = Message.objects.filter(channel="in-app").values_list("person_id", flat=True)
    assert sorted(told) == sorted(people)
    assert DemoMail.objects.count() == 6
    assert Campaign.objects.get(pk=campaign_id).state == "done"


@pytest.mark.django_db(transaction=True)
def test_a_word_while_a_batch_takes_long_is_busy_and_not_a_fault(house: House) -> None:
    person()
    campaign_id = planned()
    say(campaign_id, "start")

    with (
        beside(lambda: Campaign.objects.select_for_update().get(pk=campaign_id)),
        pytest.raises(Busy),
    ):
        say(campaign_id, "pause")

    say(campaign_id, "pause")
    assert Campaign.objects.get(pk=campaign_id).state == "paused"


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_was_in_the_way_costs_nobody_their_invitation(house: House) -> None:
    one = person()
    campaign_id = planned()
    say(campaign_id, "start")

    with beside(lambda: notice(rechecking.key_of(campaign_id, one), one)):
        poller.fire(now=NOW)
        carry(NOW)
        meanwhile = CampaignRecipient.objects.get().state
    work(clock.now() + timedelta(hours=1))

    assert (meanwhile, CampaignRecipient.objects.get().state) == ("planned", "told")


def test_a_batch_is_worked_out_with_a_fixed_number_of_questions(
    house: House, django_assert_num_queries: Any
) -> None:
    for _ in range(8):
        person()

    with django_assert_num_queries(2):  # nobody of them has an account: nothing more to ask
        batch = next_batch(Criteria(min_age=20), after=None, now=NOW)

    assert len(batch.people) == 8


def test_a_manager_makes_and_watches_a_campaign_on_the_pages(house: House) -> None:
    user_id = accounts.create_user(
        email="m@example.org", password=None, roles=[Role.MANAGER], site_ids=[SITE], now=NOW
    )
    client = sign_in(Client(), user_id)
    house.visits = [(person(), SITE, None, NOW)]
    page = client.get("/clinic/campaigns/new/").content.decode()
    (key,) = re.findall(r'name="request_key" value="([^"]+)"', page)
    given = {
        "request_key": key, "name": "Flu 2026", "template": "campaign.flu-shot", "min_age": "65",
        "site_id": str(SITE), "per_minute": "60",
    }  # fmt: skip

    wrong = client.post("/clinic/campaigns/new/", given | {"max_age": "20"}).content.decode()
    made = client.post("/clinic/campaigns/new/", given)
    address = made["Location"]
    client.post(f"{address}plan/")
    from steadwell import clock

    work(clock.now())
    shown = client.get(address).content.decode()
    with override("en"):
        client.post(f"{address}start/")
    work(clock.now())
    done = client.get(address).content.decode()

    assert "The older age comes second." in wrong
    assert "65 and older" in shown
    assert "Wren Canary" in shown
    assert "0 of 1 people are told" in shown
    assert "1 of 1 people are told" in done
    assert "Flu 2026" in client.get("/clinic/campaigns/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry WHERE action LIKE 'campaign.%'")
        assert cursor.fetchone()[0] >= 4
