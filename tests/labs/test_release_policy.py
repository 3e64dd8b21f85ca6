"""The release policy: which rule wins, what it holds, and that everything ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.policy import Audience, Case, Cause, Choice, Delay, Legal, Rule, age_on, birthday, wanted
from steadwell.ids import SiteId

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HERE, THERE = SiteId(UUID(int=1)), SiteId(UUID(int=2))
ZONE = ZoneInfo("America/New_York")
HIV, SUGAR, PANEL = "56888-1", "4548-4", "24320-4"


def rule(**fields) -> Rule:
    values = {
        "rule_id": uuid4(),
        "version": 1,
        "loinc": "",
        "site_id": None,
        "age_from": None,
        "age_until": None,
        "on_choice": None,
        "delay": Delay.SIGNED,
        "hours": 0,
        "longest_hours": 72,
        "legal": Legal.LAW,
        "legal_text": "",
        "words": {"en": "Held."},
        "active_from": NOW - timedelta(days=30),
        "active_until": None,
    }
    return Rule(**(values | fields))


def case(*loincs: str, **fields) -> Case:
    values = {
        "report_loinc": PANEL,
        "loincs": loincs or (SUGAR,),
        "site_id": HERE,
        "zone": ZONE,
        "born": date(1980, 5, 5),
        "opened_at": NOW,
        "final_at": NOW,
        "choice": Choice.AT_ONCE,
    }
    return Case(**(values | fields))


def test_nothing_is_held_without_a_rule():
    assert wanted([], case()) == ()


def test_a_rule_for_one_test_holds_that_test_alone():
    (hold,) = wanted([rule(loinc=HIV)], case(SUGAR, HIV))

    assert (hold.loinc, hold.audience, hold.cause) == (HIV, Audience.EVERYONE, Cause.RULE)
    assert hold.ends_at == NOW + timedelta(hours=72)


@pytest.mark.parametrize("loinc", ["", PANEL])
def test_a_rule_for_all_tests_or_for_the_panel_holds_the_whole_report(loinc):
    (hold,) = wanted([rule(loinc=loinc)], case(SUGAR, HIV))

    assert hold.loinc == ""


def test_the_site_s_own_rule_wins():
    rules = [rule(loinc=HIV), rule(site_id=HERE, delay=Delay.NONE, longest_hours=0)]

    assert wanted(rules, case(HIV)) == ()
    assert len(wanted(rules, case(HIV, site_id=THERE))) == 1


def test_a_rule_counts_while_it_is_active():
    old = rule(active_from=NOW - timedelta(days=9), active_until=NOW)

    assert wanted([old], case()) == ()
    assert len(wanted([old], case(opened_at=NOW - timedelta(seconds=1)))) == 1


@pytest.mark.parametrize(
    ("born", "held"), [(date(2012, 6, 1), 1), (date(2014, 6, 2), 0), (date(2008, 6, 1), 0)]
)
def test_a_rule_counts_for_its_ages(born, held):
    assert len(wanted([rule(age_from=12, age_until=18)], case(born=born))) == held


def test_an_unknown_age_is_not_taken_for_another():
    assert len(wanted([rule(age_from=12, age_until=18)], case(born=None))) == 1


def test_hours_count_from_the_final_result_and_never_beyond_the_longest():
    day = rule(delay=Delay.HOURS, hours=24, longest_hours=100)

    assert wanted([day], case())[0].ends_at == NOW + timedelta(hours=24)
    assert wanted([day], case(final_at=None))[0].ends_at == NOW + timedelta(hours=100)
    assert wanted([day], case(final_at=NOW + timedelta(hours=90)))[0].ends_at == NOW + timedelta(hours=100)


def test_proxies_are_held_off_from_one_birthday_to_another():
    hidden = rule(loinc=HIV, delay=Delay.PROXIES, age_from=12, age_until=18)

    (hold,) = wanted([hidden], case(HIV, born=date(2016, 2, 29)))

    assert hold.audience is Audience.PROXIES
    assert hold.starts_at == datetime(2028, 2, 29, tzinfo=ZONE)
    assert hold.ends_at == datetime(2034, 3, 1, tzinfo=ZONE)
    assert wanted([hidden], case(HIV, born=date(2000, 1, 1))) == ()


def test_a_choice_holds_by_its_own_rule_and_the_patient_s_wish_is_the_reason():
    rules = [rule(on_choice=Choice.AFTER_SEEN, legal=Legal.REQUEST)]

    assert wanted(rules, case()) == ()
    (hold,) = wanted(rules, case(choice=Choice.AFTER_SEEN))
    assert (hold.cause, hold.legal, hold.loinc) == (Cause.CHOICE, Legal.REQUEST, "")
    (standing,) = wanted(rules, case(choice=Choice.AFTER_SEEN, standing=Legal.LAW))
    assert standing.legal is Legal.LAW


rules = st.builds(
    rule,
    loinc=st.sampled_from(["", HIV, SUGAR, PANEL]),
    site_id=st.sampled_from([None, HERE, THERE]),
    age_from=st.sampled_from([None, 0, 12]),
    age_until=st.sampled_from([18, 30]),
    on_choice=st.sampled_from([None, *Choice]),
    delay=st.sampled_from(list(Delay)),
    hours=st.integers(0, 500),
    longest_hours=st.integers(1, 500),
)


@given(
    st.lists(rules, max_size=6),
    st.dates(date(1920, 1, 1), date(2026, 5, 1)) | st.none(),
    st.sampled_from(list(Choice)),
    st.lists(st.sampled_from([HIV, SUGAR, ""]), max_size=3),
)
def test_every_hold_ends_after_it_began_and_has_its_reason(given_rules, born, choice, tests):
    holds = wanted(given_rules, case(*tests, born=born, choice=choice))

    assert all(hold.starts_at < hold.ends_at and hold.ends_at > NOW for hold in holds)
    assert all(hold.legal and hold.rule.words for hold in holds)
    assert len({(hold.loinc, hold.audience, hold.cause) for hold in holds}) == len(holds)


def test_age_and_birthday_agree():
    born = date(2012, 2, 29)

    assert age_on(born, date(2025, 2, 28)) == 12
    assert age_on(born, date(2025, 3, 1)) == 13
    assert birthday(born, 13, ZONE).date() == date(2025, 3, 1)
