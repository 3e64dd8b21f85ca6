"""Reads a user with everything they may do, in one statement: the hot path of every signed-in request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from steadwell.accounts.models import User
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId

_FIELDS = [field.attname for field in User._meta.concrete_fields]
_COLUMNS = ", ".join(f'u."{field.column}"' for field in User._meta.concrete_fields)

# Written by hand: building this with the ORM costs more CPU than Postgres needs to answer it.
_SELECT = f"""
SELECT {_COLUMNS},
  ARRAY(SELECT g.role || ' ' || coalesce(g.site_id::text, '') FROM accounts_grant g
        WHERE g.user_id = u.id AND g.valid_from <= %(now)s
          AND (g.valid_until IS NULL OR g.valid_until > %(now)s)),
  ARRAY(SELECT p.person_id FROM accounts_proxy p
        WHERE p.user_id = u.id AND p.valid_from <= %(now)s
          AND (p.valid_until IS NULL OR p.valid_until > %(now)s)
          AND (p.until_on IS NULL OR p.until_on::timestamp AT TIME ZONE p.time_zone > %(now)s))
FROM accounts_user u WHERE u.id = %(user_id)s
"""  # noqa: S608 - column names of our own model


def load_user(user_id: UUID, *, now: datetime) -> User | None:
    """The user with ``standing`` filled in, disabled or not; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, {"user_id": user_id, "now": now})
        row = cursor.fetchone()
    if row is None:
        return None
    *values, grants, proxies = row
    user: User = User.from_db("default", _FIELDS, values)
    user.standing = _actor(user, grants, proxies)
    return user


def _actor(user: User, grants: Sequence[str], proxies: Sequence[UUID]) -> Actor:
    roles: set[Role] = set()
    held: set[tuple[Role, SiteId | None]] = set()
    for grant in grants:
        name, _, site = grant.partition(" ")
        role = Role(name)
        roles.add(role)
        if site:
            held.add((role, SiteId(UUID(site))))
        elif role is Role.ADMINISTRATOR:  # any other role without a site holds at none
            held.add((role, None))
    if user.person_id:
        roles.add(Role.PATIENT)
    if proxies:
        roles.add(Role.PROXY)
    return Actor(
        user_id=UserId(user.pk),
        roles=frozenset(roles),
        person_id=PersonId(user.person_id) if user.person_id else None,
        proxy_for=frozenset(PersonId(person_id) for person_id in proxies),
        practitioner_id=PractitionerId(user.practitioner_id) if user.practitioner_id else None,
        site_ids=frozenset(site_id for _, site_id in held if site_id),
        grants=frozenset(held),
    )


def as_user_id(value: Any) -> UUID | None:
    """The id in a session; None for whatever an older or foreign session may hold."""
    try:
        return UUID(str(value))
    except ValueError:
        return None
