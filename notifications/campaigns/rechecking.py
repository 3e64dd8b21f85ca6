"""What a campaign told is asked about once more when it leaves: hours may lie between, a night or a pause.

A campaign that was stopped says nothing more; a paused one holds back what it told already. Nobody is written
to whom the invitation does not fit any more, or who said no to this way meanwhile. The notice in the portal
stays: it is what was said then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notifications import readers
from notifications.campaigns.audience import who_fit
from notifications.campaigns.criteria import Criteria
from notifications.models import Channel, ReaderChoice
from notifications.models.campaigns import Campaign, CampaignState
from notifications.types import Kind
from notifications.wording_campaigns import PREFIX
from steadwell.identity import service as identity
from steadwell.ids import PersonId

STOPPED, UNFIT, DECLINED = "campaign-stopped", "no-longer-fits", "declined"
PAUSED = "campaign-paused"
_KEY = "campaign"


class Carried(Protocol):
    """What is asked about a message on its way."""

    @property
    def id(self) -> UUID: ...
    @property
    def key(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def person_id(self) -> UUID | None: ...
    @property
    def reader_id(self) -> UUID | None: ...


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
    verdict.ended.update({each.id: DECLINED for each in _declined(going)})
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


def _declined(rows: Sequence[Carried]) -> list[Carried]:
    """Those whose reader chose otherwise since. One who has chosen nothing is told as before."""
    asked = [each for each in rows if each.reader_id and each.person_id]
    if not asked:
        return []
    same = identity.ids_of_many(_people(asked))
    chosen = _choices(same.values(), {each.reader_id for each in asked if each.reader_id})
    found = []
    for each in asked:
        assert each.person_id is not None  # noqa: S101 - asked for above
        ids = same.get(PersonId(each.person_id), (PersonId(each.person_id),))
        newest = max(
            (row for row in chosen if row.reader_id == each.reader_id and row.person_id in ids),
            key=lambda row: row.changed_at,
            default=None,
        )
        if newest is not None and not _wants(readers.wanted_of(newest), each.channel):
            found.append(each)
    return found


def _choices(same: Iterable[Collection[PersonId]], reader_ids: Collection[UUID]) -> list[ReaderChoice]:
    people = {one for several in same for one in several}
    rows = ReaderChoice.objects.filter(
        person_id__in=people, reader_id__in=reader_ids, kind=Kind.CAMPAIGNS.value
    )
    return list(rows)


def _wants(wanted: readers.Wanted, channel: str) -> bool:
    by: Mapping[str, bool] = {
        Channel.EMAIL: wanted.email, Channel.SMS: wanted.sms, Channel.PUSH: wanted.push,
    }  # fmt: skip
    return by.get(channel, True)
