"""What crosses the edge of scheduling: plain frozen values, by topic."""

from __future__ import annotations

from scheduling.types.clinic import (
    ClinicInfo,
    Info,
    Key,
    Modality,
    Mode,
    PractitionerInfo,
    SiteInfo,
    VisitTypeInfo,
)
from scheduling.types.days import (
    ClinicDay,
    ClinicianDay,
    Closure,
    ClosureKind,
    DayMove,
    Feed,
    OpenTime,
)
from scheduling.types.offers import (
    Alternative,
    AlternativeKind,
    DayGlance,
    Hold,
    MonthGlance,
    Offer,
    OfferRef,
    Reason,
    SearchResult,
    TimeOfDay,
)
from scheduling.types.visits import (
    Appointment,
    AppointmentVersion,
    CancelledBy,
    RequestedMove,
)

__all__ = [
    "Alternative",
    "AlternativeKind",
    "Appointment",
    "AppointmentVersion",
    "CancelledBy",
    "ClinicDay",
    "ClinicInfo",
    "ClinicianDay",
    "Closure",
    "ClosureKind",
    "DayGlance",
    "DayMove",
    "Feed",
    "Hold",
    "Info",
    "Key",
    "Modality",
    "Mode",
    "MonthGlance",
    "Offer",
    "OfferRef",
    "OpenTime",
    "PractitionerInfo",
    "Reason",
    "RequestedMove",
    "SearchResult",
    "SiteInfo",
    "TimeOfDay",
    "VisitTypeInfo",
]
