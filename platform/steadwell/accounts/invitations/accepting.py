"""Following a letter's link: the birth date first, then a way to sign in, and only then the link binds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from steadwell.accounts import auditing, people
from steadwell.accounts.errors import BirthDateNotMatched, InvitationOver
from steadwell.accounts.invitations.opening import end, find_alive, give_back, one_at_a_time, take_try
from steadwell.accounts.models import Invitation, User
from steadwell.actor import Actor, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

LETTERS = frozenset({Invitation.Kind.PATIENT.value, Invitation.Kind.STAFF.value})
_PATIENT = frozenset({Invitation.Kind.PATIENT.value})


def find_letter(digest: bytes, *, now: datetime) -> Invitation | None:
    """The letter whose link this is, while it works."""
    row = find_alive(digest, kinds=LETTERS, now=now)
    if row is not None and row.user is not None and not row.user.is_active:
        return None
    return row


def check_birth_date(*, digest: bytes, birth_date: date, now: datetime) -> None:
    """Raises InvitationOver (also after five wrong dates) or BirthDateNotMatched, which is recorded."""
    row = take_try(digest, kinds=_PATIENT, now=now)
    person_id = PersonId(row.person_id)  # type: ignore[arg-type]
    person = identity.get_person(actor=system("accounts.invitation"), person_id=person_id, now=now)
    if person.birth_date != birth_date:
        auditing.record(
            actor=system("accounts.invitation"), action="invitation_refused", now=now, person_id=person_id
        )
        raise BirthDateNotMatched
    give_back(row)


def accept(
    *,
    digest: bytes,
    password: str | None,
    now: datetime,
    user_id: UUID | None = None,
    then: Callable[[User], None] | None = None,
) -> User:
    """Make or open the account, once. ``then`` adds a passkey where there is no password, or nothing happens.

    The caller has checked a patient's birth date. Raises InvitationOver, AlreadyLinked, EmailTaken.
    """
    with transaction.atomic():
        row = find_letter(digest, now=now)
        if row is None:
            raise InvitationOver
        user = _staff(row, password, now) if row.user_id else _patient(row, password, user_id, now)
        if not end(row.pk, outcome=Invitation.Outcome.ACCEPTED, by=user.pk, now=now):
            raise InvitationOver
        if then is not None:
            then(user)
        auditing.record(
            actor=Actor(user_id=UserId(user.pk)),
            action="invitation_accepted",
            now=now,
            user_id=user.pk,
            person_id=row.person_id,
        )
    return user


def _patient(row: Invitation, password: str | None, user_id: UUID | None, now: datetime) -> User:
    person_id = identity.current_person(PersonId(row.person_id))  # type: ignore[arg-type]
    one_at_a_time(person_id)
    if not Invitation.objects.filter(pk=row.pk, ended_at=None).exists():
        raise InvitationOver
    made = people.create_user(
        email=row.email,
        password=password,
        roles=[],
        person_id=person_id,
        language=row.language,
        actor=system("accounts.invitation"),
        user_id=user_id,
        now=now,
    )
    return User.objects.get(pk=made)


def _staff(row: Invitation, password: str | None, now: datetime) -> User:
    user = User.objects.select_for_update().get(invitations=row.pk)
    if not user.is_active or user.has_usable_password():
        raise InvitationOver
    user.set_password(password)
    user.save(update_fields=["password"])
    return user
