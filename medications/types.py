"""What crosses the edge of medications: plain frozen values.

``Incoming…`` is what a source said, in its own words; ``…View`` is what readers get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from medications.safety_types import CheckView, FindingView, NotCheckedView, OverrideView, PackView
from steadwell.ids import PersonId, PractitionerId, SiteId, SourceRecordId, UserId

__all__ = [
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


class Source(StrEnum):
    """Who says that somebody takes something."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    EHR_A = "ehr-a"
    EHR_B = "ehr-b"
    PHARMACY = "pharmacy"


class StatementKind(StrEnum):
    STATEMENT = "statement"  # this is taken
    ORDER = "order"  # this was prescribed
    DISPENSE = "dispense"  # this was handed out


class Status(StrEnum):
    """FHIR's medication-statement-status: the one vocabulary over all sources."""

    ACTIVE = "active"
    COMPLETED = "completed"
    ON_HOLD = "on-hold"
    STOPPED = "stopped"
    ENTERED_IN_ERROR = "entered-in-error"
    UNKNOWN = "unknown"
    NOT_TAKEN = "not-taken"
    INTENDED = "intended"


class Grade(StrEnum):
    """How well a drug's words were understood; anything under ``CLINICAL_DRUG`` is never joined by itself."""

    EXACT = "exact"
    CLINICAL_DRUG = "clinical-drug"
    INGREDIENT_ONLY = "ingredient-only"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


UNDERSTOOD = frozenset({Grade.EXACT, Grade.CLINICAL_DRUG})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A drug's words as a code. ``rxcui`` is the unbranded clinical drug's where the grade says so, else the
    ingredient's or empty; ``ingredients`` are codes, ``ingredient_names`` RxNorm's names;
    ``candidates`` are the clinical drugs (rxcui, name) it may be when ambiguous.
    ``release`` is the RxNorm release it was read with.
    """

    grade: Grade
    rxcui: str = ""
    tty: str = ""
    name: str = ""
    ingredients: tuple[str, ...] = ()
    ingredient_names: tuple[str, ...] = ()
    candidates: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosage:
    """A dosage as written, and as far as it was understood: amounts per dose, doses per day."""

    text: str = ""
    amount_low: Decimal | None = None
    amount_high: Decimal | None = None
    unit: str = ""
    per_day: Decimal | None = None
    as_needed: bool = False
    is_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingStatement:
    """One statement, order or dispense as its source said it.

    ``system`` with ``external_id`` names it over its versions. ``rxcui`` is the code the sender gave, if any;
    ``drug_text`` its words. ``said_at`` orders versions that arrive out of order. ``seen_version``, where the
    sender states one (If-Match), must be the current one.
    """

    source: Source
    system: str
    external_id: str
    drug_text: str
    status_word: str
    said_at: datetime
    kind: StatementKind = StatementKind.STATEMENT
    rxcui: str = ""
    dosage_text: str = ""
    started_on: date | None = None
    ended_on: date | None = None
    reason_text: str = ""
    prescriber_name: str = ""
    quantity_text: str = ""
    refills_left: int | None = None
    record_id: SourceRecordId | None = None
    site_id: SiteId | None = None
    practitioner_id: PractitionerId | None = None
    is_correction: bool = False
    seen_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAllergy:
    """One allergy or intolerance as its source said it; ``status_word`` as in FHIR's
    allergyintolerance-clinical (active, inactive, resolved) or the source's own.
    """

    source: Source
    system: str
    external_id: str
    substance_text: str
    said_at: datetime
    rxcui: str = ""
    status_word: str = "active"
    reaction_text: str = ""
    severity: str = ""  # mild, moderate, severe or empty
    record_id: SourceRecordId | None = None
    site_id: SiteId | None = None
    is_correction: bool = False
    seen_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """One statement as it counts now. ``needs`` is why a person should look, or empty: ``drug-ambiguous``,
    ``drug-unknown``, ``ingredient-only``, ``code-contradicts``, ``status-unknown``.
    ``line_id`` is the line it is evidence for.
    """

    statement_id: UUID
    version: int
    person_id: PersonId
    source: Source
    system: str
    kind: StatementKind
    drug_text: str
    reading: Reading
    name: str  # what to call it: the normalised name, else its words
    status: Status
    status_word: str
    dosage: Dosage
    started_on: date | None
    ended_on: date | None
    reason_text: str
    prescriber_name: str
    quantity_text: str
    refills_left: int | None
    site_id: SiteId | None
    practitioner_id: PractitionerId | None
    needs: str
    line_id: UUID
    said_at: datetime
    recorded_at: datetime
    decision_version: int = 0  # of the newest decision about which drug it is; 0: none


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of a statement, allergy or decision: who, why, which source, valid and recorded time.

    ``standing`` is ``current``, ``replaced`` or ``older`` (it came after a newer one). ``content`` holds the
    words of that version by field name.
    """

    version: int
    supersedes: int | None
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime
    recorded_by: UserId | None
    recorded_role: str
    reason: str
    source: str
    standing: str
    content: Mapping[str, object]


class LineState(StrEnum):
    AGREED = "agreed"  # the sources say the same
    CONFLICT = "conflict"  # dose, frequency or status differ
    AMBIGUOUS = "ambiguous"  # which drug is not certain
    DECIDED = "decided"  # a person decided on just this evidence


