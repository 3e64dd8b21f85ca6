"""Laboratory reports, results, orders and what waits: the one public module of labs."""

from __future__ import annotations

from labs.errors import AlreadySettled, NotWaiting, OrderNumberTaken, ReportNotFound, StillUnreadable
from labs.filing import file_report
from labs.queries import Page, as_known, get_document, get_report, report_versions, reports_of, series
from labs.types import (
    CRITICAL_FLAGS,
    Attachment,
    Coded,
    Filed,
    Flag,
    IncomingObservation,
    IncomingPatient,
    IncomingReport,
    Point,
    Quantity,
    ReportSummary,
    ReportView,
    ResultView,
    Status,
    ValueKind,
    VersionView,
)

__all__ = [
    "CRITICAL_FLAGS",
    "AlreadySettled",
    "Attachment",
    "Coded",
    "Filed",
    "Flag",
    "IncomingObservation",
    "IncomingPatient",
    "IncomingReport",
    "NotWaiting",
    "OrderNumberTaken",
    "Page",
    "Point",
    "Quantity",
    "ReportNotFound",
    "ReportSummary",
    "ReportView",
    "ResultView",
    "Status",
    "StillUnreadable",
    "ValueKind",
    "VersionView",
    "as_known",
    "file_report",
    "get_document",
    "get_report",
    "report_versions",
    "reports_of",
    "series",
]
