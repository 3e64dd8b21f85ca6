"""What ends with an app's access: its subscriptions, at once, and what lay ready to be sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fhir_facade.subscriptions import locking, standing
from fhir_facade.subscriptions.models import Subscription


def of_approval(approval_id: UUID, *, now: datetime) -> None:
    """In the caller's transaction."""
    live = Subscription.objects.filter(approval_id=approval_id, deleted_at__isnull=True)
    for each in locking.lock_several(live.exclude(state=Subscription.State.OFF).values_list("pk", flat=True)):
        standing.turn_off(each, cause="access-ended", now=now)
