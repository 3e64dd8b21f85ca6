"""Verifies the trail once a night for as long as it runs: for hosts without a scheduler of their own."""

from __future__ import annotations

import threading
from datetime import datetime, time, timedelta

from django.db import DatabaseError, connection

from steadwell import clock
from steadwell.audit.verifying import Verdict, verify
from steadwell.observability import service as observability

log = observability.get_logger(__name__)
verifications = observability.counter(
    "steadwell_audit_verifications_total",
    "Verifications of the audit trail, by outcome (intact, broken, unanswered).",
    ("outcome",),
)
_AGAIN = timedelta(minutes=10)  # after a database that did not answer


def next_run(now: datetime, at: time) -> datetime:
    """The next instant at which the clock (UTC) shows ``at``."""
    today = datetime.combine(now.date(), at.replace(tzinfo=now.tzinfo))
    return today if today > now else today + timedelta(days=1)


class Watch:
    """Once at the start, so that a broken trail shows at once, then every night.

    A broken trail ends nothing here: it is told by log, metric and health, each night anew, until a person
    has explained it.
    """

    def __init__(self, *, at: time, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self._at = at
        self._broken = False

    def run(self) -> None:
        """Until told to stop. The process counts as not ready while the trail is broken."""
        observability.register_check("audit-trail", self._ask, required=True)
        while True:
            answered = self.verify_once() is not None
            now = clock.now()
            wait = next_run(now, self._at) - now
            if self.stop.wait((wait if answered else min(wait, _AGAIN)).total_seconds()):
                return

    def verify_once(self) -> Verdict | None:
        """None when the database did not answer."""
        try:
            verdict = verify()
        except DatabaseError:
            verifications.inc(outcome="unanswered")
            log.warning("audit.verification_unanswered")
            return None
        finally:
            connection.close()  # for a day nothing needs it
        self._broken = not verdict.intact
        verifications.inc(outcome="broken" if self._broken else "intact")
        if self._broken:
            log.error(
                "audit.trail_broken", code=verdict.fault, batch=verdict.batch, sequence=verdict.entry_id
            )
        else:
            log.info("audit.trail_verified", count=verdict.entries)
        return verdict

    def _ask(self) -> dict[str, str]:
        return {"state": "failed"} if self._broken else {}
