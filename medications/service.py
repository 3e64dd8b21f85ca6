"""Medicines, allergies, reconciliation, refills and the diary: the one public module of medications.

Sketch of the interface; each function below is filled in and moved to its topic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from uuid import UUID

from medications.safety_types import CheckView
from medications.types import (
    AllergyView,
    DiaryEntry,
    IncomingAllergy,
    IncomingStatement,
    LineView,
    MedicineList,
    PharmacyView,
    QueueItem,
    RefillView,
    ReminderView,
    StatementView,
    Status,
    Taken,
    VersionView,
)
from steadwell.actor import Actor
from steadwell.ids import PersonId, PractitionerId, SiteId


# Reading. Patient side and clinicians (of a site of the patient's) alike; anybody else: MedicineNotFound.
def get_list(*, actor: Actor, person_id: PersonId, now: datetime) -> MedicineList: ...
def get_line(*, actor: Actor, line_id: UUID, now: datetime) -> LineView: ...
def get_statement(*, actor: Actor, statement_id: UUID, now: datetime) -> StatementView: ...
def list_versions(*, actor: Actor, statement_id: UUID, now: datetime) -> tuple[VersionView, ...]: ...
def list_decisions(*, actor: Actor, line_id: UUID, now: datetime) -> tuple[VersionView, ...]: ...
def list_allergy_versions(*, actor: Actor, allergy_id: UUID, now: datetime) -> tuple[VersionView, ...]: ...
def as_known(*, actor: Actor, person_id: PersonId, at: datetime, now: datetime) -> MedicineList: ...
def list_checks(*, actor: Actor, about: UUID, now: datetime) -> tuple[CheckView, ...]: ...
def list_to_reconcile(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50
) -> tuple[QueueItem, ...]: ...
def list_not_understood(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50
) -> tuple[QueueItem, ...]: ...
def list_alerts_per_rule(*, actor: Actor, since: datetime, now: datetime) -> tuple["RuleUse", ...]: ...


# What would the checks say? Nothing is changed; the run is not kept.
def get_check(
    *,
    actor: Actor,
    person_id: PersonId,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str = "",
    leaving_out: UUID | None = None,
    now: datetime,
) -> CheckView: ...


# Sources (the platform, an import, the FHIR edge).
def file_statement(
    *, actor: Actor, person_id: PersonId, said: IncomingStatement, now: datetime
) -> "FiledStatement": ...
def file_allergy(
    *, actor: Actor, person_id: PersonId, said: IncomingAllergy, now: datetime
) -> "FiledStatement": ...


# Patient side (and clinicians for a patient who tells them).
def add_medicine(
    *,
    actor: Actor,
    person_id: PersonId,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str = "",
    started_on: date | None = None,
    reason_text: str = "",
    request_key: str,
    now: datetime,
) -> StatementView: ...
def change_medicine(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str,
    status: Status,
    started_on: date | None,
    ended_on: date | None,
    reason_text: str,
    why: str = "",
    request_key: str,
    now: datetime,
) -> StatementView: ...
def report_stopped(
    *,
    actor: Actor,
    line_id: UUID,
    seen_revision: int,
    stopped_on: date | None,
    reason: str,
    request_key: str,
    now: datetime,
) -> StatementView: ...
def add_allergy(
    *,
    actor: Actor,
    person_id: PersonId,
    substance_text: str,
    rxcui: str = "",
    reaction_text: str = "",
    severity: str = "",
    request_key: str,
    now: datetime,
) -> AllergyView: ...
def change_allergy(
    *,
    actor: Actor,
    allergy_id: UUID,
    seen_version: int,
    substance_text: str,
    rxcui: str = "",
    reaction_text: str,
    severity: str,
    status: str,
    why: str = "",
    request_key: str,
    now: datetime,
) -> AllergyView: ...


# Clinicians. ``overrides``: a reason for each finding key that needs one, else ReasonNeeded(check).
def prescribe(
    *,
    actor: Actor,
    person_id: PersonId,
    site_id: SiteId,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str,
    quantity_text: str = "",
    refills: int = 0,
    reason_text: str = "",
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> StatementView: ...
def change_order(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    dosage_text: str,
    status: Status,
    quantity_text: str = "",
    refills: int | None = None,
    why: str,
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> StatementView: ...
def settle_line(
    *,
    actor: Actor,
    line_id: UUID,
    seen_revision: int,
    status: Status,
    dosage_text: str,
    reason: str,
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> LineView: ...
def place_statement(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    rxcui: str,
    reason: str,
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> LineView: ...
def keep_apart(
    *, actor: Actor, statement_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> LineView: ...
def revert_decision(
    *, actor: Actor, entity_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> LineView: ...  # entity_id: a line's (settled) or a statement's (placed, apart)


# Refills.
def list_refills(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[RefillView, ...]: ...
def get_refill(
    *, actor: Actor, refill_id: UUID, now: datetime
) -> RefillView: ...  # steps; the check of now for staff
def list_refill_queue(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50
) -> tuple[RefillView, ...]: ...
def list_pharmacies(*, actor: Actor, now: datetime) -> tuple[PharmacyView, ...]: ...
def find_pharmacy_of(*, actor: Actor, person_id: PersonId, now: datetime) -> PharmacyView | None: ...
def list_refillable(
    *, actor: Actor, person_id: PersonId, now: datetime
) -> Mapping[UUID, UUID]: ...  # line -> order
def choose_pharmacy(
    *, actor: Actor, person_id: PersonId, pharmacy_id: UUID, request_key: str, now: datetime
) -> PharmacyView: ...
def request_refill(
    *,
    actor: Actor,
    line_id: UUID,
    pharmacy_id: UUID | None = None,
    note: str = "",
    request_key: str,
    now: datetime,
) -> RefillView: ...
def withdraw_refill(
    *, actor: Actor, refill_id: UUID, seen_version: int, request_key: str, now: datetime
) -> RefillView: ...
def approve_refill(
    *,
    actor: Actor,
    refill_id: UUID,
    seen_version: int,
    dosage_text: str | None = None,
    quantity_text: str | None = None,
    pharmacy_id: UUID | None = None,
    reason: str = "",
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> RefillView: ...  # other words than asked: changed
def decline_refill(
    *, actor: Actor, refill_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> RefillView: ...
def resend_refill(
    *,
    actor: Actor,
    refill_id: UUID,
    seen_version: int,
    pharmacy_id: UUID | None = None,
    request_key: str,
    now: datetime,
) -> RefillView: ...  # after unanswered or pharmacy-refused
def close_refill(
    *, actor: Actor, refill_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> RefillView: ...  # after unanswered or pharmacy-refused: declined, with the reason told


# Diary.
def list_reminders(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[ReminderView, ...]: ...
def set_reminder(
    *,
    actor: Actor,
    line_id: UUID,
    at: time,
    zone: str,
    days: Sequence[int] = (),
    request_key: str,
    now: datetime,
) -> ReminderView: ...
def end_reminder(
    *, actor: Actor, reminder_id: UUID, seen_version: int, request_key: str, now: datetime
) -> ReminderView: ...
def list_diary(
    *, actor: Actor, person_id: PersonId, since: datetime, until: datetime, now: datetime
) -> tuple[DiaryEntry, ...]: ...
def note_dose(
    *,
    actor: Actor,
    line_id: UUID,
    planned_at: datetime | None,
    taken: Taken,
    taken_at: datetime,
    note: str = "",
    request_key: str,
    now: datetime,
) -> DiaryEntry: ...
def change_note(
    *,
    actor: Actor,
    entry_id: UUID,
    seen_version: int,
    taken: Taken,
    taken_at: datetime,
    note: str = "",
    request_key: str,
    now: datetime,
) -> DiaryEntry: ...
