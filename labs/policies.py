"""The rows of the release policy: written by the clinic's managers, versioned, and never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from labs.models import ReleaseDefault, ReleaseRule
from labs.policy import Choice, Delay, Legal, Rule
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound, Stale
from steadwell.ids import SiteId, new_id

MOST_RULES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """A row as its writer gives it; see policy.Rule."""

    delay: Delay
    legal: Legal
    legal_text: str
    words: Mapping[str, str]
    loinc: str = ""
    site_id: SiteId | None = None
    age_from: int | None = None
    age_until: int | None = None
    on_choice: Choice | None = None
    hours: int = 0
    longest_hours: int = 0
    active_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds for patients of a site who chose nothing; ``legal`` where that is a delay."""

    choice: Choice
    legal: Legal | None = None


def current_rules() -> tuple[Rule, ...]:
    """Every row in its current version, one statement. Which are active is the case's to say."""
    rows = ReleaseRule.objects.order_by("entity_id", "-version").distinct("entity_id")[:MOST_RULES]
    return tuple(_rule(row) for row in rows)


def set_rule(
    *,
    actor: Actor,
    rule: NewRule,
    now: datetime,
    rule_id: UUID | None = None,
    seen: int = 0,
    reason: str = "",
) -> UUID:
    """Add a row, or the next version of one; it counts for what is filed from now on.

    ``seen`` is the version that the writer saw; Stale when somebody else was faster.
    """
    _may_write(actor)
    if wrong := mistakes(rule):
        raise Invalid(fields=wrong)
    entity_id = rule_id or new_id()
    with transaction.atomic():
        _next(entity_id, seen)
        ReleaseRule.objects.create(
            entity_id=entity_id, version=seen + 1, supersedes=seen or None, valid_from=now,
            valid_to=rule.active_until, recorded_at=now, recorded_by=actor.user_id,
            recorded_role=_role(actor, rule.site_id), reason=reason, loinc=rule.loinc, site_id=rule.site_id,
            age_from=rule.age_from,
            age_until=rule.age_until, on_choice=rule.on_choice or "", delay=rule.delay, hours=rule.hours,
            longest_hours=rule.longest_hours, legal=rule.legal, legal_text=rule.legal_text,
            words=dict(rule.words),
        )  # fmt: skip
        audit.record(
            actor=actor, action="release-rule.set", category="set-up", now=now, entity_id=entity_id,
            site_id=rule.site_id,
            reason=reason, detail={"version": str(seen + 1), "delay": rule.delay, "legal": rule.legal},
        )  # fmt: skip
    return entity_id


def retire_rule(*, actor: Actor, rule_id: UUID, seen: int, now: datetime, reason: str = "") -> None:
    """The row counts no more. What it holds now is released: its reason is gone (release.withdraw)."""
    _may_write(actor)
    row = ReleaseRule.objects.filter(entity_id=rule_id).order_by("-version").first()
    if row is None:
        raise NotFound
    with transaction.atomic():
        _next(rule_id, seen)
        row.pk, row.version, row.supersedes = None, seen + 1, seen
        row.valid_to = max(now, row.valid_from + timedelta(microseconds=1))  # an empty time is no time
        row.recorded_at, row.recorded_by, row.recorded_role = now, actor.user_id, _role(actor, row.site_id)
        row.reason = reason
        row.save(force_insert=True)
        audit.record(
            actor=actor, action="release-rule.retire", category="set-up", now=now, entity_id=rule_id,
            site_id=SiteId(row.site_id) if row.site_id else None,
            reason=reason, detail={"version": str(seen + 1)},
        )  # fmt: skip


def standing_at(site_id: SiteId | None) -> Standing:
    """At once, unless the site says otherwise."""
    row = ReleaseDefault.objects.filter(entity_id=site_id).order_by("-version").first() if site_id else None
    if row is None:
        return Standing(choice=Choice.AT_ONCE)
    return Standing(choice=Choice(row.choice), legal=Legal(row.legal) if row.legal else None)


