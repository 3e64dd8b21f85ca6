"""Tables of labs, one module per topic."""

from __future__ import annotations

from labs.models.intake import ClinicianNumber, LabSender, Order, Quarantined, UnitSynonym
from labs.models.reports import Document, Report, ReportVersion, Result, ResultVersion

__all__ = [
    "ClinicianNumber",
    "Document",
    "LabSender",
    "Order",
    "Quarantined",
    "Report",
    "ReportVersion",
    "Result",
    "ResultVersion",
    "UnitSynonym",
]
