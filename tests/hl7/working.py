"""Messages stored as the listener stores them, and the work behind them done as a worker does it."""

from __future__ import annotations

from fhir_facade.hl7v2 import senders, storing
from fhir_facade.hl7v2.acks import Verdict
from fhir_facade.hl7v2.arrivals import Arrival, judge
from fhir_facade.hl7v2.models import Hl7Message
from fhir_facade.hl7v2.splitter import LIMITS
from steadwell import clock
from steadwell.outbox import handover
from steadwell.outbox.deliveries import deliver


def receive(raw: bytes) -> tuple[Verdict, Hl7Message]:
    """From the only sender, or the one that the message names."""
    now = clock.now()
    arrival = Arrival(raw=raw, candidates=tuple(senders.list_active()), received_at=now)
    entry = judge(arrival, LIMITS)
    storing.store([entry], now=now)
    row = Hl7Message.objects.filter(sha256=entry.digest, sender=entry.sender.id).get()
    return entry.verdict, row


def work() -> None:
    """Everything that was promised for now."""
    now = clock.now()
    while ids := [each for several in handover.claim(now=now).ids.values() for each in several]:
        for delivery_id in ids:
            deliver(delivery_id=delivery_id, now=now)
