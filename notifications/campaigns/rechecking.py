"""What a campaign told is asked about once more when it leaves: hours may lie between, a night or a pause.

A campaign that was stopped says nothing more; a paused one holds back what it told already. Nobody is written
to whom the invitation does not fit any more, or who said no to this way meanwhile. The notice in the portal
stays: it is what was said then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from notifications.campaigns.audience import who_fit
from notifications.campaigns.criteria import Criteria
from notifications.declining import DECLINED, Carried, declined
from notifications.models.campaigns import Campaign, CampaignState
from notifications.wording_campaigns import PREFIX
from steadwell.ids import PersonId

STOPPED, UNFIT = "campaign-stopped", "no-longer-fits"
PAUSED = "campaign-paused"
_KEY = "campaign"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Messages that leave no more, each with the cause; and those that wait for their campaign."""

    ended: dict[UUID, str] = field(default_factory=dict)
    held: set[UUID] = field(default_factory=set)


def key_of(campaign_id: UUID, person_id: PersonId) -> str:
    """The key of telling one person."""
    return f"{_KEY}:{campaign_id}:{person_id}"


def look(rows: Iterable[Carried], *, now: datetime) -> Verdict:
    """Nothing is asked where none of them is of a campaign; else a few statements, and a few per campaign."""
    verdict, by_campaign = Verdict(), _by_campaign(rows)
    if not by_campaign:
        return verdict
    campaigns = Campaign.objects.in_bulk(list(by_campaign))
    going: list[Carried] = []
    for campaign_id, several in by_campaign.items():
        campaign = campaigns.get(campaign_id)
        if campaign is None or campaign.state == CampaignState.STOPPED:
            verdict.ended.update({each.id: STOPPED for each in several})
        elif campaign.state == CampaignState.PAUSED:
            verdict.held.update(each.id for each in several)
        else:
            fit = who_fit(Criteria.of(campaign.criteria), _people(several), now=now)
            verdict.ended.update({each.id: UNFIT for each in several if each.person_id not in fit})
            going += [each for each in several if each.person_id in fit]
    verdict.ended.update(dict.fromkeys(declined(going), DECLINED))
    return verdict


def _by_campaign(rows: Iterable[Carried]) -> dict[UUID, list[Carried]]:
    found: dict[UUID, list[Carried]] = {}
    for each in rows:
        if each.template.startswith(PREFIX) and (campaign_id := _campaign_of(each.key)):
            found.setdefault(campaign_id, []).append(each)
    return found


def _campaign_of(key: str) -> UUID | None:
    """None for the words of a campaign that something else said."""
    kind, _, rest = key.partition(":")
    try:
        return UUID(rest.partition(":")[0]) if kind == _KEY else None
    except ValueError:
        return None


def _people(rows: Iterable[Carried]) -> list[PersonId]:
    return [PersonId(each.person_id) for each in rows if each.person_id]
