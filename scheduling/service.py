"""Availability, holds, visits and calendars: the public module of scheduling. Signatures are settled; bodies
follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from scheduling.types import *  # noqa: F403
from scheduling.types import (
    Alternative,
    Appointment,
    AppointmentVersion,
    ClinicDay,
    Closure,
    DayMove,
    Feed,
    Hold,
    MonthGlance,
    Offer,
    OfferRef,
    PractitionerInfo,
    SearchResult,
    SiteInfo,
    TimeOfDay,
    VisitTypeInfo,
)  # fmt: skip
from steadwell.actor import Actor
from steadwell.ids import AppointmentId, HoldId, PersonId, PractitionerId, SiteId, VisitTypeId

# --- what the clinic is made of (no patient data; anyone signed in)
# -----------------------------------------------


def list_sites(*, now: datetime) -> tuple[SiteInfo, ...]:
    raise NotImplementedError


def list_practitioners(*, now: datetime, site_id: SiteId | None = None) -> tuple[PractitionerInfo, ...]:
    raise NotImplementedError


def list_visit_types(*, now: datetime, for_patients: bool = True) -> tuple[VisitTypeInfo, ...]:
    raise NotImplementedError


def get_site(*, site_id: SiteId, now: datetime) -> SiteInfo:
    raise NotImplementedError


def get_practitioner(*, practitioner_id: PractitionerId, now: datetime) -> PractitionerInfo:
    raise NotImplementedError


def get_visit_type(*, visit_type_id: VisitTypeId, now: datetime) -> VisitTypeInfo:
    raise NotImplementedError


def speciality_name(code: str) -> str:
    raise NotImplementedError


def language_name(code: str) -> str:
    raise NotImplementedError


# --- finding a time
# -----------------------------------------------------------------------------------------------


def search(
    *,
    actor: Actor,
    visit_type_id: VisitTypeId,
    now: datetime,
    from_on: date | None = None,
    until_on: date | None = None,
    site_ids: Sequence[SiteId] = (),
    practitioner_ids: Sequence[PractitionerId] = (),
    language: str = "",
    time_of_day: TimeOfDay | None = None,
    person_id: PersonId | None = None,
    moving: AppointmentId | None = None,
    limit: int = 60,
) -> SearchResult:
    """Offers in time order. Dates are local dates of each site, both included; by default the next 14 days.

    ``person_id``: leave out times at which the patient is busy. ``moving``: the visit being moved does not
    count as busy.
    """
    raise NotImplementedError


def months_glance(
    *,
    actor: Actor,
    visit_type_id: VisitTypeId,
    month: date,
    now: datetime,
    site_ids: Sequence[SiteId] = (),
    practitioner_ids: Sequence[PractitionerId] = (),
    language: str = "",
    time_of_day: TimeOfDay | None = None,
    person_id: PersonId | None = None,
) -> MonthGlance:
    raise NotImplementedError


def first_available(
    *,
    actor: Actor,
    visit_type_id: VisitTypeId,
    now: datetime,
    site_ids: Sequence[SiteId] = (),
    practitioner_ids: Sequence[PractitionerId] = (),
    language: str = "",
    person_id: PersonId | None = None,
) -> Offer | None:
    raise NotImplementedError


def describe_offer(*, ref: OfferRef, now: datetime) -> Offer:
    """Names and wall time of an offer, without asking whether it is still open."""
    raise NotImplementedError


# --- holding and booking
# ------------------------------------------------------------------------------------------


def hold(*, actor: Actor, person_id: PersonId, offer: OfferRef, now: datetime) -> Hold:
    """Keep a time for 8 minutes. The same offer again (reload, back button) answers the same hold; another
    offer releases the former hold of this user for this patient. Refuses SlotTaken, PatientBusy,
    OutsideAvailability, TooSoon, TooFarAhead, CapReached, ViewOnly, NotForPatients."""
    raise NotImplementedError


def get_hold(*, actor: Actor, hold_id: HoldId, now: datetime) -> Hold:
    raise NotImplementedError  # HoldEnded | NotFound


def find_hold(*, actor: Actor, person_id: PersonId, now: datetime) -> Hold | None:
    raise NotImplementedError


def release_hold(*, actor: Actor, hold_id: HoldId, now: datetime) -> None:
    raise NotImplementedError


def book(*, actor: Actor, hold_id: HoldId, request_key: str, now: datetime, note: str = "") -> Appointment:
    """Book what is held; status ``pending`` where the clinic approves first. The visit's id is the hold's
    id.
    """
    raise NotImplementedError


def book_direct(
    *, actor: Actor, person_id: PersonId, offer: OfferRef, request_key: str, now: datetime, note: str = ""
) -> Appointment:
    raise NotImplementedError


def overbook(
    *,
    actor: Actor,
    person_id: PersonId,
    offer: OfferRef,
    reason: str,
    request_key: str,
    now: datetime,
    note: str = "",
) -> Appointment:
    """Staff only, with a reason: over a taken clinician or room, never over the patient's own visits."""
    raise NotImplementedError


