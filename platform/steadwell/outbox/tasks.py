"""The hands. The message carries ids; everything else is in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from celery import shared_task

from steadwell import clock
from steadwell.outbox.deliveries import deliver as deliver_one


@shared_task(name="outbox.deliver", ignore_result=True)
def deliver(*, delivery_ids: Sequence[int], **_: object) -> None:
    """Run deliveries one after the other. The relay sends it to their queue; it may come twice."""
    for delivery_id in delivery_ids:
        deliver_one(delivery_id=delivery_id, now=clock.now())
