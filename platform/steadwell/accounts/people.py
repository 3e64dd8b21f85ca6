"""Accounts themselves: made, linked to a patient, disabled, enabled."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction

from steadwell.accounts import auditing, granting
from steadwell.accounts.errors import AlreadyLinked, EmailTaken, UnknownTimeZone, UserNotFound
from steadwell.accounts.models import Session, User
from steadwell.accounts.zones import is_zone
from steadwell.actor import STAFF_ROLES, Actor, Role, system
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId, new_id

_CONSTRAINTS = {
    "accounts_user_email_key": EmailTaken,
    "accounts_user_person": AlreadyLinked,
    "accounts_user_practitioner": AlreadyLinked,
}


def create_user(
    *,
    email: str,
    password: str | None,
    roles: Collection[Role],
    site_ids: Iterable[SiteId] = (),
    person_id: PersonId | None = None,
    practitioner_id: PractitionerId | None = None,
    now: datetime,
    actor: Actor | None = None,
    language: str = "",
    time_zone: str = "UTC",
    is_demo: bool = False,
    demo_name: str = "",
    demo_note: str = "",
    user_id: UUID | None = None,
) -> UserId:
    """Make an account whose address counts as verified; the caller vouches for it.

    Staff roles are granted at each of ``site_ids`` (an administrator's at none). Patient and proxy are not
    granted: a ``person_id`` makes a patient, `add_proxy` a proxy. Without a password the person sets one
    by an invitation or through the reset page. ``user_id`` is for one whose passkey was made for that id
    already. Raises EmailTaken, AlreadyLinked, UnknownTimeZone.
    """
    actor = actor or system("accounts")
    _check_time_zone(time_zone)
    user = User(
        id=user_id or new_id(),
        email=email.strip().lower(),
        person_id=person_id,
        practitioner_id=practitioner_id,
        language=language,
        time_zone=time_zone,
        is_demo=is_demo,
        demo_name=demo_name,
        demo_note=demo_note,
        created_at=now,
    )
    user.set_password(password)
    sites = list(site_ids)
    with transaction.atomic():
        _insert(user)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        auditing.record(actor=actor, action="created", now=now, user_id=user.pk, person_id=person_id)
        for role in sorted(STAFF_ROLES.intersection(roles)):
            granting.grant(actor=actor, user_id=UserId(user.pk), role=role, site_ids=sites, now=now)
    return UserId(user.pk)


def _insert(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise _refusal(error) from error


def _refusal(error: IntegrityError) -> Exception:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    for constraint, refusal in _CONSTRAINTS.items():
        if name == constraint:
            return refusal()
    return error


def _check_time_zone(name: str) -> None:
    if not is_zone(name):
        raise UnknownTimeZone


def link_person(*, actor: Actor, user_id: UserId, person_id: PersonId, now: datetime) -> None:
    """Say that this user is this patient. Raises UserNotFound, AlreadyLinked (either already has another)."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                linked = User.objects.filter(pk=user_id, person_id=None).update(person_id=person_id)
        except IntegrityError as error:
            raise _refusal(error) from error
        if not linked:
            held = User.objects.filter(pk=user_id).values_list("person_id", flat=True).first()
            if held == person_id:
                return
            raise AlreadyLinked if held else UserNotFound
        auditing.record(actor=actor, action="linked", now=now, user_id=user_id, person_id=person_id)


def disable_user(*, actor: Actor, user_id: UserId, now: datetime) -> None:
    """Keep a person out from their next request on. Raises UserNotFound, LastAdministrator."""
    with transaction.atomic():
        granting.keep_an_administrator(leaving=user_id)
        if not User.objects.filter(pk=user_id, is_active=True).update(is_active=False):
            _require(user_id)
            return
        Session.objects.filter(user_id=user_id).delete()
        auditing.record(actor=actor, action="disabled", now=now, user_id=user_id)


def enable_user(*, actor: Actor, user_id: UserId, now: datetime) -> None:
    with transaction.atomic():
        if not User.objects.filter(pk=user_id, is_active=False).update(is_active=True):
            _require(user_id)
            return
        auditing.record(actor=actor, action="enabled", now=now, user_id=user_id)


def set_preferences(*, actor: Actor, user_id: UserId, language: str, time_zone: str, now: datetime) -> None:
    """The language and time zone a person is met and written to in."""
    _check_time_zone(time_zone)
    with transaction.atomic():
        if not User.objects.filter(pk=user_id).update(language=language, time_zone=time_zone):
            raise UserNotFound
        auditing.record(actor=actor, action="preferences_changed", now=now, user_id=user_id)


def _require(user_id: UUID) -> None:
    if not User.objects.filter(pk=user_id).exists():
        raise UserNotFound


def lock(user_id: UUID) -> None:
    """Serialise what must not be decided twice about one user."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR UPDATE", [user_id])