def set_standing(
    *, actor: Actor, site_id: SiteId, choice: Choice, legal: Legal | None, now: datetime, reason: str = ""
) -> None:
    """What holds at a site for patients who chose nothing. A delay needs its reason in law."""
    _may_write(actor)
    if Role.ADMINISTRATOR not in actor.roles and not actor.is_system and not actor.works_at(site_id):
        raise NotFound
    if choice is not Choice.AT_ONCE and legal is None:
        raise Invalid(fields={"legal": _("A delay for everybody needs its legal reason.")})
    with transaction.atomic():
        last = ReleaseDefault.objects.filter(entity_id=site_id).order_by("-version").first()
        version = last.version if last else 0
        ReleaseDefault.objects.create(
            entity_id=site_id, version=version + 1, supersedes=version or None, valid_from=now,
            recorded_at=now, recorded_by=actor.user_id, recorded_role=_role(actor, site_id),
            reason=reason, choice=choice, legal=legal or "",
        )  # fmt: skip
        audit.record(
            actor=actor, action="release-default.set", category="set-up", now=now, entity_id=site_id,
            site_id=site_id,
            reason=reason, detail={"choice": choice, "legal": legal or ""},
        )  # fmt: skip


def mistakes(rule: NewRule) -> Mapping[str, str]:
    """What is wrong with a row, by field; empty when it may be set."""
    wrong: dict[str, str] = {}
    if rule.delay is not Delay.NONE and rule.longest_hours < max(1, rule.hours):
        wrong["longest_hours"] = _("Say after how many hours it ends at the latest.")
    if rule.delay is Delay.HOURS and rule.hours < 1:
        wrong["hours"] = _("Say how many hours after the final result.")
    if rule.delay is Delay.PROXIES and rule.age_until is None:
        wrong["age_until"] = _("A rule about those who act for a child ends with an age.")
    if rule.age_from is not None and rule.age_until is not None and rule.age_from >= rule.age_until:
        wrong["age_until"] = _("This must be above the first age.")
    if rule.delay not in {Delay.NONE, Delay.PROXIES} and not rule.words.get("en", "").strip():
        wrong["words"] = _("Say in words why the patient does not see it yet.")
    if not rule.legal_text.strip():
        wrong["legal_text"] = _("Say what the legal reason is here.")
    for sentence in rule.words.values():
        try:
            sentence.format_map({"until": "", "clinic": ""})
        except (KeyError, ValueError, IndexError):
            wrong["words"] = _("Only {until} and {clinic} can stand in braces.")
    return wrong


def _next(entity_id: UUID, seen: int) -> None:
    last = ReleaseRule.objects.filter(entity_id=entity_id).order_by("-version").first()
    if (last.version if last else 0) != seen:
        raise Stale


def _may_write(actor: Actor) -> None:
    if not (actor.has(Role.MANAGER, Role.ADMINISTRATOR) or actor.is_system):
        raise Forbidden


def _role(actor: Actor, site_id: UUID | None) -> str:
    """Those held at the site that a row is about; a row for every site is made in all of them."""
    acting = actor.acting_roles(site_ids=(SiteId(site_id),) if site_id else ())
    return ",".join(sorted(role.value for role in acting))[:64]


def _rule(row: ReleaseRule) -> Rule:
    return Rule(
        rule_id=row.entity_id,
        version=row.version,
        loinc=row.loinc,
        site_id=SiteId(row.site_id) if row.site_id else None,
        age_from=row.age_from,
        age_until=row.age_until,
        on_choice=Choice(row.on_choice) if row.on_choice else None,
        delay=Delay(row.delay),
        hours=row.hours,
        longest_hours=row.longest_hours,
        legal=Legal(row.legal),
        legal_text=row.legal_text,
        words=row.words,
        active_from=row.valid_from,
        active_until=row.valid_to,
    )