# --- a visit's life; each returns the visit as it stands afterwards
# ------------------------------------------------


def approve(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    raise NotImplementedError


def decline(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    raise NotImplementedError


def reschedule(
    *,
    actor: Actor,
    appointment_id: AppointmentId,
    offer: OfferRef,
    request_key: str,
    now: datetime,
    reason: str = "",
    seen_version: int | None = None,
) -> Appointment:
    raise NotImplementedError


def cancel(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    raise NotImplementedError


def check_in(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    raise NotImplementedError


def arrive(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    raise NotImplementedError


def start(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    raise NotImplementedError


def complete(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    raise NotImplementedError


def no_show(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    raise NotImplementedError


def mark_error(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    raise NotImplementedError


# --- reading
# ------------------------------------------------------------------------------------------------------


def get_appointment(*, actor: Actor, appointment_id: AppointmentId, now: datetime) -> Appointment:
    raise NotImplementedError


def list_for_patient(
    *, actor: Actor, person_id: PersonId, now: datetime, upcoming: bool = True, limit: int = 50
) -> tuple[Appointment, ...]:
    """Upcoming in time order, or past and called-off ones, newest first."""
    raise NotImplementedError


def list_day(
    *,
    actor: Actor,
    on: date,
    now: datetime,
    site_id: SiteId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> tuple[ClinicDay, ...]:
    """One ClinicDay per site. For a site: a column per clinician with hours or visits. For a clinician:
    their sites.
    """
    raise NotImplementedError


def list_week(
    *,
    actor: Actor,
    monday: date,
    now: datetime,
    site_id: SiteId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> tuple[ClinicDay, ...]:
    raise NotImplementedError


def list_requests(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 100
) -> tuple[Appointment, ...]:
    raise NotImplementedError


def history_of(
    *, actor: Actor, appointment_id: AppointmentId, now: datetime
) -> tuple[AppointmentVersion, ...]:
    raise NotImplementedError


def alternatives_for(
    *, actor: Actor, appointment_id: AppointmentId, now: datetime, limit: int = 6
) -> tuple[Alternative, ...]:
    """Other times for a visit (called off by the clinic, or to be moved): the same clinician first, then
    others, then sites.
    """
    raise NotImplementedError


# --- clinicians' time (staff)
# ---------------------------------------------------------------------------------------


def block_time(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    request_key: str,
    now: datetime,
    keep_visits: bool = False,
) -> Closure:
    raise NotImplementedError  # VisitsInTheWay


def add_leave(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    request_key: str,
    now: datetime,
) -> DayMove:
    raise NotImplementedError  # visits stand; they are listed


def remove_closure(*, actor: Actor, closure_id: UUID, request_key: str, now: datetime) -> None:
    raise NotImplementedError


def touched_by_move(
    *, actor: Actor, practitioner_id: PractitionerId, on: date, now: datetime
) -> tuple[Appointment, ...]:
    raise NotImplementedError


def move_day(
    *, actor: Actor, practitioner_id: PractitionerId, on: date, reason: str, request_key: str, now: datetime
) -> DayMove:
    """The clinician is ill: leave for that day; every visit ahead is called off by the clinic, its patient
    told and offered other times."""
    raise NotImplementedError


# --- calendars
# ----------------------------------------------------------------------------------------------------


def calendar_file(*, actor: Actor, appointment_id: AppointmentId, now: datetime) -> bytes:
    raise NotImplementedError  # one .ics


def make_feed(
    *,
    actor: Actor,
    now: datetime,
    person_id: PersonId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> Feed:
    """A new private address; the former one ends."""
    raise NotImplementedError


def find_feed(
    *,
    actor: Actor,
    now: datetime,
    person_id: PersonId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> Feed | None:
    """The live feed, its token blank: only its hash is kept."""
    raise NotImplementedError


def revoke_feed(*, actor: Actor, feed_id: UUID, now: datetime) -> None:
    raise NotImplementedError


def feed_for_token(*, token: str, now: datetime) -> bytes:
    raise NotImplementedError  # NotFound for any token that opens nothing
