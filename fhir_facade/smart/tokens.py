"""Bearer tokens: issued, found, ended. Nothing but their hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from fhir_facade.smart import scopes
from fhir_facade.smart.models import MEDICINE_SOURCES, AccessToken, Client
from fhir_facade.smart.types import Grant, Scope
from steadwell import prepared
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import PersonId, SiteId, UserId, new_id

RESERVED = frozenset({"portal"})  # in whose name patients choose here
LONGEST = timedelta(days=366)
# Columns as in ``grant_of``.
FIND = """
SELECT t.id, t.user_id, t.person_id, t.scopes, t.expires_at, t.fhir_user, c.client_id, c.name, c.per_minute,
  c.site_id, c.medicine_source, EXISTS (SELECT FROM fhir_facade_consentrule r WHERE r.effect = 'deny'
    AND r.client_id IN ('', c.client_id))
FROM fhir_facade_accesstoken t JOIN fhir_facade_client c ON c.id = t.client_id
WHERE t.token_hash = %(digest)s AND t.expires_at > %(now)s AND t.revoked_at IS NULL AND c.active
"""


def register_client(
    *, actor: Actor, client_id: str, name: str, allowed: str = "", per_minute: int = 600,
    site_id: SiteId | None = None, medicine_source: str = "ehr-a", now: datetime,
) -> None:  # fmt: skip
    """Make a client known, or change it. ``allowed``: the scopes its tokens may hold; empty: any."""
    _operates(actor)
    if not client_id or len(client_id) > 100 or not name or client_id in RESERVED:
        raise Invalid(fields={"client_id": "A client needs an id of at most 100 characters and a name."})
    said = {
        "name": name, "scopes": allowed, "per_minute": per_minute, "site_id": site_id,
        "medicine_source": checked_source(medicine_source),
    }  # fmt: skip
    with transaction.atomic():
        Client.objects.update_or_create(
            client_id=client_id,
            defaults=said,
            create_defaults={**said, "registered_at": now, "registered_by": actor.user_id},
        )
        audit.record(
            actor=actor, action="fhir.register-client", category="access", now=now,
            detail={"client": client_id},
        )  # fmt: skip


def checked_source(text: str) -> str:
    """One of the sources as which what a client sends of medicines may be kept."""
    if text not in dict(MEDICINE_SOURCES):
        raise Invalid(fields={"medicine_source": "A source is one of ehr-a, ehr-b and pharmacy."})
    return text


def issue(
    *, actor: Actor, client_id: str, scope: str, now: datetime, lifetime: timedelta = timedelta(hours=1),
    user_id: UserId | None = None, person_id: PersonId | None = None, fhir_user: str = "",
) -> tuple[str, Grant]:  # fmt: skip
    """A new token and what it stands for. Raises NotFound for a client that is not registered or not active,
    Invalid for scopes that nothing can be read from, that the client may not have, or that lack their patient
    or user.
    """
    _operates(actor)
    client = Client.objects.filter(client_id=client_id, active=True).first()
    if client is None:
        raise NotFound
    asked = scopes.parse(scope)
    _checked(client, asked, user_id=user_id, person_id=person_id, lifetime=lifetime)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        row = AccessToken.objects.create(
            id=new_id(), token_hash=hashed(token), client=client, user_id=user_id, person_id=person_id,
            scopes=" ".join(scopes.written(each) for each in asked), fhir_user=fhir_user, issued_at=now,
            expires_at=now + lifetime,
        )  # fmt: skip
        audit.record(
            actor=actor, action="fhir.issue-token", category="access", now=now, subject_id=person_id,
            entity_id=row.pk, detail={"client": client_id, "scopes": row.scopes},
        )  # fmt: skip
    found = find_grant(token, now)
    assert found is not None  # noqa: S101 - it was just made
    return token, found


def _checked(
    client: Client, asked: tuple[Scope, ...], *, user_id: UserId | None, person_id: PersonId | None,
    lifetime: timedelta,
) -> None:  # fmt: skip
    levels = {scope.level for scope in asked}
    fields = {}
    if not asked or not timedelta(0) < lifetime <= LONGEST:
        fields["scope"] = "Name scopes such as system/Observation.rs, and a lifetime of at most a year."
    if "patient" in levels and person_id is None:
        fields["person_id"] = "Scopes of a patient need the patient."
    if "user" in levels and user_id is None:
        fields["user_id"] = "Scopes of a user need the user."
    allowed = scopes.parse(client.scopes)
    if client.scopes and not all(any(each.is_within(wide) for wide in allowed) for each in asked):
        fields["scope"] = "This client may not have all of these scopes."
    if fields:
        raise Invalid(fields=fields)


def find_grant(token: str, now: datetime) -> Grant | None:
    """What a token stands for; None when it is unknown, ended, run out, or its client was switched off."""
    with prepared.cursor() as cursor:
        cursor.execute(FIND, {"digest": hashed(token), "now": now})
        row = cursor.fetchone()
    return None if row is None else grant_of(row)


def grant_of(row: Sequence[Any]) -> Grant:
    return Grant(
        token_id=row[0], user_id=row[1] and UserId(row[1]), person_id=row[2] and PersonId(row[2]),
        scopes=scopes.parse(row[3]), expires_at=row[4], fhir_user=row[5], client_id=row[6],
        client_name=row[7], per_minute=row[8], site_id=row[9] and SiteId(row[9]),
        medicine_source=row[10], limited=row[11],
    )  # fmt: skip


def revoke(*, actor: Actor, token_id: UUID, now: datetime) -> None:
    """End a token at once. One that has ended already is no failure."""
    _operates(actor)
    with transaction.atomic():
        AccessToken.objects.filter(pk=token_id, revoked_at__isnull=True).update(revoked_at=now)
        audit.record(actor=actor, action="fhir.revoke-token", category="access", now=now, entity_id=token_id)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _operates(actor: Actor) -> None:
    if not actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        raise Forbidden
