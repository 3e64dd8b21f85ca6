"""Who may see and move campaigns, and how they look."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.functional import Promise

from notifications.campaigns.criteria import Criteria
from notifications.models.campaigns import Campaign, CampaignRecipient, RecipientState
from notifications.types import CampaignView, Invited, InvitedGroup
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.ids import PersonId, SiteId, UserId

ROLES = (Role.MANAGER, Role.ADMINISTRATOR)
SHOWN = 20


def require(actor: Actor, site_id: SiteId | None) -> UserId:
    """Managers invite the patients of their own sites; administrators everybody. Raises NotFound."""
    if actor.user_id is None or not actor.has(*ROLES):
        raise NotFound
    if not actor.has(Role.ADMINISTRATOR) and (site_id is None or Role.MANAGER not in actor.roles_at(site_id)):
        raise NotFound
    return actor.user_id


def list_campaigns(*, actor: Actor, limit: int = 50) -> list[CampaignView]:
    """Newest first, each manager their own sites'."""
    return [view(row) for row in seen_by(actor).order_by("-created_at")[: min(limit, 200)]]


def get_campaign(*, actor: Actor, campaign_id: UUID) -> CampaignView:
    row = seen_by(actor).filter(pk=campaign_id).first()
    if row is None:
        raise NotFound
    return view(row, _numbers(row))


def counted(row: Campaign) -> list[tuple[str | Promise, int]]:
    """How many people stand how."""
    numbers = _numbers(row)
    return [(state.label, numbers[state]) for state in RecipientState]


def _numbers(row: Campaign) -> Counter[str]:
    found = CampaignRecipient.objects.filter(campaign=row).values_list("state").annotate(n=Count("id"))
    return Counter(dict(found.values_list("state", "n")))


def list_groups(*, actor: Actor, campaign_id: UUID) -> list[InvitedGroup]:
    """How many are told in which language and by which ways, most first."""
    get_campaign(actor=actor, campaign_id=campaign_id)
    rows = CampaignRecipient.objects.filter(campaign_id=campaign_id).values("language", "ways")
    return [
        InvitedGroup(language=row["language"], ways=_ways(row["ways"]), people=row["n"])
        for row in rows.annotate(n=Count("id")).order_by("-n", "language", "ways")[:50]
    ]


def list_invited(*, actor: Actor, campaign_id: UUID) -> list[Invited]:
    """The first of those who are told, in the order in which they are. Their names are asked of identity, and
    that is audited.
    """
    get_campaign(actor=actor, campaign_id=campaign_id)
    rows = CampaignRecipient.objects.filter(campaign_id=campaign_id).order_by("id")[:SHOWN]
    return [
        Invited(
            person_id=PersonId(row.person_id), language=row.language, ways=_ways(row.ways),
            state=row.state, cause=row.cause,
        )
        for row in rows
    ]  # fmt: skip


def locked(actor: Actor, campaign_id: UUID) -> Campaign:
    row = seen_by(actor).select_for_update().filter(pk=campaign_id).first()
    if row is None:
        raise NotFound
    return row


def view(row: Campaign, counted: Counter[str] | None = None) -> CampaignView:
    numbers = counted or Counter()
    return CampaignView(
        campaign_id=row.pk, name=row.name, template=row.template, criteria=Criteria.of(row.criteria).saved(),
        site_id=SiteId(row.site_id) if row.site_id else None, state=row.state, per_minute=row.per_minute,
        created_at=row.created_at, planned_at=row.planned_at, started_at=row.started_at,
        ended_at=row.ended_at, planned=numbers[RecipientState.PLANNED], told=numbers[RecipientState.TOLD],
        failed=numbers[RecipientState.FAILED], skipped=numbers[RecipientState.SKIPPED],
    )  # fmt: skip


def last_at(found: CampaignView, *, at_once: int, now: datetime) -> datetime | None:
    """When the last of those who wait would be told, from now on; None where nobody waits."""
    if not found.planned:
        return None
    batches = (found.planned - 1) // at_once
    return now + timedelta(minutes=batches * at_once / found.per_minute)


def _ways(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def seen_by(actor: Actor) -> QuerySet[Campaign]:
    if actor.user_id is None or not actor.has(*ROLES):
        raise NotFound
    rows = Campaign.objects.all()
    if actor.has(Role.ADMINISTRATOR):
        return rows
    return rows.filter(site_id__in=[site for site in actor.site_ids if Role.MANAGER in actor.roles_at(site)])
