"""Which event carries a message of which urgency: each lane has its own workers."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.types import Urgency
from steadwell.events import BulkMessageDue, MessageDue, UrgentMessageDue

LANES: Mapping[Urgency, type[MessageDue]] = {
    Urgency.URGENT: UrgentMessageDue,
    Urgency.STANDARD: MessageDue,
    Urgency.BULK: BulkMessageDue,
}
