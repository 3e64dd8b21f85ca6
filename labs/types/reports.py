"""Reports, their versions and results, as readers get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from labs.types.values import CRITICAL_FLAGS, Flag, Quantity, Status, ValueKind
from steadwell.ids import PersonId, PractitionerId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """One observation in one version, ready to show. ``quantity`` is None where there is no number or its
    unit could not be trusted; ``unit_reason`` then says why. ``value_text`` and ``unit_text`` are as sent.
    """

    result_id: UUID  # the observation over its versions
    report_id: UUID
    version: int
    key: str
    parent_key: str
    loinc: str
    name: str
    kind: ValueKind
    value_text: str
    unit_text: str
    quantity: Quantity | None
    unit_reason: str
    range_text: str
    range_low: Decimal | None
    range_high: Decimal | None
    flag: Flag | None  # what is shown: the more serious of the two
    flag_sent: str
    flag_computed: Flag | None
    flags_disagree: bool
    status: Status
    effective_at: datetime | None
    notes: tuple[str, ...]
    valid_from: datetime
    recorded_at: datetime
    reason: str  # why this version replaced the one before: a code of settling.Why
    range_is_ours: bool = False  # the laboratory sent none: a usual range from the code table
    problem: str = ""  # why it could not be read; it is shown as sent, and waits for a person
    corrected: bool = False  # differs from a value that was final
    previous_version: int | None = None  # whose value it replaced
    value_low: Decimal | None = None  # the ends of a range, or numerator and denominator
    value_high: Decimal | None = None
    value_code: str = ""
    value_type: str = ""  # HL7's, as sent
    absent_reason: str = ""
    sub_id: str = ""
    status_told: str = ""  # as sent; empty where it was left blank
    method: str = ""
    performer: str = ""
    effective_text: str = ""  # as written, with its offset

    @property
    def critical(self) -> bool:
        return self.flag in CRITICAL_FLAGS


SENT_TWICE = "sent-twice"  # why the clinic took a version back: another report is the same


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One report in its current version with its current results.

    ``version`` counts what was said about it. ``changed_version`` is the last that changed anything in this
    view: whoever read that one or a later one has missed nothing. ``told_at``: when the laboratory said what
    counts; the same in whatever order its messages came.
    """

    report_id: UUID
    version: int
    changed_version: int
    person_id: PersonId | None
    site_id: SiteId | None
    practitioner_id: PractitionerId | None
    name: str
    loinc: str
    performer: str
    specimen: str
    status: Status
    collected_at: datetime | None
    issued_at: datetime | None
    received_at: datetime
    critical: bool
    abnormal: bool
    corrected: bool
    notes: tuple[str, ...]
    results: tuple[ResultView, ...]
    documents: tuple[UUID, ...]
    status_disagrees: bool = False  # its own status and its results' contradict each other
    waits: str = ""  # why it is nobody's yet
    quarantined: int = 0
    order_id: UUID | None = None
    placer_number: str = ""
    filler_number: str = ""
    ordered_by_name: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSummary:
    """One report in a line of a list."""

    report_id: UUID
    version: int
    changed_version: int
    person_id: PersonId | None
    site_id: SiteId | None
    practitioner_id: PractitionerId | None
    name: str
    loinc: str
    performer: str
    status: Status
    charted_at: datetime
    collected_at: datetime | None
    received_at: datetime
    changed_at: datetime
    critical: bool
    abnormal: bool
    corrected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of a report: who said it, when, why it does not count any more, and its words.

    ``standing`` is ``current`` or a code of settling.Why for its heading; each result has its own in
    ``standings``, by key.
    """

    version: int
    status_told: Status | None
    issued_at: datetime | None
    sent_at: datetime | None
    recorded_at: datetime
    recorded_by: UUID | None
    source: str
    reason: str
    message_id: UUID | None
    notes: tuple[str, ...]
    standing: str
    standings: Mapping[str, str]
    results: tuple[ResultView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of a series: a current result with the report it came in."""

    result: ResultView
    at: datetime
    performer: str
    site_id: SiteId | None
