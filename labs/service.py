"""Laboratory reports, results, orders and what waits: the one public module of labs."""

from __future__ import annotations

from labs.demo.saying import DemoPatient
from labs.demo.seeding import seed as seed_demo
from labs.errors import AlreadySettled, NotWaiting, OrderNumberTaken, ReportNotFound, StillUnreadable
from labs.filing import file_report
from labs.filing_together import file_reports
from labs.matching import match_report
from labs.orders import list_orders, place_order
from labs.quarantine import dismiss_observation, list_set_aside, replay_observation
from labs.queries import (
    Page,
    as_known,
    get_document,
    get_report,
    report_versions,
    reports_of,
    series,
    series_of,
)
from labs.recognising import Wait
from labs.relating import (
    describe_order_rows,
    describe_report_rows,
    describe_result_id,
    describe_result_rows,
)
from labs.types import (
    CRITICAL_FLAGS,
    Attachment,
    Coded,
    Filed,
    Flag,
    IncomingObservation,
    IncomingPatient,
    IncomingReport,
    LabOrder,
    Point,
    Quantity,
    ReportSummary,
    ReportView,
    ResultView,
    SetAside,
    Status,
    ValueKind,
    VersionView,
    WaitingReport,
)
from labs.waiting import get_waiting, list_candidates, list_waiting

__all__ = [
    "CRITICAL_FLAGS",
    "AlreadySettled",
    "Attachment",
    "Coded",
    "DemoPatient",
    "Filed",
    "Flag",
    "IncomingObservation",
    "IncomingPatient",
    "IncomingReport",
    "LabOrder",
    "NotWaiting",
    "OrderNumberTaken",
    "Page",
    "Point",
    "Quantity",
    "ReportNotFound",
    "ReportSummary",
    "ReportView",
    "ResultView",
    "SetAside",
    "Status",
    "StillUnreadable",
    "ValueKind",
    "VersionView",
    "Wait",
    "WaitingReport",
    "as_known",
    "describe_order_rows",
    "describe_report_rows",
    "describe_result_id",
    "describe_result_rows",
    "dismiss_observation",
    "file_report",
    "file_reports",
    "get_document",
    "get_report",
    "get_waiting",
    "list_candidates",
    "list_orders",
    "list_set_aside",
    "list_waiting",
    "match_report",
    "place_order",
    "replay_observation",
    "report_versions",
    "reports_of",
    "seed_demo",
    "series",
    "series_of",
]
