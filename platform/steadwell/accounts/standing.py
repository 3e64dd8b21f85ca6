"""Reads a user with everything they may do, in one statement: the hot path of every signed-in request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from steadwell import prepared
from steadwell.accounts.models import User
from steadwell.actor import Actor, Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId

_FIELDS = [field.attname for field in User._meta.concrete_fields]
_COLUMNS = ", ".join(f'u."{field.column}"' for field in User._meta.concrete_fields)

# Written by hand: building this with the ORM costs more CPU than Postgres needs to answer it.
COLUMNS = f"""
  {_COLUMNS},
  ARRAY(SELECT g.role || ' ' || coalesce(g.site_id::text, '') FROM accounts_grant g
        WHERE g.user_id = u.id AND g.valid_from <= %(now)s
          AND (g.valid_until IS NULL OR g.valid_until > %(now)s)),
  array_to_string({identity.same_sql("u.person_id")}, ' '),
  ARRAY(SELECT array_to_string({identity.same_sql("p.person_id")}, ' ') FROM accounts_proxy p
        WHERE p.user_id = u.id AND p.valid_from <= %(now)s
          AND (p.valid_until IS NULL OR p.valid_until > %(now)s)
          AND (p.until_on IS NULL OR p.until_on::timestamp AT TIME ZONE p.time_zone > %(now)s))
"""  # noqa: S608 - column names of our own model, and identity's words for "the same person"
_SELECT = f"SELECT {COLUMNS} FROM accounts_user u WHERE u.id = %(user_id)s"  # noqa: S608 - as above


def load_user(user_id: UUID, *, now: datetime) -> User | None:
    """The user with ``standing`` filled in, disabled or not; None when there is none."""
    with prepared.cursor() as cursor:
        cursor.execute(_SELECT, {"user_id": user_id, "now": now})
        row = cursor.fetchone()
    return read_user(row) if row else None


def read_user(row: Sequence[Any]) -> User:
    """The user of a row of COLUMNS, with ``standing`` filled in."""
    *values, grants, own, proxies = row
    user: User = User.from_db("default", _FIELDS, values)
    user.standing = _actor(user, grants, _ids(own), [_ids(each) for each in proxies])
    return user


def _actor(
    user: User, grants: Sequence[str], own: Sequence[PersonId], proxies: Sequence[Sequence[PersonId]]
) -> Actor:
    """``own`` and each of ``proxies`` are the ids of one person, the current one first."""
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
    others = [ids for ids in proxies if ids[0] not in own]
    if others:
        roles.add(Role.PROXY)
    person_id = PersonId(user.person_id) if user.person_id else None
    same = {(each, person_id) for each in own if person_id and each != person_id}
    same |= {(each, ids[0]) for ids in others for each in ids[1:]}
    return Actor(
        user_id=UserId(user.pk),
        roles=frozenset(roles),
        person_id=person_id,
        proxy_for=frozenset(ids[0] for ids in others),
        same=frozenset(same),
        practitioner_id=PractitionerId(user.practitioner_id) if user.practitioner_id else None,
        site_ids=frozenset(site_id for _, site_id in held if site_id),
        grants=frozenset(held),
    )


def _ids(text: str) -> list[PersonId]:
    return [PersonId(UUID(each)) for each in text.split()]


def as_user_id(value: Any) -> UUID | None:
    """The id in a session; None for whatever an older or foreign session may hold."""
    try:
        return UUID(str(value))
    except ValueError:
        return None
