"""Letting an app in, and ending that: an approval is what codes and tokens hang on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from fhir_facade.oauth.models import Approval, Binding, Launch
from fhir_facade.smart import throttle, tokens
from fhir_facade.smart.models import Client
from fhir_facade.smart.types import Grant
from fhir_facade.subscriptions import ending
from steadwell import prepared
from steadwell.actor import Actor, Role, system
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PersonId, new_id

# Ends what a stolen code brought about.
SELF = system("oauth")
LAUNCH_MINUTES = timedelta(minutes=5)
# One statement finds what a token of an app stands for. The token's own row is django-oauth-toolkit's.
_FIND = """
SELECT a.id, a.user_id, a.person_id, t.scope, least(t.expires, a.ends_at), a.fhir_user, c.client_id, c.name,
  c.per_minute, c.site_id, 'ehr-a', EXISTS (SELECT FROM fhir_facade_consentrule r WHERE r.effect = 'deny'
    AND r.client_id IN ('', c.client_id))
FROM oauth2_provider_accesstoken t
JOIN fhir_facade_binding b ON b.digest = %(digest)s
JOIN fhir_facade_approval a ON a.id = b.approval_id
JOIN fhir_facade_client c ON c.id = a.client_id
WHERE t.token_checksum = %(checksum)s AND t.expires > %(now)s AND a.ended_at IS NULL AND a.ends_at > %(now)s
  AND c.active
"""
_ENTER = throttle.COUNTING.format(grants=f"{tokens.FIND} UNION ALL {_FIND} LIMIT 1")
_TAKE = (
    "UPDATE fhir_facade_binding SET used_at = %s WHERE digest = %s AND used_at IS NULL RETURNING approval_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A launch that was taken up: whose chart the app opens on."""

    person_id: PersonId
    encounter_id: UUID | None


def approve(
    *,
    actor: Actor,
    client_id: str,
    person_id: PersonId | None,
    scope: str,
    fhir_user: str,
    lasts: timedelta,
    now: datetime,
    opened: Opened | None = None,
) -> Approval:
    """Record what somebody let an app do. Raises NotFound for an app that is not let in here, or a patient
    whom the actor does not stand for and may not see."""
    client = Client.objects.filter(client_id=client_id, active=True).first()
    if client is None or actor.user_id is None:
        raise NotFound
    if person_id is not None and not (
        actor.stands_for(person_id) or (opened and opened.person_id == person_id)
    ):
        raise NotFound
    with transaction.atomic():
        made = Approval.objects.create(
            id=new_id(), client=client, user_id=actor.user_id, person_id=person_id, scopes=scope,
            fhir_user=fhir_user, is_launch=opened is not None,
            encounter_id=opened.encounter_id if opened else None, approved_at=now, ends_at=now + lasts,
        )  # fmt: skip
        audit.record(
            actor=actor, action="app.approve", category="access", subject_id=person_id, entity_id=made.pk,
            detail={"client": client_id}, now=now,
        )  # fmt: skip
    return made


def end(*, actor: Actor, approval_id: UUID, now: datetime) -> None:
    """Cut an app off, at once: by whoever let it in, or by the patient it is about. Repeating it is fine."""
    with transaction.atomic():
        approval = Approval.objects.select_for_update().filter(pk=approval_id).first()
        if approval is None or not _may_end(actor, approval):
            raise NotFound
        if approval.ended_at is None:
            approval.ended_at, approval.ended_by = now, actor.user_id
            approval.save(update_fields=["ended_at", "ended_by"])
            audit.record(
                actor=actor, action="app.end", category="access", entity_id=approval.pk,
                subject_id=PersonId(approval.person_id) if approval.person_id else None, now=now,
            )  # fmt: skip
            ending.of_approval(approval.pk, now=now)


def _may_end(actor: Actor, approval: Approval) -> bool:
    return (
        approval.user_id == actor.user_id
        or (
            approval.person_id is not None and actor.person_id == actor.known_as(PersonId(approval.person_id))
        )
        or actor.has(Role.ADMINISTRATOR, Role.SYSTEM)
    )


def bind(approval_id: UUID, *, kind: Binding.Kind, secret: str, now: datetime) -> None:
    Binding.objects.create(digest=tokens.hashed(secret), kind=kind, approval_id=approval_id, made_at=now)


def take(secret: str, *, now: datetime) -> Approval | None:
    """The approval of a code or a refresh token that nobody has used yet; whoever asks first has it."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [now, tokens.hashed(secret)])
        row = cursor.fetchone()
    return None if row is None else find_live(row[0], now=now)


def find_live(approval_id: UUID, *, now: datetime) -> Approval | None:
    return (
        Approval.objects.select_related("client")
        .filter(pk=approval_id, ended_at__isnull=True, ends_at__gt=now, client__active=True)
        .first()
    )


def find_bound(secret: str) -> Binding | None:
    return Binding.objects.select_related("approval").filter(digest=tokens.hashed(secret)).first()


def find_grant(token: str, now: datetime) -> tuple[Grant, UUID] | None:
    """What an app's access token stands for, and the approval it hangs on; None when it is worth nothing."""
    with prepared.cursor() as cursor:
        cursor.execute(_FIND, _named(token, now))
        row = cursor.fetchone()
    return None if row is None else (tokens.grant_of(row), row[0])


def enter(token: str, now: datetime) -> tuple[Grant, timedelta | None] | None:
    """What a bearer token stands for, whoever gave it out: an operator, a service's signature, a consent.
    With it comes how long its client has to wait (None: not at all), for one more request is counted.

    One statement, and nothing that a crash could not forget: it does not wait for the disk.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_ENTER, _named(token, now, window=throttle.WINDOW))
        row = cursor.fetchone()
    if row is None:
        return None
    grant = tokens.grant_of(row)
    used, started_at, _ = row[-3:]
    return grant, throttle.wait(used, started_at, per_minute=grant.per_minute, now=now)


def _named(token: str, now: datetime, **more: object) -> dict[str, Any]:
    digest = tokens.hashed(token)
    return {"digest": digest, "checksum": digest.hex(), "now": now, **more}


def open_launch(
    *, actor: Actor, client: Client, person_id: PersonId, secret: str, now: datetime,
    encounter_id: UUID | None = None,
) -> None:  # fmt: skip
    """Remember that an app is being opened on a patient's chart by this user."""
    if actor.user_id is None:
        raise NotFound
    with transaction.atomic():
        Launch.objects.create(
            digest=tokens.hashed(secret), client=client, user_id=actor.user_id, person_id=person_id,
            encounter_id=encounter_id, made_at=now,
        )  # fmt: skip
        audit.record(
            actor=actor, action="app.launch", category="access", subject_id=person_id,
            detail={"client": client.client_id}, now=now,
        )  # fmt: skip


def find_launch(*, actor: Actor, client_id: str, secret: str, now: datetime) -> Opened | None:
    """The launch that a parameter names: this user's, this app's, not used, minutes old."""
    if actor.user_id is None:
        return None
    found = Launch.objects.filter(
        digest=tokens.hashed(secret), client__client_id=client_id, user_id=actor.user_id,
        used_at__isnull=True, made_at__gt=now - LAUNCH_MINUTES,
    ).first()  # fmt: skip
    return None if found is None else Opened(
        person_id=PersonId(found.person_id), encounter_id=found.encounter_id
    )  # fmt: skip


def take_launch(secret: str, *, now: datetime) -> bool:
    """Whether this is the one who uses it."""
    digest = tokens.hashed(secret)
    return Launch.objects.filter(digest=digest, used_at__isnull=True).update(used_at=now) == 1
