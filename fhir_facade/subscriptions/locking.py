"""All row locks of subscriptions: by ascending id, before anything of theirs is written."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from fhir_facade.subscriptions.models import Subscription


def lock(subscription_id: UUID) -> Subscription | None:
    """None for one that is not there or was deleted."""
    return next(iter(lock_several([subscription_id])), None)


def lock_several(ids: Iterable[UUID]) -> list[Subscription]:
    return list(
        Subscription.objects.select_for_update(of=("self",), no_key=True)
        .select_related("client")
        .filter(pk__in=list(ids), deleted_at__isnull=True)
        .order_by("pk")
    )
