"""What a laboratory said, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs.types.values import Coded, Status
from steadwell.identity.service import Demographics, Identifier
from steadwell.ids import PersonId, SiteId


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
