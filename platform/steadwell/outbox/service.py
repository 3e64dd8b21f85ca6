"""The ledger of promised work (DESIGN 5): tell and hear events, promise work for a time, repeat requests.

Everything here is written in the caller's transaction. Celery and Valkey only carry ids; losing them loses
nothing.
"""

from __future__ import annotations

from steadwell.outbox.ages import quarantined_count, queue_ages, queue_depths
from steadwell.outbox.audiences import rest, wake
from steadwell.outbox.due import cancel_due, schedule, schedule_many
from steadwell.outbox.errors import Impossible, NotQuarantined, Retry
from steadwell.outbox.promises import Later, Promises
from steadwell.outbox.publishing import publish, publish_many
from steadwell.outbox.quarantine import replay, settle
from steadwell.outbox.registry import (
    forget,
    handle_due,
    handle_due_batch,
    repeat,
    subscribe,
    subscribe_batch,
    subscribe_outside,
    subscribe_outside_batch,
)
from steadwell.outbox.requests import begin_request, claim_request
from steadwell.outbox.types import DeliveryContext, DueRow, Fallen, Heard, NewDueRow, OutsideHandler

__all__ = [
    "DeliveryContext",
    "DueRow",
    "Fallen",
    "Heard",
    "Impossible",
    "Later",
    "NewDueRow",
    "NotQuarantined",
    "OutsideHandler",
    "Promises",
    "Retry",
    "begin_request",
    "cancel_due",
    "claim_request",
    "forget",
    "handle_due",
    "handle_due_batch",
    "publish",
    "publish_many",
    "quarantined_count",
    "queue_ages",
    "queue_depths",
    "repeat",
    "replay",
    "rest",
    "schedule",
    "schedule_many",
    "settle",
    "subscribe",
    "subscribe_batch",
    "subscribe_outside",
    "subscribe_outside_batch",
    "wake",
]
