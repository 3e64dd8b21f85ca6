"""What is written: by the patient's side, which opens a promise, and by the care team, which ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from messaging import access, metrics, ports, promising, viewing
from messaging.errors import (
    ConversationIsClosed,
    ConversationIsFull,
    NotOfTheTeam,
    StaleConversation,
)
from messaging.locking import lock_conversation
from messaging.models import Conversation, Entry
from messaging.status import Move, after
from messaging.types import LONGEST, ConversationView, Side, State, Step, Subject
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, UserId
from steadwell.outbox import service as outbox
from steadwell.transactions import write

CATEGORY = "conversation"
MOST_ENTRIES = 500
# In which of several roles at a site somebody writes: the one that says most to a patient.
_FIRST = (Role.CLINICIAN, Role.FRONT_DESK)


def list_sites(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[SiteId, ...]:
    """Where a patient can write to, by name: the sites that know them, and all while none does."""
    access.may_write_for(actor, person_id)
    names = ports.clinic().site_names(now=now)
    known = ports.clinic().sites_of_patient(person_ids=identity.ids_for(actor, person_id)) & names.keys()
    return tuple(sorted(known or names, key=lambda site: (names[site].casefold(), site)))


def start_conversation(
    *,
    actor: Actor,
    person_id: PersonId,
    site_id: SiteId,
    subject: Subject,
    text: str,
    request_key: str,
    now: datetime,
) -> ConversationView:
    """Write to the care team of a site about something new.

    Repeating the request_key answers the first conversation. Raises ConversationNotFound for who does not
    stand for the patient, Invalid for a site that is not among ``list_sites`` and for words that are none,
    or too many.
    """
    said = _words(text, "text")
    body = {"person": str(person_id), "site": str(site_id), "subject": str(subject), "text": said}

    def work() -> ConversationView:
        access.may_write_for(actor, person_id)
        conversation_id, is_new = outbox.begin_request(actor, request_key, "messaging.start", body, now)
        if not is_new:
            return viewing.with_entries(lock_conversation(conversation_id), Side.PATIENT)
        if site_id not in list_sites(actor=actor, person_id=person_id, now=now):
            raise Invalid(fields={"site": "unknown"})
        deadline = promising.answer_by(site_id, now)
        row = Conversation(
            id=conversation_id, version=0, person_id=person_id, site_id=site_id,
            subject=Subject(subject).value, state=State.WAITING.value, started_at=now, changed_at=now,
            waiting_since=now, answer_by=deadline,
        )  # fmt: skip
        _add(row, Step.MESSAGE, Side.PATIENT, actor, said, now)
        promising.open_promise(row, deadline=deadline, now=now)
        _record(actor, "start", row, now)
        return viewing.with_entries(row, Side.PATIENT)

    return write(work)


def write_message(
    *, actor: Actor, conversation_id: UUID, text: str, request_key: str, now: datetime
) -> ConversationView:
    """The patient's side writes on; what was closed is open again. Staff ``answer``.

    Asks for no version: the patient's words are right whatever was written meanwhile. Raises
    ConversationNotFound, ConversationIsFull, Invalid.
    """
    said = _words(text, "text")
    body = {"conversation": str(conversation_id), "text": said}

    def do(row: Conversation) -> None:
        deadline = promising.answer_by(SiteId(row.site_id), now)
        if row.state != State.WAITING.value:
            row.waiting_since, row.answer_by = now, deadline
        _move(row, Move.WRITE)
        _add(row, Step.MESSAGE, Side.PATIENT, actor, said, now)
        promising.open_promise(row, deadline=deadline, now=now)

    return _act(actor, conversation_id, None, Side.PATIENT, "write", body, request_key, now, do)


def answer(
    *,
    actor: Actor,
    conversation_id: UUID,
    seen_version: int,
    text: str,
    request_key: str,
    now: datetime,
) -> ConversationView:
    """The care team writes; the patient is told that it did, and what was promised to them is kept.

    Raises StaleConversation where anybody wrote since ``seen_version``, ConversationNotFound, Invalid.
    """
    said = _words(text, "text")
    body = {"conversation": str(conversation_id), "seen": seen_version, "text": said}

    def do(row: Conversation) -> None:
        _settle(row, Move.ANSWER, now)
        _add(row, Step.MESSAGE, Side.CARE_TEAM, actor, said, now)
        promising.keep_promise(row, "conversation.answered", now=now)

    return _act(actor, conversation_id, seen_version, Side.CARE_TEAM, "answer", body, request_key, now, do)


def close_conversation(
    *,
    actor: Actor,
    conversation_id: UUID,
    seen_version: int,
    reason: str,
    request_key: str,
    now: datetime,
) -> ConversationView:
    """The care team ends it with words that the patient reads. Raises as ``answer`` does, and
    ConversationIsClosed.
    """
    said = _words(reason, "reason")
    body = {"conversation": str(conversation_id), "seen": seen_version, "reason": said}

    def do(row: Conversation) -> None:
        _settle(row, Move.CLOSE, now)
        row.assigned_to = None
        _add(row, Step.CLOSED, Side.CARE_TEAM, actor, said, now)
        promising.keep_promise(row, "conversation.closed", now=now)

    return _act(actor, conversation_id, seen_version, Side.CARE_TEAM, "close", body, request_key, now, do)


def assign_conversation(
    *,
    actor: Actor,
    conversation_id: UUID,
    seen_version: int,
    to: UserId | None,
    request_key: str,
    now: datetime,
) -> ConversationView:
    """Take it (``to`` is oneself), hand it to a colleague, or put it back for everybody (None). It only says
    who sees to it: all who may read it may still answer. Raises NotOfTheTeam, StaleConversation,
    ConversationIsClosed, ConversationNotFound.
    """
    body = {"conversation": str(conversation_id), "seen": seen_version, "to": str(to)}

    def do(row: Conversation) -> None:
        if to not in {None, actor.user_id} and to not in _team(row, now):
            raise NotOfTheTeam
        _move(row, Move.ASSIGN)
        row.assigned_to = to
        _add(row, Step.ASSIGNED, Side.CARE_TEAM, actor, "", now, assigned_to=to)

    return _act(actor, conversation_id, seen_version, Side.CARE_TEAM, "assign", body, request_key, now, do)


def _act(
    actor: Actor,
    conversation_id: UUID,
    seen_version: int | None,
    side: Side,
    action: str,
    body: Mapping[str, object],
    key: str,
    now: datetime,
    do: Callable[[Conversation], None],
) -> ConversationView:
    """Lock, recheck, claim, do, audit."""

    def work() -> ConversationView:
        row = lock_conversation(conversation_id)
        access.may_act(actor, side, person_id=row.person_id, site_id=row.site_id, subject=row.subject)
        _, is_new = outbox.begin_request(actor, key, f"messaging.{action}", body, now)
        if is_new:
            _refuse_stale(row, seen_version, side)
            if side is Side.PATIENT and row.version >= MOST_ENTRIES:  # staff can still answer and close
                raise ConversationIsFull
            do(row)
            _record(actor, action, row, now)
        return viewing.with_entries(row, side)

    return write(work)


def _refuse_stale(row: Conversation, seen_version: int | None, side: Side) -> None:
    if seen_version is not None and row.version != seen_version:
        current = viewing.with_entries(row, side)
        raise StaleConversation(seen=viewing.as_seen(current, seen_version), current=current)


def _settle(row: Conversation, move: Move, now: datetime) -> None:
    """The care team's turn is over."""
    if row.waiting_since is not None:
        metrics.note_answer((now - row.waiting_since).total_seconds())
    _move(row, move)
    row.waiting_since = row.answer_by = None


