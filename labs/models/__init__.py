"""Tables of labs, one module per topic."""

from __future__ import annotations

from labs.models.critical import CallStep, CriticalCall, OpenCall, Shift, SiteRules
from labs.models.intake import ClinicianNumber, LabSender, MaybeSame, Order, Quarantined, UnitSynonym
from labs.models.release import Hold, Opening, Release, ReleaseChoice, ReleaseDefault, ReleaseRule
from labs.models.reports import Document, Report, ReportVersion, Result, ResultVersion
from labs.models.review import Away, FollowUp, ReviewTask, TaskStep
from labs.models.signing import Acknowledgement, ReportComment, Signature

__all__ = [
    "Acknowledgement",
    "Away",
    "CallStep",
    "ClinicianNumber",
    "CriticalCall",
    "Document",
    "FollowUp",
    "Hold",
    "LabSender",
    "MaybeSame",
    "OpenCall",
    "Opening",
    "Order",
    "Quarantined",
    "Release",
    "ReleaseChoice",
    "ReleaseDefault",
    "ReleaseRule",
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
