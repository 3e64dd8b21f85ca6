"""In the demonstration, where no pharmacy network is connected: an accommodating pharmacy of our own.

It accepts in the transaction that would have handed the message over, and fills a minute later. It never
stands in where a network is named.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from medications.models import Refill
from medications.pharmacy import answers, simulator
from steadwell.outbox import service as outbox

KIND = "medications.demo-fill"
_TAKES = timedelta(minutes=1)


def stands_in(network: str) -> bool:
    return bool(settings.DEMO) and not settings.PHARMACY_NETWORKS.get(network, ("", ""))[0]


def accept(refill: Refill, network: str, now: datetime) -> None:
    message = simulator.answer(str(refill.message_id), "Status", {"Code": "010"})
    answers.take(message, network=network, now=now)
    outbox.schedule(
        kind=KIND, key=str(refill.message_id), due_at=now + _TAKES, now=now, about=refill.pk,
        payload={"network": network, "message": str(refill.message_id)},
    )  # fmt: skip


def fill(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    message = simulator.answer(row.payload["message"], "RxFill", {"FillStatus": {"Dispensed": {}}})
    answers.take(message, network=row.payload["network"], now=ctx.now)
