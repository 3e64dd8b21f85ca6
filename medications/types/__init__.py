"""What crosses the edge of medications: plain frozen values, by topic."""

from __future__ import annotations

from medications.types.allergies import (
    AllergyView,
    IncomingAllergy,
)
from medications.types.checks import (
    AlertCount,
    CheckView,
    FindingView,
    NotCheckedView,
    OverrideView,
    PackView,
    RuleUse,
)
from medications.types.diary import (
    DiaryEntry,
    ReminderView,
    Taken,
)
from medications.types.lines import (
    OPEN_STATES,
    Conflict,
    Evidence,
    LineState,
    LineView,
    MedicineList,
    Outcome,
    Placement,
    QueueItem,
)
from medications.types.refills import (
    PharmacyView,
    RefillState,
    RefillStepView,
    RefillView,
)
from medications.types.statements import (
    UNDERSTOOD,
    Dosage,
    Filed,
    Grade,
    IncomingStatement,
    Reading,
    Source,
    StatementKind,
    StatementView,
    Status,
    VersionView,
)

__all__ = [
    "OPEN_STATES",
    "UNDERSTOOD",
    "AlertCount",
    "AllergyView",
    "CheckView",
    "Conflict",
    "DiaryEntry",
    "Dosage",
    "Evidence",
    "Filed",
    "FindingView",
    "Grade",
    "IncomingAllergy",
    "IncomingStatement",
    "LineState",
    "LineView",
    "MedicineList",
    "NotCheckedView",
    "Outcome",
    "OverrideView",
    "PackView",
    "PharmacyView",
    "Placement",
    "QueueItem",
    "Reading",
    "RefillState",
    "RefillStepView",
    "RefillView",
    "ReminderView",
    "RuleUse",
    "Source",
    "StatementKind",
    "StatementView",
    "Status",
    "Taken",
    "VersionView",
]
