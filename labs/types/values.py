"""What a laboratory says of one value: its status, kind and flag, and the number it is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """Status of a report and of each observation, in FHIR's words (diagnostic-report-status)."""

    REGISTERED = "registered"
    PARTIAL = "partial"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    CORRECTED = "corrected"
    AMENDED = "amended"
    APPENDED = "appended"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


class ValueKind(StrEnum):
    """What a value is, once read."""

    NUMBER = "number"  # with or without a comparator
    RANGE = "range"  # 5-10
    RATIO = "ratio"  # 3/10
    TITRE = "titre"  # 1:160
    TEXT = "text"
    CODED = "coded"
    ABSENT = "absent"  # not performed, specimen lost, pending: with the reason
    DOCUMENT = "document"


class Flag(StrEnum):
    """Where a value lies against its range. ``OTHER`` keeps a sender's own flag that has no such meaning."""

    CRITICAL_LOW = "LL"
    LOW = "L"
    NORMAL = "N"
    HIGH = "H"
    CRITICAL_HIGH = "HH"
    ABNORMAL = "A"
    CRITICAL_ABNORMAL = "AA"
    OTHER = "other"


CRITICAL_FLAGS = frozenset({Flag.CRITICAL_LOW, Flag.CRITICAL_HIGH, Flag.CRITICAL_ABNORMAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A code with its system (``LN`` is LOINC, ``L`` the sender's own, as HL7 table 0396) and its text."""

    code: str = ""
    text: str = ""
    system: str = ""
    alternate_code: str = ""
    alternate_text: str = ""
    alternate_system: str = ""

    @property
    def loinc(self) -> str:
        """The LOINC code among the two, or empty."""
        if self.system == "LN":
            return self.code
        return self.alternate_code if self.alternate_system == "LN" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number as it counts. ``comparator`` is one of ``<``, ``<=``, ``>``, ``>=`` or empty; ``value`` keeps
    its digits (7.10 stays 7.10); ``unit`` is UCUM, or empty where the code expects none.
    """

    value: Decimal
    unit: str
    comparator: str = ""
