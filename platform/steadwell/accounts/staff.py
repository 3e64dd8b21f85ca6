"""Staff as others find them: by the clinician they are, and by the role they hold at a site."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from steadwell.accounts.models import User
from steadwell.accounts.queries import contact
from steadwell.accounts.types import Contact
from steadwell.actor import Role
from steadwell.ids import PractitionerId, SiteId, UserId

_AT_SITE = """
SELECT u.id, u.practitioner_id FROM accounts_grant g JOIN accounts_user u ON u.id = g.user_id
WHERE g.site_id = %(site_id)s AND g.role = %(role)s AND u.is_active AND g.valid_from <= %(now)s
  AND (g.valid_until IS NULL OR g.valid_until > %(now)s)
ORDER BY u.id
"""


def users_of_practitioners(practitioner_ids: Iterable[PractitionerId]) -> dict[PractitionerId, UserId]:
    """The active accounts of clinicians. One statement."""
    rows = User.objects.filter(practitioner_id__in=set(practitioner_ids), is_active=True)
    return {
        PractitionerId(practitioner_id): UserId(user_id)
        for user_id, practitioner_id in rows.values_list("id", "practitioner_id")
        if practitioner_id
    }


def practitioners_of_users(user_ids: Iterable[UUID]) -> dict[UserId, PractitionerId]:
    """Which clinicians these active users are; those who are none are left out. One statement."""
    rows = User.objects.filter(id__in=set(user_ids), practitioner_id__isnull=False, is_active=True)
    return {
        UserId(user_id): PractitionerId(practitioner_id)
        for user_id, practitioner_id in rows.values_list("id", "practitioner_id")
        if practitioner_id
    }


def staff_at(*, site_id: SiteId, role: Role, now: datetime) -> dict[UserId, PractitionerId | None]:
    """Who holds a role at a site now, with the clinician each of them is. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_AT_SITE, {"site_id": site_id, "role": role.value, "now": now})
        return {
            UserId(user_id): PractitionerId(practitioner_id) if practitioner_id else None
            for user_id, practitioner_id in cursor.fetchall()
        }


def contacts_of_users(user_ids: Iterable[UUID]) -> dict[UserId, Contact]:
    """How active users are written to, whoever they are. One statement."""
    rows = User.objects.filter(id__in=set(user_ids), is_active=True)
    return {
        UserId(words[0]): contact(*words)
        for words in rows.values_list("id", "email", "language", "time_zone")
    }
