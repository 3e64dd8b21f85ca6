"""Writing to somebody that an account waits for them: a patient, or a new member of staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from steadwell.accounts import auditing, letters, throttle
from steadwell.accounts.errors import (
    AddressNotPlain,
    AlreadyLinked,
    AlreadySetUp,
    BirthDateUnknown,
    EmailTaken,
    TooManyInvitations,
    UserNotFound,
)
from steadwell.accounts.invitations.opening import (
    LETTER_LIVES,
    end,
    is_alive,
    new_token,
    one_at_a_time,
    token_digest,
)
from steadwell.accounts.models import Invitation, User
from steadwell.accounts.rights import may_manage_portal_access
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId
from steadwell.mail import service as mail

_DAY = timedelta(days=1)
# Nobody's mailbox is filled by a desk, and no stolen desk writes to everybody.
PER_RECIPIENT, PER_SENDER = 5, 200


def invite(*, actor: Actor, person_id: PersonId, email: str, now: datetime) -> None:
    """Send a patient a letter whose link makes their account. A letter on its way to the same address stays.

    A letter to another address ends the one before. Raises NotFound, AlreadyLinked, EmailTaken,
    BirthDateUnknown, AddressNotPlain, TooManyInvitations.
    """
    person_id = _require_desk(actor, person_id)
    email = _checked(email)
    person = identity.get_person(actor=actor, person_id=person_id, now=now)
    if person.birth_date is None:
        raise BirthDateUnknown
    language = _language_of(person.language)
    with transaction.atomic():
        one_at_a_time(person_id)
        _require_free(person_id, email)
        before = _open_letter(person_id)
        if before is not None and before.email == email and is_alive(before, now):
            return
        if before is not None:
            end(before.pk, outcome=Invitation.Outcome.REPLACED, by=actor.user_id, now=now)
        _count(actor, str(person_id), now)
        row = Invitation(
            kind=Invitation.Kind.PATIENT, person_id=person_id, email=email, language=language,
            created_at=now, created_by=actor.user_id,
        )  # fmt: skip
        _send(row, now=now)
        auditing.record(actor=actor, action="invited", now=now, person_id=person_id)


def invite_staff(*, actor: Actor, user_id: UserId, now: datetime) -> None:
    """Send a member of staff the letter by which they set their password; a second one ends the first.

    Raises UserNotFound, AlreadySetUp, TooManyInvitations.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
        if user is None:
            raise UserNotFound
        if user.has_usable_password():
            raise AlreadySetUp
        before = Invitation.objects.filter(user=user, kind=Invitation.Kind.STAFF, ended_at=None).first()
        if before is not None:
            end(before.pk, outcome=Invitation.Outcome.REPLACED, by=actor.user_id, now=now)
        _count(actor, str(user_id), now)
        row = Invitation(
            kind=Invitation.Kind.STAFF, user=user, email=user.email, language=user.language,
            created_at=now, created_by=actor.user_id,
        )  # fmt: skip
        _send(row, now=now)
        auditing.record(actor=actor, action="invited", now=now, user_id=user.pk)


def resend_invitation(*, actor: Actor, person_id: PersonId, now: datetime) -> None:
    """A new letter to the same address, with a new link and its whole time; the old link is over."""
    person_id = _require_desk(actor, person_id)
    with transaction.atomic():
        one_at_a_time(person_id)
        row = _open_letter(person_id)
        if row is None:
            raise NotFound
        _require_free(person_id, row.email)
        _count(actor, str(person_id), now)
        row.tries = 0
        _send(row, now=now)
        auditing.record(actor=actor, action="invitation_resent", now=now, person_id=person_id)


def withdraw_invitation(*, actor: Actor, person_id: PersonId, now: datetime) -> None:
    """The link opens nothing any more. Repeating it changes nothing."""
    person_id = _require_desk(actor, person_id)
    with transaction.atomic():
        one_at_a_time(person_id)
        row = _open_letter(person_id)
        if row is not None and end(row.pk, outcome=Invitation.Outcome.WITHDRAWN, by=actor.user_id, now=now):
            auditing.record(actor=actor, action="invitation_withdrawn", now=now, person_id=person_id)


def _require_desk(actor: Actor, person_id: PersonId) -> PersonId:
    """The person as they are known now. NotFound for strangers to the desk, and when there is nobody."""
    if not may_manage_portal_access(actor):
        raise NotFound
    return identity.current_person(person_id)


def _require_free(person_id: PersonId, email: str) -> None:
    ids = identity.person_ids_of(person_id)
    if User.objects.filter(person_id__in=ids).exists():
        raise AlreadyLinked
    if User.objects.filter(email=email).exists():
        raise EmailTaken


def _open_letter(person_id: PersonId) -> Invitation | None:
    return Invitation.objects.filter(
        person_id__in=identity.person_ids_of(person_id), kind=Invitation.Kind.PATIENT, ended_at=None
    ).first()


def _checked(email: str) -> str:
    email = email.strip().lower()
    if not mail.is_plain(email):
        raise AddressNotPlain(fields={"email": str(AddressNotPlain.message)})
    return email


def _count(actor: Actor, recipient: str, now: datetime) -> None:
    for door, key, uses in (
        ("invitation:recipient", recipient, PER_RECIPIENT),
        ("invitation:sender", str(actor.user_id or actor.name), PER_SENDER),
    ):
        if throttle.take(door=door, key=key, uses=uses, window=_DAY, now=now) is not None:
            raise TooManyInvitations


def _send(row: Invitation, *, now: datetime) -> None:
    """A new secret in a new letter. What it says holds no name: an address may be read by more than one."""
    token = new_token()
    row.digest, row.expires_at = token_digest(token), now + LETTER_LIVES
    link = settings.PUBLIC_URL + reverse("accounts_invitation_link", args=[token])
    with translation.override(row.language or settings.LANGUAGE_CODE):
        context = {"link": link, "until": row.expires_at}
        stem = f"account/email/invitation_{row.kind}"
        subject = render_to_string(f"{stem}_subject.txt", context).strip()
        text = render_to_string(f"{stem}_message.txt", context)
    row.letter_id = letters.post(
        address=row.email, subject=subject, text=text, now=now, useful_until=row.expires_at
    )
    row.save()


def _language_of(spoken: str) -> str:
    """The patient's language where we write it."""
    return spoken if spoken in dict(settings.LANGUAGES) else ""
