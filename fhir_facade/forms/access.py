"""Who offers forms and who reads what was answered. "Not yours" answers as "not there"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from fhir_facade.server.access import Access
from fhir_facade.smart.types import Grant, Level, Scope
from scheduling import service as scheduling
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId

ASKERS: Final = frozenset({Role.CLINICIAN, Role.FRONT_DESK, Role.MANAGER})
READERS: Final = frozenset({Role.CLINICIAN})
PORTAL: Final = "portal"  # whose word it is in the versions; no client bears this id


def may_ask(actor: Actor, site_id: SiteId, ids: frozenset[PersonId]) -> None:
    """Staff of a clinic, or the platform, for a patient of that clinic."""
    if not asks_at(actor, site_id) or site_id not in scheduling.list_sites_of_patient(person_ids=ids):
        raise NotFound


def asks_at(actor: Actor, site_id: SiteId) -> bool:
    return actor.is_system or bool(actor.roles_at(site_id) & ASKERS)


def may_read(actor: Actor, site_id: SiteId) -> None:
    """What was answered is for clinicians of the clinic that asked."""
    if not actor.roles_at(site_id) & READERS:
        raise NotFound


def may_fill(actor: Actor, person_id: PersonId) -> None:
    if not actor.stands_for(person_id):
        raise NotFound


def ids_of(person_id: PersonId) -> frozenset[PersonId]:
    """Every id of a patient."""
    return frozenset({person_id, *identity.person_ids_of(person_id)})


def of_portal(actor: Actor, now: datetime) -> Access:
    """With which a response is kept as one that came over the API would be: held against its form."""
    scopes = (_scope("Questionnaire", "r"), _scope("QuestionnaireResponse", "cru"))
    grant = Grant(
        client_id=PORTAL, client_name="Steadwell", user_id=actor.user_id, person_id=None, scopes=scopes,
        token_id=UUID(int=0), expires_at=now + timedelta(minutes=1), limited=False,
    )  # fmt: skip
    base = settings.FHIR_BASE_URL or f"{settings.PUBLIC_URL}/fhir"
    return Access(grant=grant, actor=actor, now=now, base=base)


def _scope(kind: str, letters: str) -> Scope:
    return Scope(level=Level.USER, resource=kind, interactions=frozenset(letters))
