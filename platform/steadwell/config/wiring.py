"""Binds what one part offers to what another part asks for, where neither may know the other."""

from __future__ import annotations

from datetime import timedelta

from labs import ports as labs_ports
from medications import ports as medications_ports
from messaging import ports as messaging_ports
from notifications import ports as notifications_ports
from steadwell.audit import service as audit
from steadwell.config.care import ClinicCare
from steadwell.config.directory import SchedulingAttendance, SchedulingDirectory, SchedulingReception
from steadwell.outbox import service as outbox


def bind() -> None:
    """Called once when the composition root is ready."""
    labs_ports.bind_directory(SchedulingDirectory())
    notifications_ports.bind_clinic(SchedulingAttendance())
    messaging_ports.bind(SchedulingReception())
    medications_ports.bind(care=ClinicCare())
    outbox.repeat("audit.seal", every=timedelta(minutes=1), queue="default", handler=_seal)


def _seal(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    audit.seal(now=ctx.now)
