"""What crosses the edge of labs: plain frozen values.

``Incoming…`` is what a laboratory said, in its own words, whatever the wire it came over; ``file_report``
takes it. ``…View`` is what readers get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from steadwell.identity.service import Demographics, Identifier, PersonSummary
from steadwell.ids import PersonId, PractitionerId, SiteId


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
class IncomingPatient:
    """Whom the sender says it is about. ``external_id`` is the sender's own number for the patient."""

    external_id: str
    identifiers: tuple[Identifier, ...]
    demographics: Demographics


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingObservation:
    """One OBX, or one FHIR Observation, as written. Strings are the sender's, undecoded in meaning.

    ``key`` names it within its report (code and sub-id) and stays the same over versions. ``parent_key`` is
    the observation this one hangs under (a sensitivity under its isolate). ``status`` is None where the
    sender left it blank: the report's then counts.
    """

    key: str
    code: Coded
    value_type: str  # NM SN ST TX FT CE CWE ED RP DT TM TS DR …; from FHIR the nearest of them
    value: str  # NM as written, SN as its written form, text, or a code's text
    value_code: Coded | None = None
    unit: str = ""
    range_text: str = ""
    flags: tuple[str, ...] = ()
    status: Status | None = None
    effective_at: datetime | None = None  # aware
    effective_text: str = ""  # as written, with its offset
    sub_id: str = ""
    parent_key: str = ""
    notes: tuple[str, ...] = ()
    method: str = ""
    performer: str = ""
    refusal: str = ""  # why the wire could not read it; then it is quarantined with this reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document that came with a report: the lab's own PDF."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingReport:
    """One OBR with all that belongs to it, or one FHIR DiagnosticReport.

    ``sender`` names the system that sent it; with ``filler_number`` (or, where that is missing, the placer
    number) and the code it is the report's identity over versions. ``message_id`` is the stored raw message.
    ``sent_at`` (MSH-7) and ``issued_at`` (OBR-22) order versions that arrive out of order.
    """

    sender: str
    code: Coded
    status: Status | None
    placer_number: str = ""
    filler_number: str = ""
    patient: IncomingPatient | None = None
    ordered_by: str = ""  # NPI or the sender's number of the ordering clinician
    ordered_by_name: str = ""
    copies_to: tuple[str, ...] = ()
    performer: str = ""  # the laboratory
    specimen: str = ""
    specimen_code: Coded | None = None
    collected_at: datetime | None = None
    collected_text: str = ""
    issued_at: datetime | None = None
    sent_at: datetime | None = None
    notes: tuple[str, ...] = ()
    observations: tuple[IncomingObservation, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    message_id: UUID | None = None
    parent_filler_number: str = ""  # OBR-29: a sensitivity panel under its culture
    site_id: SiteId | None = None  # the clinic that this sender reports to, from its registration
    person_id: PersonId | None = None  # our own id of the patient, from a sender that works with ours
    complete: bool = False  # it names all results there are (a FHIR bundle): those left out are taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of an incoming report. ``waiting`` says what it waits for (``patient``, ``order``) or is
    empty; ``effect`` is ``new``, ``version``, ``older`` (kept, and not the current one) or ``same``.
    """

    report_id: UUID
    effect: str
    waiting: str
    quarantined: int
    critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number as it counts. ``comparator`` is one of ``<``, ``<=``, ``>``, ``>=`` or empty; ``value`` keeps
    its digits (7.10 stays 7.10); ``unit`` is UCUM, or empty where the code expects none.
    """

    value: Decimal
    unit: str
    comparator: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LabOrder:
    """A lab order of the clinic, and the reports that came of it."""

    order_id: UUID
    number: str
    person_id: PersonId
    site_id: SiteId
    practitioner_id: PractitionerId | None
    name: str
    loinc: str
    placed_at: datetime
    report_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReport:
    """A report that is nobody's yet. ``reason`` is a code of recognising.Wait; ``said`` is the patient in
    the laboratory's words, where those could be read; ``order_person_id`` whom its order is for. ``name``,
    the test, is empty for staff who read no results.
    """

    report_id: UUID
    reason: str
    sender: str
    site_id: SiteId | None
    received_at: datetime
    name: str
    critical: bool
    said: PersonSummary | None
    order_person_id: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An observation that could not be read, as the queue shows it."""

    quarantine_id: UUID
    report_id: UUID
    sender: str
    reason: str
    opened_at: datetime
    state: str
    said: IncomingObservation
