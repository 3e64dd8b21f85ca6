"""What others ask about accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from steadwell.accounts.errors import UserNotFound
from steadwell.accounts.models import Session, User
from steadwell.accounts.standing import load_user
from steadwell.accounts.types import Contact, Reader, SessionSummary
from steadwell.accounts.user_agents import describe
from steadwell.actor import Actor
from steadwell.ids import PersonId, PractitionerId, UserId


def actor_for_user(*, user_id: UserId, now: datetime) -> Actor:
    """The actor a user is right now. Raises UserNotFound, also for a disabled one."""
    user = load_user(user_id, now=now)
    if user is None or not user.is_active:
        raise UserNotFound
    return user.standing


def contact_of(person_id: PersonId) -> Contact | None:
    """How a patient is written to; None without an active account."""
    return contacts_of([person_id]).get(person_id)


def contacts_of(person_ids: Iterable[PersonId]) -> dict[PersonId, Contact]:
    """The same for many patients in one statement."""
    rows = User.objects.filter(person_id__in=list(person_ids), is_active=True).values_list(
        "person_id", "id", "email", "language", "time_zone"
    )
    return {
        PersonId(person_id): contact(user_id, email, language, time_zone)
        for person_id, user_id, email, language, time_zone in rows
        if person_id
    }


def contact(user_id: UUID, email: str, language: str, time_zone: str) -> Contact:
    """Whoever chose no language is written to in the clinic's."""
    return Contact(
        user_id=UserId(user_id),
        email=email,
        language=language or settings.LANGUAGE_CODE,
        time_zone=time_zone,
    )


def list_readers(person_ids: Iterable[PersonId], *, now: datetime) -> list[Reader]:
    """Everybody to tell about these patients: the patients first, then those who act for them now.

    Whoever reads for two of them is there for each. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT u.id, u.email, u.language, u.time_zone, u.person_id, true FROM accounts_user u
            WHERE u.person_id = ANY(%(ids)s) AND u.is_active
            UNION ALL
            SELECT u.id, u.email, u.language, u.time_zone, p.person_id, false FROM accounts_proxy p
            JOIN accounts_user u ON u.id = p.user_id AND u.is_active
            WHERE p.person_id = ANY(%(ids)s) AND p.valid_from <= %(now)s
              AND (p.valid_until IS NULL OR p.valid_until > %(now)s)
              AND (p.until_on IS NULL OR p.until_on::timestamp AT TIME ZONE p.time_zone > %(now)s)
            ORDER BY 6 DESC, 1
            """,
            {"ids": list(person_ids), "now": now},
        )
        rows = cursor.fetchall()
    return [
        Reader(contact=contact(*words), person_id=PersonId(person_id), is_patient=is_patient)
        for *words, person_id, is_patient in rows
    ]


def clinician_with_email(email: str) -> PractitionerId | None:
    """The clinician who signs in with an address."""
    found = User.objects.filter(email=email.strip().lower(), practitioner_id__isnull=False)
    practitioner_id = found.values_list("practitioner_id", flat=True).first()
    return PractitionerId(practitioner_id) if practitioner_id else None


def list_sessions(
    *, user_id: UserId, current: UUID | None = None, since: datetime | None = None
) -> list[SessionSummary]:
    """The browsers a user is signed in with, latest first; those last used before ``since`` left out."""
    rows = Session.objects.filter(user_id=user_id)
    if since is not None:
        rows = rows.filter(last_seen_at__gt=since)
    summaries = []
    for row in rows.order_by("-last_seen_at").defer("data")[:50]:
        browser, system = describe(row.device)
        summaries.append(
            SessionSummary(
                session_id=row.id,
                browser=browser,
                system=system,
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                current=row.id == current,
            )
        )
    return summaries
