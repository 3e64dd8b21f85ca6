"""A campaign's life: saved, worked out, started, paused, stopped; each move by one conditional step.

Working out and telling go in batches, each the work of a row with a due time, so that a killed worker costs
one batch's lease and nothing is told twice: a person is one row of the campaign, and a telling has one key,
also where two rows turned out to be one person meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, OperationalError, transaction
from django.utils.translation import gettext_noop

from notifications import metrics, ports, telling, wordings
from notifications.campaigns import access, rechecking
from notifications.campaigns.audience import next_batch, who_fit
from notifications.campaigns.criteria import Criteria
from notifications.errors import CampaignMoved
from notifications.models.campaigns import Campaign, CampaignRecipient, CampaignState, RecipientState
from notifications.types import CampaignView
from notifications.wording_campaigns import PREFIX
from steadwell.actor import Actor, system
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound, Refusal
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, new_id
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow
from steadwell.transactions import write

PLAN = "notifications.campaign-plan"
SEND = "notifications.campaign-send"
AT_ONCE = 50  # people in one transaction
PACES = (60, 300, 1200)
NAME_LENGTH = 120
_ACTOR = system("campaigns")
# Which state each word leads to, and from where.
_MOVES: Mapping[str, tuple[frozenset[CampaignState], CampaignState]] = {
    "plan": (
        frozenset({CampaignState.DRAFT, CampaignState.PLANNED, CampaignState.PLANNING}),
        CampaignState.PLANNING,
    ),
    "start": (frozenset({CampaignState.PLANNED}), CampaignState.RUNNING),
    "pause": (frozenset({CampaignState.RUNNING}), CampaignState.PAUSED),
    "resume": (frozenset({CampaignState.PAUSED}), CampaignState.RUNNING),
    "stop": (
        frozenset(
            {
                CampaignState.DRAFT, CampaignState.PLANNING, CampaignState.PLANNED, CampaignState.RUNNING,
                CampaignState.PAUSED,
            }
        ),
        CampaignState.STOPPED,
    ),
}  # fmt: skip


def create(
    *,
    actor: Actor,
    name: str,
    template: str,
    criteria: Criteria,
    per_minute: int,
    request_key: str,
    now: datetime,
) -> CampaignView:
    """Save a campaign; nothing is worked out or sent. Repeating the request answers the first one.

    Raises NotFound to those without the right, also for a site that is not theirs; Invalid.
    """
    site_id = SiteId(criteria.site_id) if criteria.site_id else None
    author = access.require(actor, site_id)
    criteria.check()
    wrong = {}
    if not name.strip():
        wrong["name"] = gettext_noop("Give it a name.")
    if not template.startswith(PREFIX):
        wrong["template"] = gettext_noop("Choose among the messages listed.")
    if per_minute not in PACES:
        wrong["per_minute"] = gettext_noop("Choose among the numbers listed.")
    if wrong:
        raise Invalid(fields=wrong)
    wordings.find_template(template)
    said = criteria.saved()
    body = {"name": name, "template": template, "criteria": said, "per_minute": per_minute}
    with transaction.atomic():
        new = outbox.claim_request(
            actor=actor, key=request_key, operation="campaign.create", body=body, result_id=new_id(), now=now
        )
        row, is_new = Campaign.objects.get_or_create(
            id=new,
            defaults={
                "name": name.strip()[:NAME_LENGTH], "template": template, "criteria": said,
                "site_id": site_id, "state": CampaignState.DRAFT, "per_minute": per_minute,
                "created_by": author, "created_at": now,
            },
        )  # fmt: skip
        if is_new:
            _record(actor, "campaign.create", row, now)
    return access.view(row)


def move(*, actor: Actor, campaign_id: UUID, word: str, now: datetime) -> CampaignView:
    """``plan``, ``start``, ``pause``, ``resume`` or ``stop``. Repeating a word that has had its effect
    changes nothing. Raises NotFound, CampaignMoved where the campaign stands otherwise meanwhile, and Busy
    while one of its batches takes long.
    """
    if word not in _MOVES:
        raise NotFound
    sources, target = _MOVES[word]

    def work() -> CampaignView:
        row = access.locked(actor, campaign_id)
        if row.state == target and word != "plan":
            return access.view(row)
        if row.state not in sources:
            raise CampaignMoved
        row.state = target
        if word == "plan":
            CampaignRecipient.objects.filter(campaign=row, state=RecipientState.PLANNED).delete()
            row.cursor, row.round, row.planned_at = None, row.round + 1, None
            _promise(PLAN, row, f"{row.round}:first", due_at=now, now=now)
        if word == "start":
            row.started_at = now
        if target is CampaignState.RUNNING:
            row.round += 1
            _promise(SEND, row, f"{row.round}:0", due_at=now, now=now)
        if target is CampaignState.STOPPED:
            row.ended_at = now
        row.save()
        _record(actor, f"campaign.{word}", row, now)
        return access.view(row)

    return write(work)


def plan_batch(row: DueRow, ctx: DeliveryContext) -> None:
    """Work out the next people. A campaign that was stopped or begun anew is left alone."""
    found = _current(row, CampaignState.PLANNING)
    if found is None:
        return
    after = PersonId(found.cursor) if found.cursor else None
    batch = next_batch(Criteria.of(found.criteria), after=after, now=ctx.now)
    CampaignRecipient.objects.bulk_create(
        [
            CampaignRecipient(
                campaign=found, person_id=each.person_id, language=each.language,
                ways=",".join(each.ways), state=RecipientState.PLANNED,
            )
            for each in batch.people
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    found.cursor = batch.after
    if batch.after is None:
        found.state, found.planned_at = CampaignState.PLANNED, ctx.now
    else:
        _promise(PLAN, found, f"{found.round}:{batch.after}", due_at=ctx.now, now=ctx.now)
    found.save()


def send_batch(row: DueRow, ctx: DeliveryContext) -> None:
    """Tell the next people and promise the batch after them, in the pace that was chosen."""
    found = _current(row, CampaignState.RUNNING)
    if found is None:
        return
    number = int(row.payload["step"].partition(":")[2])
    people = list(
        CampaignRecipient.objects.select_for_update()
        .filter(campaign=found, state=RecipientState.PLANNED)
        .order_by("id")[:AT_ONCE]
    )
    left_out = _left_out(found, people, now=ctx.now)
    for each in people:
        if each.person_id in left_out:
            each.state, each.cause = RecipientState.SKIPPED, rechecking.UNFIT
            each.save(update_fields=["state", "cause"])
            metrics.invited.inc(outcome=each.state)
        else:
            _tell(found, each, now=ctx.now)
    if len(people) < AT_ONCE:
        found.state, found.ended_at = CampaignState.DONE, ctx.now
        found.save()
        _record(_ACTOR, "campaign.done", found, ctx.now)
        return
    pause = timedelta(minutes=AT_ONCE / found.per_minute)
    _promise(SEND, found, f"{found.round}:{number + 1}", due_at=ctx.now + pause, now=ctx.now)


def _left_out(
    campaign: Campaign, people: Sequence[CampaignRecipient], *, now: datetime
) -> frozenset[PersonId]:
    """Those who fitted when it was worked out and do not any more. One whom nobody knows is none of them."""
    ids = [PersonId(each.person_id) for each in people]
    fit = who_fit(Criteria.of(campaign.criteria), ids, now=now)
    others = [each for each in ids if each not in fit]
    return frozenset(identity.ids_of_many(others)) if others else frozenset()


def _tell(campaign: Campaign, each: CampaignRecipient, *, now: datetime) -> None:
    """One who cannot be told does not keep the others from it. What another transaction was in the way of is
    no such fault: the batch runs again.
    """
    try:
        with transaction.atomic():
            person_id = identity.current_person(PersonId(each.person_id))
            telling.tell(
                person_id=person_id,
                template=campaign.template,
                params={"path": ports.clinic().booking_path()},
                key=rechecking.key_of(campaign.pk, person_id),
                about=None,
                site_id=SiteId(campaign.site_id) if campaign.site_id else None,
                urgency="bulk",
                now=now,
            )
        each.state, each.told_at = RecipientState.TOLD, now
    except OperationalError:
        raise
    except (Refusal, DatabaseError) as error:
        each.state, each.cause = RecipientState.FAILED, str(getattr(error, "code", "fault"))[:60]
    each.save(update_fields=["state", "told_at", "cause"])
    metrics.invited.inc(outcome=each.state)


def _current(row: DueRow, state: CampaignState) -> Campaign | None:
    """The campaign, locked, when it still stands as it did when this step was promised."""
    found = Campaign.objects.select_for_update().filter(pk=row.payload["campaign"], state=state).first()
    step_round = int(row.payload["step"].partition(":")[0])
    return found if found is not None and found.round == step_round else None


def _promise(kind: str, row: Campaign, step: str, *, due_at: datetime, now: datetime) -> None:
    outbox.schedule(
        kind=kind, key=f"{row.pk}:{step}", due_at=due_at, now=now, about=row.pk,
        payload={"campaign": str(row.pk), "step": step},
    )  # fmt: skip


def _record(actor: Actor, action: str, row: Campaign, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category="campaign", now=now, entity_id=row.pk,
        detail={"template": row.template, "state": row.state},
        site_id=SiteId(row.site_id) if row.site_id else None,
    )  # fmt: skip