OPEN_STATES = frozenset({LineState.CONFLICT, LineState.AMBIGUOUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What the sources disagree about: ``dose``, ``frequency`` or ``status``, with each one's words."""

    what: str
    said: tuple[tuple[UUID, str], ...]  # statement, its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A statement within its line. ``is_new``: it came or changed after the last decision."""

    statement: StatementView
    is_new: bool


class Outcome(StrEnum):
    """What a clinician decided about a line, or about a statement's drug."""

    SETTLED = "settled"  # this is what is taken: status and dosage
    PLACED = "placed"  # this statement is that drug
    APART = "apart"  # this statement is not the drug it might be taken for
    REVERTED = "reverted"  # the decision before does not stand any more


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One clinical drug of a patient with its evidence. ``revision`` grows with every change of evidence or
    decision: a writer states the one they saw. ``possible`` are lines that this one may be the same as.
    """

    line_id: UUID
    revision: int
    person_id: PersonId
    name: str
    rxcui: str
    ingredients: tuple[str, ...]
    state: LineState
    status: Status
    dosage_text: str
    evidence: tuple[Evidence, ...]
    conflicts: tuple[Conflict, ...]
    possible: tuple[UUID, ...]
    decision_version: int  # 0: nobody decided
    decided_at: datetime | None
    decided_by: PractitionerId | None
    decision_reason: str
    reopened: bool  # somebody decided, and the evidence changed since
    changed_at: datetime

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_current(self) -> bool:
        """Whether the patient takes it, as far as anybody knows."""
        return self.status in {Status.ACTIVE, Status.ON_HOLD, Status.INTENDED, Status.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """That a statement, as it was seen, means a drug. ``seen_decision`` is its ``decision_version``."""

    statement_id: UUID
    seen_version: int
    seen_decision: int
    rxcui: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllergyView:
    allergy_id: UUID
    version: int
    person_id: PersonId
    source: Source
    system: str
    substance_text: str
    reading: Reading
    name: str
    status: str  # active, inactive, resolved, entered-in-error, unknown
    status_word: str
    reaction_text: str
    severity: str
    needs: str
    said_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineList:
    """A patient's medicines and allergies: current lines first, each group by name."""

    person_id: PersonId
    revision: int
    lines: tuple[LineView, ...]
    allergies: tuple[AllergyView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of what a source said: ``new``, ``version``, ``older`` (kept, not current), ``same``."""

    entity_id: UUID
    version: int
    effect: str
    needs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """How often a rule asked for a reason, and how often somebody went on: the rules that annoy."""

    rule_id: str
    alerts: int
    overridden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCount:
    """Alerts per order over a time."""

    orders: int
    with_alerts: int
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One thing in a clinic's queue: a line to reconcile or a statement not understood."""

    line_id: UUID
    person_id: PersonId
    name: str
    state: LineState
    what: tuple[str, ...]  # the conflicts' names, or why it was not understood
    since: datetime
    reopened: bool


class RefillState(StrEnum):
    REQUESTED = "requested"  # waits for a clinician
    APPROVED = "approved"  # on its way to the pharmacy
    SENT = "sent"  # handed over, no answer yet
    ACCEPTED = "accepted"  # the pharmacy prepares it
    FILLED = "filled"  # ready or handed out
    PHARMACY_REFUSED = "pharmacy-refused"
    UNANSWERED = "unanswered"  # retried, and still nothing: staff act
    DECLINED = "declined"  # a clinician said no, with a reason
    WITHDRAWN = "withdrawn"  # the patient took it back


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillStepView:
    number: int
    step: str  # a state, or: changed, handed, retried, duplicate, late
    at: datetime
    by: UserId | None
    role: str
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyView:
    pharmacy_id: UUID
    name: str
    phone: str
    ncpdp_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillView:
    """A refill. ``version`` grows with each step: a writer states the one they saw. ``for_staff`` parts
    (steps' reasons of the pharmacy) are the same for both sides: nothing in it is hidden from the patient.
    """

    refill_id: UUID
    version: int
    person_id: PersonId
    line_id: UUID
    statement_id: UUID
    site_id: SiteId
    name: str
    dosage_text: str
    quantity_text: str
    state: RefillState
    reason: str  # of a refusal or a change
    note: str  # the patient's words
    pharmacy: PharmacyView | None
    requested_at: datetime
    requested_by: UserId | None
    decided_at: datetime | None
    decided_by: PractitionerId | None
    sent_at: datetime | None
    answered_at: datetime | None
    due_at: datetime | None  # when the pharmacy should have answered
    attempts: int
    check: CheckView | None
    steps: tuple[RefillStepView, ...] = ()


class Taken(StrEnum):
    TAKEN = "taken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryEntry:
    """What the patient noted of one dose: ``planned_at`` is the reminder's time, None for one in between."""

    entry_id: UUID
    version: int
    line_id: UUID
    planned_at: datetime | None
    taken: Taken
    noted_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderView:
    """When the patient wants to be reminded, in their wall time. ``next_at`` None: paused or ended."""

    reminder_id: UUID
    version: int
    line_id: UUID
    name: str
    at: time
    zone: str
    active: bool
    next_at: datetime | None
    days: tuple[int, ...] = field(default=())  # ISO weekdays; empty: every day
