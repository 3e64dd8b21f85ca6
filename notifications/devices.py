"""Devices that asked to be told: taken in, and given back."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from notifications.carrying.accounts import accounts_of
from notifications.channels import web_push
from notifications.models import Channel, PushSubscription
from notifications.types import Account
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound


def push_key() -> str:
    """Our public key, for browsers that subscribe; empty where there is no push."""
    found = _accounts()
    if not found:
        return ""
    return web_push.encode(web_push.point(web_push.signing_key(found[0].secret).public_key()))


def subscribe_device(*, actor: Actor, endpoint: str, public_key: str, auth: str, now: datetime) -> None:
    """This browser takes notices for whoever is signed in on it. Raises Invalid for a push service that is
    not on the list: we send to no address that somebody makes up.
    """
    if actor.user_id is None:
        raise Forbidden
    if len(endpoint) > 1000 or not (_is_listed(endpoint) or _is_our_own(endpoint)):
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


def demo_service() -> str:
    """The address of the demonstration's push service; empty where there is none."""
    return next((each.url for each in _accounts() if each.url and settings.DEMO), "")


def subscribe_demo_handset(*, actor: Actor, now: datetime) -> None:
    """The demonstration's handset takes notices for whoever is signed in. Raises NotFound without one."""
    service = demo_service()
    if not service:
        raise NotFound
    from notifications.simulator.providers import DEVICE_AUTH, DEVICE_KEY

    subscribe_device(
        actor=actor, endpoint=f"{service}/devices/{actor.user_id}", public_key=DEVICE_KEY, auth=DEVICE_AUTH,
        now=now,
    )  # fmt: skip


def _accounts() -> list[Account]:
    return [each for each in accounts_of(Channel.PUSH) if each.kind == "web-push"]


def _is_listed(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    is_known = any(host == name or host.endswith(f".{name}") for name in settings.PUSH_SERVICES)
    return is_known and parts.scheme == "https" and not parts.username and not parts.port


def _is_our_own(endpoint: str) -> bool:
    """At the push service that the settings name with the account."""
    return any(each.url and endpoint.startswith(f"{each.url}/") for each in _accounts())


def _check_keys(public_key: str, auth: str) -> None:
    """Sealing something shows whether the keys are keys."""
    try:
        if len(web_push.decode(auth)) != 16:
            raise ValueError("auth")
        web_push.seal(b"", public_key=public_key, auth=auth)
    except ValueError as error:
        raise Invalid(fields={"keys": "not-keys"}) from error
