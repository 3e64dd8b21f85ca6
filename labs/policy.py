"""When a result is shown to whom: the rules of the release policy, and what they ask for in one case. Pure.

A rule is a row that the clinic writes (policies.py), never a number in code. It names the test, the patient's
age and the site it is about, how long it holds a result back, the legal reason it may do so, and the words in
which the patient is told. Whatever holds a result back ends by itself, at the latest at ``longest_hours``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from steadwell.ids import SiteId


class Delay(StrEnum):
    """What a rule waits for. The last one is about those who act for the patient, the others about all."""

    NONE = "none"
    SIGNED = "until-signed"
    TALKED = "until-talked"
    HOURS = "hours-after-final"
    PROXIES = "hidden-from-proxies"  # while the patient is of the rule's age


class Audience(StrEnum):
    EVERYONE = "everyone"  # the patient, and so whoever acts for them
    PROXIES = "proxies"


class Cause(StrEnum):
    RULE = "rule"
    CHOICE = "choice"  # the patient's own, or the clinic's standing answer for who has not chosen


class Choice(StrEnum):
    """What a patient may choose about all their results."""

    AT_ONCE = "at-once"
    AFTER_SEEN = "after-seen"
    AFTER_TALK = "after-talk"


class Legal(StrEnum):
    """Why the law lets a result be held back: the exceptions of 45 CFR part 171 and what another law asks."""

    LAW = "45 CFR 171.103(a)(1)"  # required by law
    HARM = "45 CFR 171.201"  # preventing harm
    CONSENT = "45 CFR 171.202(b)"  # privacy: a law asks for somebody's consent first
    DENIAL = "45 CFR 171.202(d)"  # privacy: access may be denied (HIPAA, 164.524)
    REQUEST = "45 CFR 171.202(e)"  # privacy: the individual asked not to have it shared
    SECURITY = "45 CFR 171.203"
    INFEASIBLE = "45 CFR 171.204"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the policy. ``loinc`` empty: every test; ``site_id`` None: every site; ages in whole years,
    from included, until not. ``on_choice``: it says what that choice of a patient means.
    """

    rule_id: UUID
    version: int
    loinc: str
    site_id: SiteId | None
    age_from: int | None
    age_until: int | None
    on_choice: Choice | None
    delay: Delay
    hours: int
    longest_hours: int
    legal: Legal
    legal_text: str
    words: Mapping[str, str]
    active_from: datetime
    active_until: datetime | None

    @property
    def audience(self) -> Audience:
        return Audience.PROXIES if self.delay is Delay.PROXIES else Audience.EVERYONE

    def is_active(self, at: datetime) -> bool:
        return self.active_from <= at and (self.active_until is None or at < self.active_until)

    @property
    def specificity(self) -> tuple[bool, bool, bool, datetime]:
        """The rule that says most about a case wins: its site, its test, its age, then the newer one."""
        has_age = self.age_from is not None or self.age_until is not None
        return (self.site_id is not None, bool(self.loinc), has_age, self.active_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One report, as far as the policy asks. ``standing`` is the legal reason of the clinic's own default,
    None where the patient chose themself. ``final_at`` is None until it is final.
    """

    report_loinc: str
    loincs: tuple[str, ...]
    site_id: SiteId | None
    zone: ZoneInfo
    born: date | None
    opened_at: datetime
    final_at: datetime | None
    choice: Choice
    standing: Legal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A hold that a rule asks for. ``loinc`` empty: the whole report."""

    loinc: str
    audience: Audience
    cause: Cause
    rule: Rule
    legal: Legal
    starts_at: datetime
    ends_at: datetime


def wanted(rules: Sequence[Rule], case: Case) -> tuple[Wanted, ...]:
    """Every hold that the policy asks for in this case, each once."""
    active = [rule for rule in rules if rule.is_active(case.opened_at)]
    found: dict[tuple[str, Audience, Cause], Wanted] = {}
    chosen = _pick((r for r in active if r.on_choice is case.choice), case, "")
    if chosen is not None and case.choice is not Choice.AT_ONCE:
        _add(found, _hold(chosen, case, loinc="", cause=Cause.CHOICE))
    general = [rule for rule in active if rule.on_choice is None]
    for test in dict.fromkeys((case.report_loinc, *case.loincs)):
        for audience in Audience:
            rule = _pick((r for r in general if r.audience is audience), case, test)
            if rule is None or rule.delay is Delay.NONE:
                continue
            whole = not rule.loinc or test == case.report_loinc
            _add(found, _hold(rule, case, loinc="" if whole else test, cause=Cause.RULE))
    return tuple(found.values())


def _add(found: dict[tuple[str, Audience, Cause], Wanted], hold: Wanted | None) -> None:
    """Of two that hold the same, the one that ends later."""
    if hold is None:
        return
    key = (hold.loinc, hold.audience, hold.cause)
    if key not in found or found[key].ends_at < hold.ends_at:
        found[key] = hold


def _pick(rules: Iterable[Rule], case: Case, test: str) -> Rule | None:
    fitting = [rule for rule in rules if _fits(rule, case, test)]
    return max(fitting, key=lambda rule: rule.specificity, default=None)


def _fits(rule: Rule, case: Case, test: str) -> bool:
    if rule.loinc and rule.loinc != test:
        return False
    if rule.site_id is not None and rule.site_id != case.site_id:
        return False
    if rule.audience is Audience.PROXIES:
        return True  # the age is the time during which it holds
    return _is_of_age(rule, case)


def _is_of_age(rule: Rule, case: Case) -> bool:
    if rule.age_from is None and rule.age_until is None:
        return True
    if case.born is None:
        return True  # nobody knows that it does not apply
    age = age_on(case.born, case.opened_at.astimezone(case.zone).date())
    return (rule.age_from or 0) <= age and (rule.age_until is None or age < rule.age_until)


def _hold(rule: Rule, case: Case, *, loinc: str, cause: Cause) -> Wanted | None:
    starts_at, ends_at = case.opened_at, case.opened_at + timedelta(hours=rule.longest_hours)
    if rule.delay is Delay.HOURS and case.final_at is not None:
        ends_at = min(ends_at, case.final_at + timedelta(hours=rule.hours))
    if rule.delay is Delay.PROXIES and case.born is not None:
        starts_at = birthday(case.born, rule.age_from or 0, case.zone)
        if rule.age_until is not None:
            ends_at = birthday(case.born, rule.age_until, case.zone)
    if ends_at <= max(case.opened_at, starts_at):
        return None
    legal = case.standing if cause is Cause.CHOICE and case.standing is not None else rule.legal
    return Wanted(
        loinc=loinc, audience=rule.audience, cause=cause, rule=rule, legal=legal,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip


def age_on(born: date, on: date) -> int:
    """Age in whole years. Who is born on 29 February is a year older on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def birthday(born: date, years: int, zone: ZoneInfo) -> datetime:
    """The instant at which somebody turns ``years``: local midnight."""
    try:
        day = born.replace(year=born.year + years)
    except ValueError:
        day = date(born.year + years, 3, 1)
    return datetime.combine(day, time(), tzinfo=zone)
