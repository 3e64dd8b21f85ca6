"""Devices that asked to be told: taken in, and given back."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from notifications.carrying.accounts import accounts_of
from notifications.channels import web_push
from notifications.models import Channel, PushSubscription
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid


def push_key() -> str:
    """Our public key, for browsers that subscribe; empty where there is no push."""
    found = [each for each in accounts_of(Channel.PUSH) if each.kind == "web-push"]
    if not found:
        return ""
    return web_push.encode(web_push.point(web_push.signing_key(found[0].secret).public_key()))


def subscribe_device(*, actor: Actor, endpoint: str, public_key: str, auth: str, now: datetime) -> None:
    """This browser takes notices for whoever is signed in on it. Raises Invalid for a push service that is
    not on the list: we send to no address that somebody makes up.
    """
    if actor.user_id is None:
        raise Forbidden
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    allowed = any(host == name or host.endswith(f".{name}") for name in settings.PUSH_SERVICES)
    if parts.scheme != "https" or not allowed or len(endpoint) > 1000 or parts.username or parts.port:
        raise Invalid(fields={"endpoint": "unknown-service"})
    _check_keys(public_key, auth)
    with transaction.atomic():
        PushSubscription.objects.update_or_create(
            endpoint=endpoint,
            defaults={
                "reader_id": actor.user_id, "public_key": public_key, "auth": auth, "created_at": now,
                "ended_at": None, "cause": "",
            },
        )  # fmt: skip
        audit.record(actor=actor, action="device.subscribe", category="message", now=now)


def unsubscribe_device(*, actor: Actor, endpoint: str, now: datetime) -> None:
    """It takes no more. Somebody else's, or none: nothing happens."""
    if actor.user_id is None:
        raise Forbidden
    with transaction.atomic():
        mine = PushSubscription.objects.filter(
            endpoint=endpoint, reader_id=actor.user_id, ended_at__isnull=True
        )
        if mine.update(ended_at=now, cause="unsubscribed"):
            audit.record(actor=actor, action="device.unsubscribe", category="message", now=now)


def _check_keys(public_key: str, auth: str) -> None:
    """Sealing something shows whether the keys are keys."""
    try:
        if len(web_push.decode(auth)) != 16:
            raise ValueError("auth")
        web_push.seal(b"", public_key=public_key, auth=auth)
    except ValueError as error:
        raise Invalid(fields={"keys": "not-keys"}) from error
