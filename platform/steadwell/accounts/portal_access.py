"""Who reaches a patient's record through the portal: seen and ended by the clinic."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from steadwell.accounts import auditing, granting
from steadwell.accounts.invitations.opening import TRIES, one_at_a_time
from steadwell.accounts.models import AccessEnd, Invitation, Letter, Proxy, Session, User
from steadwell.accounts.rights import may_manage_portal_access
from steadwell.accounts.types import LetterState, OpenInvitation, PatientAccount, PortalAccess, ProxyHolder
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId


def portal_access(*, actor: Actor, person_id: PersonId, now: datetime) -> PortalAccess:
    """For the front desk; the look is recorded. Raises NotFound."""
    ids = _require_desk(actor, person_id)
    auditing.record(actor=actor, action="portal_access_viewed", now=now, person_id=ids[0])
    return PortalAccess(account=_account(ids), invitation=_invitation(ids, now), proxies=_proxies(ids))


def end_access(*, actor: Actor, person_id: PersonId, now: datetime) -> None:
    """The patient's account no longer opens the record, and is signed out. So that it stays so, from now on
    only the clinic links this record. Repeating it changes nothing. Raises NotFound.
    """
    ids = _require_desk(actor, person_id)
    with transaction.atomic():
        one_at_a_time(ids[0])
        user = User.objects.select_for_update().filter(person_id__in=ids).first()
        if user is None or user.person_id is None:
            return
        User.objects.filter(pk=user.pk).update(person_id=None)
        Session.objects.filter(user_id=user.pk).delete()
        AccessEnd.objects.create(
            person_id=user.person_id, user_id=user.pk, ended_at=now, ended_by=actor.user_id
        )
        auditing.record(
            actor=actor, action="access_ended", now=now, user_id=user.pk, person_id=user.person_id
        )


def end_proxy_access(*, actor: Actor, person_id: PersonId, proxy_id: UUID, now: datetime) -> None:
    """One who acts for this patient no longer does. Raises NotFound, also for another patient's proxy."""
    ids = _require_desk(actor, person_id)
    if not Proxy.objects.filter(pk=proxy_id, person_id__in=ids).exists():
        raise NotFound
    granting.end_proxy(actor=actor, proxy_id=proxy_id, now=now)


def only_the_clinic_links(person_id: PersonId) -> bool:
    """Whether access to this record was ended, so that its number and birth date no longer open it."""
    return AccessEnd.objects.filter(person_id__in=identity.person_ids_of(person_id)).exists()


def _require_desk(actor: Actor, person_id: PersonId) -> tuple[PersonId, ...]:
    """Every id of the person, the current one first."""
    if not may_manage_portal_access(actor):
        raise NotFound
    ids = identity.person_ids_of(person_id)
    if not ids:
        raise NotFound
    return ids


def _account(ids: tuple[PersonId, ...]) -> PatientAccount | None:
    user = User.objects.filter(person_id__in=ids).first()
    if user is None:
        return None
    return PatientAccount(
        user_id=UserId(user.pk), email=user.email, is_active=user.is_active, last_sign_in=user.last_login
    )


def _invitation(ids: tuple[PersonId, ...], now: datetime) -> OpenInvitation | None:
    row = (
        Invitation.objects.filter(person_id__in=ids, kind=Invitation.Kind.PATIENT, ended_at=None)
        .select_related("letter")
        .first()
    )
    if row is None:
        return None
    return OpenInvitation(
        invitation_id=row.pk,
        email=row.email,
        state=letter_state(row, row.letter, now),
        sent_at=row.letter.created_at if row.letter else row.created_at,
        expires_at=row.expires_at,
    )


def letter_state(row: Invitation, letter: Letter | None, now: datetime) -> LetterState:
    if row.expires_at <= now:
        return LetterState.EXPIRED
    if row.tries >= TRIES:
        return LetterState.BLOCKED
    if letter is not None and letter.not_sent_because:
        return LetterState.NOT_SENT
    if letter is not None and letter.sent_at is None:
        return LetterState.ON_ITS_WAY
    return LetterState.SENT


def _proxies(ids: tuple[PersonId, ...]) -> tuple[ProxyHolder, ...]:
    rows = Proxy.objects.filter(person_id__in=ids, valid_until=None).select_related("user")
    return tuple(
        ProxyHolder(
            proxy_id=row.pk,
            email=row.user.email,
            relationship=row.relationship,
            since=row.valid_from,
            until_on=row.until_on,
        )
        for row in rows.order_by("valid_from", "id")[:50]
    )
