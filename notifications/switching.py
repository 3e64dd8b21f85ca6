"""Providers as staff see and switch them: how each is doing, and off by hand with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from notifications.carrying import health
from notifications.carrying.accounts import CALL_LIST, DEMO
from notifications.models import ProviderAccount, ProviderChange
from notifications.types import ChangeOfProvider, ProviderHealth
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound

WATCHERS = (Role.MANAGER, Role.ADMINISTRATOR)
_MINUTE = """
SELECT provider_id, sum(passed), sum(failed), sum(slow), sum(milliseconds)
FROM notifications_providerwindow WHERE second > %s - 60 GROUP BY provider_id
"""


def list_providers(*, actor: Actor, now: datetime) -> list[ProviderHealth]:
    """Every provider of the settings with its last minute. Managers and administrators only."""
    if not actor.has(*WATCHERS):
        raise Forbidden
    standings = health.standings(now=now)
    with connection.cursor() as cursor:
        cursor.execute(_MINUTE, [int(now.timestamp())])
        minute: Mapping[str, tuple[int, ...]] = {
            code: tuple(map(int, counts)) for code, *counts in cursor.fetchall()
        }
    reasons = dict(ProviderAccount.objects.values_list("code", "reason"))
    found = []
    for each in standings:
        if each.account.kind in {DEMO, CALL_LIST}:
            continue
        passed, failed, slow, milliseconds = minute.get(each.account.code, (0, 0, 0, 0))
        calls = passed + failed
        found.append(
            ProviderHealth(
                code=each.account.code, channel=each.account.channel, weight=each.weight, is_off=each.is_off,
                breaker=each.breaker, cause=each.cause, since=each.changed_at,
                reason=reasons.get(each.account.code, ""), passed=passed, failed=failed, slow=slow,
                mean_ms=milliseconds // calls if calls else None,
            )
        )  # fmt: skip
    return found


def list_changes(*, actor: Actor, limit: int = 30) -> list[ChangeOfProvider]:
    """What happened to providers, latest first."""
    if not actor.has(*WATCHERS):
        raise Forbidden
    rows = ProviderChange.objects.order_by("-id").values_list("provider_id", "what", "cause", "at")
    return [
        ChangeOfProvider(provider=provider, what=what, cause=cause, at=at)
        for provider, what, cause, at in rows[:limit]
    ]


def switch_provider(*, actor: Actor, code: str, off: bool, reason: str, now: datetime) -> None:
    """Take a provider out by hand, or let it work again. Raises Invalid without a reason, NotFound."""
    if not actor.has(*WATCHERS):
        raise Forbidden
    if not reason.strip():
        raise Invalid(fields={"reason": "missing"})
    what, reason = "switched-off" if off else "switched-on", reason.strip()[:500]
    values: dict[str, object] = {"switch": "off" if off else "auto"}
    with transaction.atomic():
        changed = ProviderAccount.objects.filter(pk=code).update(
            **values, switched_at=now, switched_by=actor.user_id, reason=reason
        )
        if not changed:
            raise NotFound
        ProviderChange.objects.create(provider_id=code, what=what, cause=reason, by=actor.user_id, at=now)
        audit.record(
            actor=actor, action=f"provider.{what}", category="provider", now=now, reason=reason,
            detail={"provider": code},
        )  # fmt: skip
    health.forget()
