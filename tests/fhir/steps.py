"""What relay and workers do, here and now: every delivery that waits, and those which it brings about."""

from __future__ import annotations

from steadwell import clock
from steadwell.outbox import handover
from steadwell.outbox.deliveries import deliver


def run_promised() -> None:
    while found := handover.claim(now=clock.now()).ids:
        for numbers in found.values():
            for number in numbers:
                deliver(delivery_id=number, now=clock.now())
