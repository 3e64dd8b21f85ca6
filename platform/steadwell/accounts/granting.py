"""Roles and proxies given and taken. Rows are closed, never changed: who might do what when stays known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from steadwell.accounts import auditing
from steadwell.accounts.errors import LastAdministrator, UnknownTimeZone, UserNotFound
from steadwell.accounts.models import Grant, Proxy, User
from steadwell.accounts.zones import is_zone_everywhere
from steadwell.actor import STAFF_ROLES, Actor, Role
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PersonId, SiteId, UserId, new_id

# One lock for "who is an administrator", so that two of them cannot take the role from each other at once.
_ADMINISTRATORS = 0x53574144


def grant(*, actor: Actor, user_id: UserId, role: Role, site_ids: Iterable[SiteId], now: datetime) -> None:
    """Give a staff role at each site; an administrator's holds everywhere. Repeating it changes nothing."""
    if role not in STAFF_ROLES:
        raise Invalid(fields={"role": "Patients and proxies are not granted; see link_person and add_proxy."})
    sites: list[UUID | None] = [None] if role == Role.ADMINISTRATOR else (list(site_ids) or [None])
    rows = [
        Grant(id=new_id(), user_id=user_id, role=role, site_id=site, valid_from=now, granted_by=actor.user_id)
        for site in sites
    ]
    with transaction.atomic():
        before = set(_open(user_id, role).values_list("site_id", flat=True))
        try:
            with transaction.atomic():
                Grant.objects.bulk_create(rows, ignore_conflicts=True)
        except IntegrityError as error:
            raise UserNotFound from error
        for row in rows:
            if row.site_id not in before:
                detail = {"role": role.value} | ({"site": str(row.site_id)} if row.site_id else {})
                auditing.record(actor=actor, action="role_granted", now=now, user_id=user_id, detail=detail)


def revoke(*, actor: Actor, user_id: UserId, role: Role, site_id: SiteId | None, now: datetime) -> None:
    """Take a role back, at one site or at all. Repeating it changes nothing. Raises LastAdministrator."""
    with transaction.atomic():
        if role == Role.ADMINISTRATOR:
            keep_an_administrator(leaving=user_id)
        held = _open(user_id, role)
        if site_id is not None:
            held = held.filter(site_id=site_id)
        if held.update(valid_until=now, revoked_by=actor.user_id):
            detail = {"role": role.value} | ({"site": str(site_id)} if site_id else {})
            auditing.record(actor=actor, action="role_revoked", now=now, user_id=user_id, detail=detail)


def _open(user_id: UUID, role: Role):  # type: ignore[no-untyped-def]
    return Grant.objects.filter(user_id=user_id, role=role, valid_until__isnull=True)


def keep_an_administrator(*, leaving: UUID) -> None:
    """Refuse to let the last active administrator go. Call inside the transaction that lets them go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATORS])
    administrators = set(
        Grant.objects.filter(
            role=Role.ADMINISTRATOR, valid_until__isnull=True, user__is_active=True
        ).values_list("user_id", flat=True)
    )
    if administrators == {leaving}:
        raise LastAdministrator


def add_proxy(
    *,
    actor: Actor,
    user_id: UserId,
    person_id: PersonId,
    relationship: str,
    until_on: date | None = None,
    time_zone: str = "UTC",
    now: datetime,
) -> UUID:
    """Let a user act for a patient, until the midnight that begins ``until_on`` in ``time_zone``.

    Repeating it while the right is open returns the first one. Raises UserNotFound, UnknownTimeZone, Invalid.
    """
    if relationship not in Proxy.Relationship.values:
        raise Invalid(fields={"relationship": relationship})
    if not is_zone_everywhere(time_zone):
        raise UnknownTimeZone
    with transaction.atomic():
        if not User.objects.select_for_update().filter(pk=user_id).exists():
            raise UserNotFound
        held = Proxy.objects.filter(user_id=user_id, person_id=person_id, valid_until__isnull=True).first()
        if held is not None:
            return held.pk
        proxy = Proxy.objects.create(
            user_id=user_id,
            person_id=person_id,
            relationship=relationship,
            valid_from=now,
            until_on=until_on,
            time_zone=time_zone,
            granted_by=actor.user_id,
        )
        auditing.record(
            actor=actor,
            action="proxy_added",
            now=now,
            user_id=user_id,
            person_id=person_id,
            detail={"relationship": relationship},
        )
    return proxy.pk


def end_proxy(*, actor: Actor, proxy_id: UUID, now: datetime) -> None:
    """End a right to act for a patient. Repeating it changes nothing. Raises NotFound."""
    with transaction.atomic():
        proxy = Proxy.objects.select_for_update().filter(pk=proxy_id).first()
        if proxy is None:
            raise NotFound
        if proxy.valid_until is not None:
            return
        Proxy.objects.filter(pk=proxy_id).update(valid_until=now, revoked_by=actor.user_id)
        auditing.record(
            actor=actor, action="proxy_ended", now=now, user_id=proxy.user_id, person_id=proxy.person_id
        )
