"""The rights that a subscription sends with: those of its client at that moment, asked anew each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fhir_facade.oauth import approvals
from fhir_facade.server.access import Access
from fhir_facade.smart import acting, scopes
from fhir_facade.smart.models import AccessToken
from fhir_facade.smart.types import Grant, Level
from fhir_facade.subscriptions.models import Subscription
from steadwell.ids import PersonId, SiteId, UserId, new_id

_LASTS = timedelta(minutes=1)


def columns_of(access: Access) -> dict[str, Any]:
    """What a subscription keeps of the token that it is written with."""
    grant = access.grant
    is_token = AccessToken.objects.filter(pk=grant.token_id).exists()
    return {
        "token_id": grant.token_id if is_token else None,
        "approval_id": None if is_token else grant.token_id,
        "user_id": grant.user_id,
        "person_id": grant.person_id,
        "scopes": " ".join(scopes.written(each) for each in grant.scopes),
        "base": access.base,
    }


def access_of(subscription: Subscription, *, now: datetime) -> Access | None:
    """None when they have ended: the client was switched off, the approval or the token is over, the user is
    gone, or the client may no longer have its scopes.
    """
    client = subscription.client
    granted = scopes.parse(subscription.scopes)
    if not client.active or not _holds(subscription, now=now):
        return None
    allowed = scopes.parse(client.scopes)
    if client.scopes and not all(any(each.is_within(wide) for wide in allowed) for each in granted):
        return None
    grant = Grant(
        client_id=client.client_id, client_name=client.name,
        user_id=UserId(subscription.user_id) if subscription.user_id else None,
        person_id=PersonId(subscription.person_id) if subscription.person_id else None, scopes=granted,
        token_id=subscription.approval_id or subscription.token_id or new_id(), expires_at=now + _LASTS,
        site_id=SiteId(client.site_id) if client.site_id else None,
    )  # fmt: skip
    actor = acting.actor_of(grant, now=now)
    return None if actor is None else Access(grant=grant, actor=actor, now=now, base=subscription.base)


def _holds(subscription: Subscription, *, now: datetime) -> bool:
    """A service's token lives for minutes by design: its end says nothing, its revocation does. Any other
    token's end is the end.
    """
    if subscription.approval_id is not None:
        return approvals.find_live(subscription.approval_id, now=now) is not None
    token = _token_of(subscription)
    if token is None or token.revoked_at is not None:
        return False
    only_systems = all(each.level is Level.SYSTEM for each in scopes.parse(subscription.scopes))
    return only_systems or token.expires_at > now


def _token_of(subscription: Subscription) -> AccessToken | None:
    if subscription.token_id is None:
        return None
    return AccessToken.objects.filter(pk=subscription.token_id).first()
