"""The tables of scheduling, by what they are about."""

from __future__ import annotations

from scheduling.models.asking import MoveRequest
from scheduling.models.booking import (
    Appointment,
    AppointmentVersion,
    Claim,
    GroupSession,
    Hold,
    Seat,
)
from scheduling.models.clinic import (
    CatalogueStamp,
    Holiday,
    Organisation,
    Practitioner,
    Resource,
    Site,
    VisitType,
)
from scheduling.models.feeds import CalendarFeed
from scheduling.models.hours import AvailabilityException, Closure, WeeklyHours

__all__ = [
    "Appointment",
    "AppointmentVersion",
    "AvailabilityException",
    "CalendarFeed",
    "CatalogueStamp",
    "Claim",
    "Closure",
    "GroupSession",
    "Hold",
    "Holiday",
    "MoveRequest",
    "Organisation",
    "Practitioner",
    "Resource",
    "Seat",
    "Site",
    "VisitType",
    "WeeklyHours",
]
