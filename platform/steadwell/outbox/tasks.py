"""The hands. The message carries ids; everything else is in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from celery import shared_task

from steadwell import clock
from steadwell.outbox import batches
from steadwell.outbox.deliveries import deliver as deliver_one


@shared_task(name="outbox.deliver", ignore_result=True)
def deliver(*, delivery_ids: Sequence[int], together: bool = False, **_: object) -> None:
    """Run deliveries, as a batch or one after the other. The relay sends it to their queue; it may come
    twice.
    """
    if together:
        batches.deliver_together(delivery_ids=delivery_ids, now=clock.now())
        return
    for delivery_id in delivery_ids:
        deliver_one(delivery_id=delivery_id, now=clock.now())
