"""What sources say about medicines, in one vocabulary, and how it is kept.

``Incoming…`` is what a source said, in its own words; ``…View`` is what readers get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from steadwell.ids import PersonId, PractitionerId, SiteId, SourceRecordId, UserId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of what a source said: ``new``, ``version``, ``older`` (kept, not current), ``same``."""

    entity_id: UUID
    version: int
    effect: str
    needs: str
