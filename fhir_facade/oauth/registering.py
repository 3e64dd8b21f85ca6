"""Registering an app or a service, and what staff decide about it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from oauth2_provider.models import get_application_model

from fhir_facade.oauth import wanted
from fhir_facade.oauth.models import Approval, Kind, Registration, ReviewState
from fhir_facade.smart import scopes, tokens
from fhir_facade.smart.models import Client
from fhir_facade.smart.types import Level
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import new_id

_RESERVED = frozenset({"javascript", "data", "file", "blob", "about", "vbscript", "ftp", "http"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a developer says of an app. ``confidential``: it can keep a secret, so it runs on a server."""

    name: str
    kind: Kind
    purpose: str
    publisher: str
    contact: str
    scope: str
    redirect_uris: tuple[str, ...] = ()
    confidential: bool = False
    homepage: str = ""
    launch_url: str = ""
    jwks_url: str = ""
    jwks: Mapping[str, Any] | None = None


def register(*, actor: Actor, asked: Asked, now: datetime, client_id: str = "") -> str:
    """Make an app known. It can do nothing before it is approved. Answers its client id; raises Invalid."""
    _check(asked)
    client_id = client_id or secrets.token_urlsafe(18)
    application = get_application_model()
    with transaction.atomic():
        client = Client.objects.create(
            id=new_id(), client_id=client_id, name=asked.name, scopes=asked.scope, active=False,
            registered_at=now, registered_by=actor.user_id,
        )  # fmt: skip
        Registration.objects.create(
            client=client, kind=asked.kind, purpose=asked.purpose, publisher=asked.publisher,
            homepage=asked.homepage, contact=asked.contact, launch_url=asked.launch_url,
            jwks_url=asked.jwks_url, jwks=dict(asked.jwks) if asked.jwks is not None else None, asked_at=now,
        )  # fmt: skip
        application.objects.create(
            client_id=client_id, client_secret=secrets.token_urlsafe(48), name=asked.name,
            client_type="confidential" if asked.confidential or asked.kind == Kind.SERVICE else "public",
            authorization_grant_type=(
                "client-credentials" if asked.kind == Kind.SERVICE else "authorization-code"
            ),
            redirect_uris=" ".join(asked.redirect_uris), algorithm="RS256",
        )  # fmt: skip
        audit.record(
            actor=actor, action="app.register", category="access", entity_id=client.pk, now=now,
            detail={"client": client_id},
        )  # fmt: skip
    return client_id


def decide(
    *, actor: Actor, registration_id: Any, approve: bool, reason: str, medicine_source: str = "",
    now: datetime,
) -> str:  # fmt: skip
    """Let an app in, or not, or no longer, with a reason. Answers the secret of an app that keeps one, this
    once; for others nothing. What was consented to ends with a refusal.

    ``medicine_source``: as whose word a service's medicines and allergies are kept from now on; empty leaves
    it as it is.
    """
    if not actor.has(Role.ADMINISTRATOR):
        raise Forbidden
    if not reason.strip():
        raise Invalid(fields={"reason": "Say why."})
    with transaction.atomic():
        found = Registration.objects.select_for_update().filter(pk=registration_id).first()
        if found is None:
            raise NotFound
        client = Client.objects.select_for_update().get(pk=found.client_id)
        found.state = ReviewState.APPROVED if approve else ReviewState.REFUSED
        found.reviewed_at, found.reviewed_by, found.reason = now, actor.user_id, reason.strip()[:500]
        found.save(update_fields=["state", "reviewed_at", "reviewed_by", "reason"])
        client.active = approve
        if medicine_source and found.kind == Kind.SERVICE:
            client.medicine_source = tokens.checked_source(medicine_source)
        client.save(update_fields=["active", "medicine_source"])
        secret = _new_secret(client) if approve else ""
        if not approve:
            Approval.objects.filter(client=client, ended_at__isnull=True).update(
                ended_at=now, ended_by=actor.user_id
            )
        audit.record(
            actor=actor, action="app.approve-registration" if approve else "app.refuse-registration",
            category="access", entity_id=client.pk, reason=found.reason, now=now,
            detail={"client": client.client_id, "medicine_source": client.medicine_source},
        )  # fmt: skip
    return secret


def _new_secret(client: Client) -> str:
    """Kept as a hash, so whoever asks again gets a new one. None for public apps and for services."""
    application = get_application_model().objects.get(client_id=client.client_id)
    if (
        application.client_type != "confidential"
        or application.authorization_grant_type == "client-credentials"
    ):
        return ""
    secret = secrets.token_urlsafe(36)
    application.client_secret = secret
    application.save()
    return secret


def _check(asked: Asked) -> None:
    fields: dict[str, str] = {}
    if not asked.name.strip() or not asked.purpose.strip() or not asked.publisher.strip():
        fields["name"] = "An app needs a name, a publisher and what it is for."
    if asked.kind == Kind.SERVICE:
        if not asked.jwks_url and asked.jwks is None:
            fields["jwks_url"] = "A service needs the address of its public keys, or the keys."
    elif not asked.redirect_uris:
        fields["redirect_uris"] = "Name at least one address that people come back to."
    for address in asked.redirect_uris:
        if problem := _redirect_problem(address):
            fields["redirect_uris"] = problem
    for name in ("launch_url", "jwks_url", "homepage"):
        address = getattr(asked, name)
        if address and urlsplit(address).scheme != "https" and not _is_loopback(address):
            fields[name] = "The address has to begin with https."
    if problem := _scope_problem(asked):
        fields["scope"] = problem
    if fields:
        raise Invalid(fields=fields)


def _redirect_problem(address: str) -> str:
    parts = urlsplit(address)
    if "#" in address or "*" in address or any(sign.isspace() for sign in address):
        return "An address to come back to has no #, no * and no spaces."
    if parts.scheme == "https" and parts.hostname:
        return ""
    if _is_loopback(address):
        return ""
    # An app on a phone comes back by a scheme of its own: reverse domain names only (RFC 8252, section 7.1).
    if "." in parts.scheme and parts.scheme not in _RESERVED:
        return ""
    return "An address to come back to begins with https, or with the app's own reversed domain name."


def _is_loopback(address: str) -> bool:
    """http on this very device, as apps under development use it (RFC 8252, section 7.3)."""
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}


def _scope_problem(asked: Asked) -> str:
    words = asked.scope.split()
    found = {word: scopes.parse_one(word) for word in words if word not in wanted.AROUND}
    unread = [word for word, scope in found.items() if scope is None]
    if not words or unread:
        return (
            f"These scopes cannot be read: {' '.join(unread)}"
            if unread
            else "Name the scopes it may ask for."
        )
    services = {scope.level is Level.SYSTEM for scope in found.values() if scope is not None}
    if asked.kind == Kind.SERVICE and services != {True}:
        return "A service has scopes of the system only."
    if asked.kind != Kind.SERVICE and True in services:
        return "Scopes of the system are for services only."
    return ""
