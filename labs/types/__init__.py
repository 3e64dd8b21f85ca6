"""What crosses the edge of labs: plain frozen values, by topic.

``Incoming…`` is what a laboratory said, in its own words, whatever the wire it came over; ``file_report``
takes it. ``…View`` is what readers get.
"""

from __future__ import annotations

from labs.types.incoming import (
    Attachment,
    Filed,
    IncomingObservation,
    IncomingPatient,
    IncomingReport,
)
from labs.types.reports import (
    SENT_TWICE,
    Point,
    ReportSummary,
    ReportView,
    ResultView,
    VersionView,
)
from labs.types.values import (
    CRITICAL_FLAGS,
    Coded,
    Flag,
    Quantity,
    Status,
    ValueKind,
)
from labs.types.waiting import (
    LabOrder,
    SetAside,
    WaitingReport,
)

__all__ = [
    "CRITICAL_FLAGS",
    "SENT_TWICE",
    "Attachment",
    "Coded",
    "Filed",
    "Flag",
    "IncomingObservation",
    "IncomingPatient",
    "IncomingReport",
    "LabOrder",
    "Point",
    "Quantity",
    "ReportSummary",
    "ReportView",
    "ResultView",
    "SetAside",
    "Status",
    "ValueKind",
    "VersionView",
    "WaitingReport",
]
