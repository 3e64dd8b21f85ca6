"""Tables of labs, one module per topic."""

from __future__ import annotations

from labs.models.critical import CallStep, CriticalCall, OpenCall, Shift, SiteRules
from labs.models.intake import ClinicianNumber, LabSender, Order, Quarantined, UnitSynonym
from labs.models.reports import Document, Report, ReportVersion, Result, ResultVersion
from labs.models.review import (
    Acknowledgement,
    Away,
    FollowUp,
    ReportComment,
    ReviewTask,
    Signature,
    TaskStep,
)

__all__ = [
    "Acknowledgement",
    "Away",
    "CallStep",
    "ClinicianNumber",
    "CriticalCall",
    "Document",
    "FollowUp",
    "LabSender",
    "OpenCall",
    "Order",
    "Quarantined",
    "Report",
    "ReportComment",
    "ReportVersion",
    "Result",
    "ResultVersion",
    "ReviewTask",
    "Shift",
    "Signature",
    "SiteRules",
    "TaskStep",
    "UnitSynonym",
]
