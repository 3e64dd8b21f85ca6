"""Slot: a time that can be booked."""

from __future__ import annotations

from fhir_facade.server import slots
from fhir_facade.server.registry import Definition, Kind, Param

DEFINITION = Definition(
    type="Slot",
    origins=(),
    params=(
        Param(name="schedule", kind=Kind.REFERENCE, paths=("schedule",), targets=("Schedule",)),
        Param(name="start", kind=Kind.DATE),
        Param(name="status", kind=Kind.TOKEN),
        Param(name="service-type", kind=Kind.TOKEN),
    ),
    key_kind="text",
    finder=slots.find,
    getter=slots.get,
    required_any=(("schedule",), ("service-type",), ("start",)),
)