def _move(row: Conversation, move: Move) -> None:
    state = after(move, State(row.state))
    if state is None:
        raise ConversationIsClosed
    row.state = state.value


def _add(
    row: Conversation,
    step: Step,
    side: Side,
    actor: Actor,
    text: str,
    now: datetime,
    *,
    assigned_to: UserId | None = None,
) -> None:
    """The next entry; the conversation is written with it, and its version is the entry's number."""
    row.version += 1
    row.changed_at = now
    if side is Side.PATIENT:
        row.last_of_patient = row.version
    elif step is not Step.ASSIGNED:
        row.last_of_team = row.version
    row.save()
    Entry.objects.create(
        conversation=row, number=row.version, step=step.value, side=side.value, author_id=actor.user_id,
        role=_role(actor, side, row), text=text, assigned_to=assigned_to, at=now,
        practitioner_id=actor.practitioner_id if side is Side.CARE_TEAM else None,
    )  # fmt: skip
    if step is not Step.ASSIGNED:
        metrics.note_entry(side)


def _role(actor: Actor, side: Side, row: Conversation) -> str:
    if side is Side.PATIENT:
        return min(actor.acting_roles(subject_id=PersonId(row.person_id))).value
    held = access.answering_roles(actor, SiteId(row.site_id))
    return next(role for role in _FIRST if role in held).value


def _team(row: Conversation, now: datetime) -> set[UserId]:
    """Who of the site's staff may read it. One statement a role."""
    roles = access.ANSWERED_BY[Subject(row.subject)]
    site_id = SiteId(row.site_id)
    return {
        user_id
        for role in sorted(roles)
        for user_id in accounts.staff_at(site_id=site_id, role=role, now=now)
    }


def _words(text: str, field: str) -> str:
    """As typed, with one kind of line end and nothing around. A line's end counts as one character."""
    said = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not said:
        raise Invalid(fields={field: "missing"})
    if len(said) > LONGEST:
        raise Invalid(fields={field: "too-long"})
    if "\x00" in said:
        raise Invalid(fields={field: "unreadable"})
    return said


def _record(actor: Actor, action: str, row: Conversation, now: datetime) -> None:
    audit.record(
        actor=actor, action=f"conversation.{action}", category=CATEGORY, now=now, entity_id=row.pk,
        subject_id=PersonId(row.person_id), site_id=SiteId(row.site_id),
        detail={"state": row.state, "version": str(row.version)},
    )  # fmt: skip
