"""The published events: what one app tells, and any app may hear.

Names are ``app.past_tense.v1``. Fields are ids and codes only: no clinical content, names or addresses.
Changes are additive; anything else is a ``.v2`` beside the ``.v1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. Every field is a ``UUID``, ``int`` or ``str`` code, so that it survives JSON."""

    name: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentChanged(Event):
    """Base of the appointment events: which visit, whose, and the version the change made."""

    name: ClassVar[str] = ""
    appointment_id: UUID
    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentRequested(AppointmentChanged):
    name: ClassVar[str] = "scheduling.appointment_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBooked(AppointmentChanged):
    name: ClassVar[str] = "scheduling.appointment_booked.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMoved(AppointmentChanged):
    name: ClassVar[str] = "scheduling.appointment_moved.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMoveRequested(AppointmentChanged):
    """A patient asked for another time; the visit keeps its own until the clinic decides."""

    name: ClassVar[str] = "scheduling.appointment_move_requested.v1"
    move_request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMoveAnswered(AppointmentChanged):
    """The visit stays as it is; ``answer`` is declined, withdrawn or lapsed. A yes is AppointmentMoved."""

    name: ClassVar[str] = "scheduling.appointment_move_answered.v1"
    move_request_id: UUID
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(AppointmentChanged):
    """``by`` says whose act it was: ``patient``, ``clinic``. The two are told in different words."""

    name: ClassVar[str] = "scheduling.appointment_cancelled.v1"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentProgressed(AppointmentChanged):
    """Check-in, arrival, start, completion, no-show; ``status`` is the new status' code."""

    name: ClassVar[str] = "scheduling.appointment_progressed.v1"
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterWritten(Event):
    """Another system said something of a stay or a visit there: that it began, went on, ended."""

    name: ClassVar[str] = "fhir_facade.encounter_written.v1"
    encounter_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDue(Event):
    """A message to a person waits for its channel."""

    name: ClassVar[str] = "notifications.message_due.v1"
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentMessageDue(MessageDue):
    """The same, in the lane that nothing else may delay."""

    name: ClassVar[str] = "notifications.urgent_message_due.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkMessageDue(MessageDue):
    """The same, for campaigns: it waits for everything else."""

    name: ClassVar[str] = "notifications.bulk_message_due.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReported(Event):
    """A provider told what became of a message; the report waits to be taken in."""

    name: ClassVar[str] = "notifications.delivery_reported.v1"
    report_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReported(Event):
    """An e-mail provider told something of a message, which the report itself names; it waits to be taken
    in.
    """

    name: ClassVar[str] = "notifications.mail_reported.v1"
    report_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLetterDue(Event):
    """A code, a link or a warning about an account waits to be sent."""

    name: ClassVar[str] = "accounts.letter_due.v1"
    letter_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LabMessageStored(Event):
    """A laboratory's message was stored and acknowledged; now it is to be read."""

    name: ClassVar[str] = "hl7.lab_message_stored.v1"
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalLabMessageStored(LabMessageStored):
    """The same, with a critical flag or value in it: it overtakes all others."""

    name: ClassVar[str] = "hl7.critical_lab_message_stored.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Event):
    """Who an id means, or which records are somebody's, is no longer what it was: a link, a merge, a
    decision.
    """

    name: ClassVar[str] = "identity.person_changed.v1"
    person_id: UUID


NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabReportEvent(Event):
    """Base of the lab events: which report, whose, and its version. ``person_id`` is ``NOBODY`` while the
    report waits for its patient.
    """

    name: ClassVar[str] = ""
    report_id: UUID
    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabReportFiled(LabReportEvent):
    """Something a reader would see is new: a new report, a version that counts, or its patient was found."""

    name: ClassVar[str] = "labs.report_filed.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabReportCorrected(LabReportEvent):
    """A value, flag or status that was final is no longer what it was."""

    name: ClassVar[str] = "labs.report_corrected.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabCriticalFound(LabReportEvent):
    """A critical result that was not known as such before."""

    name: ClassVar[str] = "labs.critical_found.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabReportReleased(LabReportEvent):
    """The patient may see it from now on, or more of it: ``round`` counts how often."""

    name: ClassVar[str] = "labs.report_released.v1"
    round: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LabReportSigned(LabReportEvent):
    """A clinician read this version and stands for it. ``talked``: 1 when they spoke with the patient."""

    name: ClassVar[str] = "labs.report_signed.v1"
    talked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabReportCommented(LabReportEvent):
    """A clinician wrote to the patient about this version."""

    name: ClassVar[str] = "labs.report_commented.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSendDue(Event):
    """A subscription has something to be sent; ``turn`` is the one promise of it that counts."""

    name: ClassVar[str] = "fhir.subscription_send_due.v1"
    subscription_id: UUID
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportStepDue(Event):
    """The next piece of a bulk export is to be written."""

    name: ClassVar[str] = "fhir.export_step_due.v1"
    export_id: UUID
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationListChanged(Event):
    """Something about a patient's medicines or allergies changed; ``revision`` counts the changes.
    ``entity_id`` is what did: a statement, an order, an allergy, a decision.
    """

    name: ClassVar[str] = "medications.list_changed.v1"
    person_id: UUID
    revision: int
    entity_id: UUID = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillEvent(Event):
    """Base of the refill events: which refill, whose, and its version."""

    name: ClassVar[str] = ""
    refill_id: UUID
    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillSendDue(RefillEvent):
    """An approved refill waits to be handed to its pharmacy, or to be handed over again."""

    name: ClassVar[str] = "medications.refill_send_due.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillMoved(RefillEvent):
    """A refill is in another state; ``state`` is its code."""

    name: ClassVar[str] = "medications.refill_moved.v1"
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationsReadAgainDue(Event):
    """A patient has statements that an older release of RxNorm could not read."""

    name: ClassVar[str] = "medications.read_again_due.v1"
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyMailboxDue(Event):
    """The mailbox of a pharmacy network is to be read."""

    name: ClassVar[str] = "medications.pharmacy_mailbox_due.v1"
    network: str
