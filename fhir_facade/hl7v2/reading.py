"""From a stored message to laboratory reports: the work behind an acknowledgement."""

from __future__ import annotations

from steadwell.events import LabMessageStored
from steadwell.outbox import service as outbox


def read_stored(event: LabMessageStored, ctx: outbox.DeliveryContext) -> None:
    raise outbox.Retry("no-reader-yet")
