"""Linking an account that is there: the desk shows a code to the patient, who enters it signed in.

The desk knows who stands before it; the account's owner is whoever is signed in; the code joins the two.
Neither can do it alone.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from steadwell.accounts import auditing, people
from steadwell.accounts.errors import AlreadyLinked, BirthDateUnknown, CodeNotMatched, InvitationOver
from steadwell.accounts.invitations.opening import (
    CODE_LIVES,
    code_digest,
    end,
    new_code,
    one_at_a_time,
    take_try,
)
from steadwell.accounts.models import Invitation, User
from steadwell.accounts.rights import may_manage_portal_access
from steadwell.accounts.types import LinkCode
from steadwell.actor import Actor, system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

_CODES = frozenset({Invitation.Kind.CODE.value})


def show_link_code(*, actor: Actor, person_id: PersonId, now: datetime) -> LinkCode:
    """A new code for this patient; the one before is over. Raises NotFound, AlreadyLinked,
    BirthDateUnknown."""
    if not may_manage_portal_access(actor):
        raise NotFound
    person_id = identity.current_person(person_id)
    if identity.get_person(actor=actor, person_id=person_id, now=now).birth_date is None:
        raise BirthDateUnknown
    code, expires_at = new_code(), now + CODE_LIVES
    with transaction.atomic():
        one_at_a_time(person_id)
        if User.objects.filter(person_id__in=identity.person_ids_of(person_id)).exists():
            raise AlreadyLinked
        for row in Invitation.objects.filter(person_id=person_id, kind__in=_CODES, ended_at=None):
            end(row.pk, outcome=Invitation.Outcome.REPLACED, by=actor.user_id, now=now)
        Invitation.objects.create(
            kind=Invitation.Kind.CODE, person_id=person_id, digest=code_digest(code),
            created_at=now, created_by=actor.user_id, expires_at=expires_at,
        )  # fmt: skip
        auditing.record(actor=actor, action="link_code_shown", now=now, person_id=person_id)
    return LinkCode(code=code, expires_at=expires_at)


def link_by_code(*, actor: Actor, user_id: UserId, code: str, birth_date: date, now: datetime) -> PersonId:
    """Link the signed-in user to the patient whom the desk showed this code for.

    Raises CodeNotMatched, also for the desk's own account: nobody lets themselves in. Tries are limited at
    the door and per code, and each is recorded.
    """
    try:
        row = take_try(code_digest(code), kinds=_CODES, now=now)
    except InvitationOver as error:
        raise _refused(actor, user_id, now) from error
    person_id = PersonId(row.person_id)  # type: ignore[arg-type]
    person = identity.get_person(actor=system("accounts.link"), person_id=person_id, now=now)
    if person.birth_date != birth_date or row.created_by == user_id:
        raise _refused(actor, user_id, now)
    try:
        with transaction.atomic():
            one_at_a_time(person_id)
            people.link_person(actor=actor, user_id=user_id, person_id=person_id, now=now)
            if not end(row.pk, outcome=Invitation.Outcome.ACCEPTED, by=user_id, now=now):
                raise CodeNotMatched
            _end_letter(person_id, user_id, now)
    except AlreadyLinked as error:
        raise _refused(actor, user_id, now) from error
    return person_id


def _end_letter(person_id: PersonId, user_id: UserId, now: datetime) -> None:
    """An invitation that is still out would make a second account."""
    letters = Invitation.objects.filter(person_id=person_id, kind=Invitation.Kind.PATIENT, ended_at=None)
    for row in letters:
        end(row.pk, outcome=Invitation.Outcome.REPLACED, by=user_id, now=now)


def _refused(actor: Actor, user_id: UserId, now: datetime) -> CodeNotMatched:
    auditing.record(actor=actor, action="link_refused", now=now, user_id=user_id)
    return CodeNotMatched()
