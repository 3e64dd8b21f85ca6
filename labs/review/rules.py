"""How long a site gives its clinicians to read, and to answer a critical value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from labs.models import SiteRules
from labs.models.review import Rank
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import SiteId

LONGEST_HOURS, LONGEST_MINUTES = 24 * 30, 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Hours to read a result, minutes to acknowledge a critical value. These are the defaults."""

    normal_hours: int = 72
    abnormal_hours: int = 24
    critical_minutes: int = 15

    def to_read(self, rank: int) -> timedelta:
        return timedelta(hours=self.normal_hours if rank == Rank.NORMAL else self.abnormal_hours)

    @property
    def to_acknowledge(self) -> timedelta:
        return timedelta(minutes=self.critical_minutes)


DEFAULTS = Rules()


def rules_of(site_id: UUID | None) -> Rules:
    """What holds at a site; the defaults where it said nothing, and for reports of no site."""
    return rules_of_many([site_id]).get(site_id, DEFAULTS) if site_id else DEFAULTS


def rules_of_many(site_ids: Iterable[UUID | None]) -> Mapping[UUID, Rules]:
    rows = SiteRules.objects.filter(site_id__in=[site for site in site_ids if site])
    return {
        row.site_id: Rules(
            normal_hours=row.normal_hours,
            abnormal_hours=row.abnormal_hours,
            critical_minutes=row.critical_minutes,
        )
        for row in rows
    }


def set_rules(*, actor: Actor, site_id: SiteId, rules: Rules, now: datetime) -> None:
    """Change the times of a site, for what comes in from now on. Managers of the site; Invalid, NotFound."""
    may_manage(actor, site_id)
    wrong = {
        name: ""
        for name, most in (
            ("normal_hours", LONGEST_HOURS),
            ("abnormal_hours", LONGEST_HOURS),
            ("critical_minutes", LONGEST_MINUTES),
        )
        if not 1 <= getattr(rules, name) <= most
    }
    if wrong:
        raise Invalid(fields=wrong)
    values = {
        "normal_hours": rules.normal_hours,
        "abnormal_hours": rules.abnormal_hours,
        "critical_minutes": rules.critical_minutes,
    }
    with transaction.atomic(durable=True):
        SiteRules.objects.update_or_create(
            site_id=site_id, defaults={**values, "changed_by": actor.user_id, "changed_at": now}
        )
        audit.record(
            actor=actor, action="lab.rules", category="lab-settings", now=now, entity_id=site_id,
            site_id=site_id,
            detail={name: str(value) for name, value in values.items()},
        )  # fmt: skip


def may_manage(actor: Actor, site_id: UUID) -> None:
    """Settings, rosters and figures of a site: its managers, and administrators."""
    if not actor.roles_at(SiteId(site_id)) & {Role.MANAGER, Role.ADMINISTRATOR}:
        raise NotFound
