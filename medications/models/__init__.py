"""Tables of medications, one module per topic."""

from __future__ import annotations

from medications.models.allergies import Allergy, AllergyVersion
from medications.models.checks import Override, SafetyCheck
from medications.models.diary import DiaryVersion, Reminder, ReminderVersion
from medications.models.lines import Chart, DecisionVersion, Line
from medications.models.refills import Pharmacy, PharmacyMailbox, PharmacyMessage, Refill, RefillStep
from medications.models.statements import Statement, StatementVersion

__all__ = [
    "Allergy",
    "AllergyVersion",
    "Chart",
    "DecisionVersion",
    "DiaryVersion",
    "Line",
    "Override",
    "Pharmacy",
    "PharmacyMailbox",
    "PharmacyMessage",
    "Refill",
    "RefillStep",
    "Reminder",
    "ReminderVersion",
    "SafetyCheck",
    "Statement",
    "StatementVersion",
]
