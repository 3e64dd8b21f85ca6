"""Reading conversations, each look with its audit row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from messaging import access, viewing
from messaging.errors import ConversationNotFound
from messaging.locking import lock_conversation
from messaging.models import Conversation, Reading
from messaging.types import ConversationView, Side, State
from messaging.writing import CATEGORY
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId
from steadwell.transactions import write

MOST = 200
MOST_COUNTED = 1000


def list_conversations(
    *, actor: Actor, person_id: PersonId, now: datetime, limit: int = MOST
) -> tuple[ConversationView, ...]:
    """Those of one patient, under whichever id they were begun; the latest first, without what was written.

    Staff get those that they may read. Three statements at most.
    """
    own = actor.stands_for(person_id)
    if not own and not access.answered_by(actor):
        raise ConversationNotFound
    rows = Conversation.objects.filter(person_id__in=identity.ids_for(actor, person_id))
    rows = rows if own else rows.filter(_answered_by(actor))
    found = [viewing.conversation(row) for row in rows.order_by("-changed_at", "-pk")[: min(limit, MOST)]]
    if own:
        found = [replace(each, assigned_to=None) for each in found]
    audit.record(actor=actor, action="conversation.list", category=CATEGORY, now=now, subject_id=person_id)
    return tuple(found)


def list_queue(
    *, actor: Actor, site_id: SiteId, state: State = State.WAITING, now: datetime, limit: int = 50
) -> tuple[ConversationView, ...]:
    """A site's conversations that the actor may answer: what waits, the longest waiting first; of the others
    the latest first. Two statements. ConversationNotFound for who answers nothing there.
    """
    subjects = access.subjects_at(actor, site_id)
    rows = Conversation.objects.filter(site_id=site_id, state=State(state).value, subject__in=subjects)
    rows = rows.exclude(person_id__in=access.own_ids(actor))
    order = ("waiting_since", "pk") if state is State.WAITING else ("-changed_at", "-pk")
    found = tuple(viewing.conversation(row) for row in rows.order_by(*order)[: min(limit, MOST)])
    seen = dict.fromkeys(each.person_id for each in found)
    audit.record_many(
        [
            audit.Entry(action="conversation.queue", category=CATEGORY, subject_id=each, site_ids=(site_id,))
            for each in seen
        ],
        actor=actor,
        now=now,
    )
    return found


def read_conversation(*, actor: Actor, conversation_id: UUID, side: Side, now: datetime) -> ConversationView:
    """All of one, on the reader's screen: the other side sees that, and when, it was read first.

    ``side``: on whose pages; ConversationNotFound for who is not on it. Entries that this side has had before
    are not read anew, so repeating it changes nothing.
    """

    def work() -> ConversationView:
        row = Conversation.objects.filter(pk=conversation_id).first()
        if row is None:
            raise ConversationNotFound
        access.may_act(actor, side, person_id=row.person_id, site_id=row.site_id, subject=row.subject)
        if _unread(row, side):
            row = lock_conversation(conversation_id)
            _note_read(row, side, actor, now)
        view = viewing.with_entries(row, side)
        audit.record(
            actor=actor, action="conversation.read", category=CATEGORY, now=now, entity_id=row.pk,
            subject_id=PersonId(row.person_id), site_id=SiteId(row.site_id),
        )  # fmt: skip
        return view

    return write(work)


def find_holder(*, actor: Actor, conversation_id: UUID) -> tuple[SiteId, UserId | None]:
    """At which site a conversation is and who of its team sees to it. One statement, and no word of what was
    written; ConversationNotFound for who is not of the team.
    """
    row = Conversation.objects.filter(pk=conversation_id).first()
    if row is None:
        raise ConversationNotFound
    access.may_act(actor, Side.CARE_TEAM, person_id=row.person_id, site_id=row.site_id, subject=row.subject)
    return SiteId(row.site_id), UserId(row.assigned_to) if row.assigned_to else None


def list_team(*, actor: Actor, site_id: SiteId, now: datetime) -> dict[UserId, PractitionerId | None]:
    """Whom a conversation at a site can be handed to, and the clinician each of them is."""
    subjects = access.subjects_at(actor, site_id)
    roles = frozenset().union(*(access.ANSWERED_BY[subject] for subject in subjects))
    found: dict[UserId, PractitionerId | None] = {}
    for role in sorted(roles):
        found |= accounts.staff_at(site_id=site_id, role=role, now=now)
    return found


def count_waiting(actor: Actor) -> int:
    """How many wait for the actor's answer at all their sites. One statement, none for who answers none."""
    if not access.answered_by(actor):
        return 0
    rows = Conversation.objects.filter(_answered_by(actor), state=State.WAITING.value)
    return rows[:MOST_COUNTED].count()


def _answered_by(actor: Actor) -> Q:
    """access.side_of as a condition on a row, for the care team."""
    found = Q(pk__in=[])
    for site_id, subjects in access.answered_by(actor).items():
        of_site = Q() if site_id is None else Q(site_id=site_id)
        found |= of_site & Q(subject__in=sorted(subjects))
    return found & ~Q(person_id__in=access.own_ids(actor))


def _unread(row: Conversation, side: Side) -> bool:
    """Whether the other side said something that this one has not had on its screen."""
    if side is Side.PATIENT:
        return row.last_of_team > row.read_by_patient
    return row.last_of_patient > row.read_by_team


def _note_read(row: Conversation, side: Side, actor: Actor, now: datetime) -> None:
    """Under the lock: of two who open it at once the first is kept."""
    if not _unread(row, side):
        return
    Reading.objects.create(conversation=row, side=side.value, up_to=row.version, by_id=actor.user_id, at=now)
    field = "read_by_team" if side is Side.CARE_TEAM else "read_by_patient"
    setattr(row, field, row.version)
    row.save(update_fields=[field])
