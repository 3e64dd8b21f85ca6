"""What patients choose about when they see their results: versioned, honoured everywhere, theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from labs import policies
from labs.models import ReleaseChoice
from labs.policy import Choice, Legal
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound, Stale
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """``legal`` is the clinic's reason where the choice is its standing one, None where it is their own."""

    choice: Choice
    is_own: bool
    legal: Legal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceView:
    """A patient's choice for the page. ``offered`` are those that the policy knows how to honour; ``version``
    is what a change of it must name. ``may_choose``: this reader may.
    """

    person_id: PersonId
    choice: Choice
    is_own: bool
    offered: tuple[Choice, ...]
    version: int
    may_choose: bool


def choice_for(person_id: PersonId, site_id: SiteId | None) -> Chosen:
    """What holds for a patient at a site: their own choice, or the site's for who has not chosen."""
    own = _own(identity.person_ids_of(person_id))
    if own is not None:
        return Chosen(choice=Choice(own.choice), is_own=True)
    standing = policies.standing_at(site_id)
    return Chosen(choice=standing.choice, is_own=False, legal=standing.legal)


_CHOSEN = f"""
SELECT asked.id, (
    SELECT choice FROM labs_releasechoice WHERE entity_id = ANY({identity.same_sql("asked.id")})
    ORDER BY recorded_at DESC, version DESC LIMIT 1
) FROM unnest(%s::uuid[]) AS asked (id)
"""  # noqa: S608 - constants only


def own_choices(person_ids: Iterable[PersonId]) -> Mapping[PersonId, Choice]:
    """What those of these patients chose who chose something. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CHOSEN, [list(person_ids)])
        return {PersonId(pk): Choice(choice) for pk, choice in cursor.fetchall() if choice}


def get_choice(*, actor: Actor, person_id: PersonId, site_id: SiteId | None, now: datetime) -> ChoiceView:
    """For the patient and who acts for them. ``site_id``: whose standing choice holds before they chose."""
    ids = _reach(actor, person_id)
    row = _own(ids)
    offered = {r.on_choice for r in policies.current_rules() if r.on_choice and r.is_active(now)}
    return ChoiceView(
        person_id=person_id,
        choice=Choice(row.choice) if row else policies.standing_at(site_id).choice,
        is_own=row is not None,
        offered=tuple(c for c in Choice if c is Choice.AT_ONCE or c in offered),
        version=row.version if row else 0,
        may_choose=_may_choose(actor, ids),
    )


def choose(*, actor: Actor, person_id: PersonId, choice: Choice, seen: int, now: datetime) -> None:
    """Set the choice; it counts for results that come from now on. Saying the same again changes nothing.

    ``seen`` is the version that the reader saw; Stale when it was changed meanwhile. A proxy chooses only
    for a patient who has no account: nobody else decides when a grown person reads their own results.
    """
    ids = _reach(actor, person_id)
    if not _may_choose(actor, ids):
        raise NotFound
    if choice not in get_choice(actor=actor, person_id=person_id, site_id=None, now=now).offered:
        raise Invalid(fields={"choice": ""})
    with transaction.atomic():
        last = _own(ids)
        if last is not None and last.choice == choice:
            return
        if (last.version if last else 0) != seen:
            raise Stale
        entity_id = last.entity_id if last else person_id
        ReleaseChoice.objects.create(
            entity_id=entity_id, version=seen + 1, supersedes=seen or None, valid_from=now, recorded_at=now,
            recorded_by=actor.user_id, recorded_role=",".join(sorted(actor.roles))[:64], choice=choice,
        )  # fmt: skip
        audit.record(
            actor=actor, action="lab.choose", category="lab", now=now, subject_id=person_id,
            detail={"choice": choice},
        )  # fmt: skip


def _own(person_ids: Collection[PersonId]) -> ReleaseChoice | None:
    """The newest, where a merge brought two together."""
    rows = ReleaseChoice.objects.filter(entity_id__in=person_ids)
    return rows.order_by("-recorded_at", "-version").first()


def _reach(actor: Actor, person_id: PersonId) -> tuple[PersonId, ...]:
    ids = identity.person_ids_of(person_id)
    if not any(actor.stands_for(each) for each in ids):
        raise NotFound
    return ids


def _may_choose(actor: Actor, ids: Collection[PersonId]) -> bool:
    return actor.person_id in ids or not accounts.contacts_of(ids)
