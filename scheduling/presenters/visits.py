"""What patients read about their visits: strings only, made here, so that templates decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from scheduling.presenters import when
from scheduling.presenters.when import When
from scheduling.status import AHEAD, TAKES_TIME, Move, Status
from scheduling.types import Appointment, AppointmentVersion, CancelledBy, Feed, Modality, Mode, SiteInfo
from steadwell.actor import STAFF_ROLES, Actor
from steadwell.portal import service as portal

# Each status in the patient's words, and the tone its label is shown in.
STATUS_WORDS: Mapping[Status, tuple[Promise, str]] = {
    Status.PENDING: (gettext_lazy("Waiting for the clinic"), "warn"),
    Status.BOOKED: (pgettext_lazy("status of a visit", "Booked"), "accent"),
    Status.CHECKED_IN: (gettext_lazy("Checked in"), "good"),
    Status.ARRIVED: (gettext_lazy("Arrived"), "good"),
    Status.IN_PROGRESS: (gettext_lazy("Under way"), "good"),
    Status.FULFILLED: (pgettext_lazy("status of a visit", "Done"), ""),
    Status.CANCELLED: (pgettext_lazy("status of a visit", "Cancelled"), ""),
    Status.NOSHOW: (pgettext_lazy("status of a visit", "Missed"), "bad"),
    Status.ENTERED_IN_ERROR: (gettext_lazy("Entered by mistake"), ""),
}
MOVE_WORDS: Mapping[str, Promise] = {
    "request": gettext_lazy("Asked for this time"),
    "book": gettext_lazy("Booked"),
    "overbook": gettext_lazy("Booked"),
    "approve": gettext_lazy("Confirmed by the clinic"),
    "decline": gettext_lazy("Declined by the clinic"),
    "lapse": gettext_lazy("Ended, as the clinic did not answer in time"),
    "reschedule": gettext_lazy("Moved to another time"),
    "ask-move": gettext_lazy("Asked for another time"),
    "approve-move": gettext_lazy("Moved to the time asked for"),
    "decline-move": gettext_lazy("The other time was declined by the clinic"),
    "withdraw-move": gettext_lazy("Kept at this time after all"),
    "lapse-move": gettext_lazy("The clinic did not answer about the other time"),
    "cancel": gettext_lazy("Cancelled"),
    "check-in": gettext_lazy("Checked in"),
    "arrive": gettext_lazy("Arrived"),
    "start": gettext_lazy("Visit began"),
    "complete": gettext_lazy("Visit ended"),
    "no-show": gettext_lazy("Marked as missed"),
    "mark-error": gettext_lazy("Marked as entered by mistake"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """One visit, for lists and for its own page."""

    id: UUID
    kind: str
    when: when.When
    length: str
    clinician: str
    site: str
    address: str
    phone: str
    is_video: bool
    video_link: str
    rooms: str
    status: str
    tone: str
    note: str
    tel: str
    is_over: bool
    asked: When | None  # another time the patient asked for, which the clinic has yet to decide about
    asked_with: str


def visit(appointment: Appointment, *, reader_zone: tzinfo | None) -> VisitView:
    words, tone = STATUS_WORDS[appointment.status]
    asked = appointment.requested_move
    minutes = int((appointment.ends_at - appointment.starts_at).total_seconds() // 60)
    return VisitView(
        id=appointment.appointment_id,
        kind=appointment.visit_type_name,
        when=when.when(
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            time_zone=appointment.time_zone,
            reader_zone=reader_zone,
        ),
        length=when.length(minutes),
        clinician=appointment.practitioner_name,
        site=appointment.site_name,
        address=appointment.site_address,
        phone=appointment.site_phone,
        is_video=appointment.modality is Modality.VIDEO,
        video_link=appointment.video_link,
        rooms=", ".join(appointment.rooms),
        status=str(words),
        tone=tone,
        note=appointment.note,
        tel="".join(character for character in appointment.site_phone if character in "+0123456789"),
        is_over=appointment.status not in TAKES_TIME,
        asked=when.when(
            starts_at=asked.starts_at,
            ends_at=asked.ends_at,
            time_zone=asked.time_zone,
            reader_zone=reader_zone,
        )
        if asked
        else None,
        asked_with=" · ".join(part for part in (asked.practitioner_name, asked.site_name) if part)
        if asked
        else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """Whether the reader may still change a visit online, and what the rule is in words."""

    may_move: bool
    may_cancel: bool
    may_check_in: bool
    may_withdraw: bool  # the other time they asked for
    rule: str


def changes(appointment: Appointment, *, site: SiteInfo, now: datetime) -> ChangeView:
    notice = when.notice(site.cancel_lead_minutes)
    until = appointment.starts_at - timedelta(minutes=site.cancel_lead_minutes)
    may_move, may_cancel = Move.RESCHEDULE in appointment.moves, Move.CANCEL in appointment.moves
    same_day = when.local_date(now, appointment.time_zone) == appointment.wall_start.date()
    in_time = now < until
    view_only = site.mode is Mode.VIEW_ONLY
    return ChangeView(
        may_move=may_move and in_time and not view_only,
        may_cancel=may_cancel and in_time,
        may_withdraw=Move.WITHDRAW_MOVE in appointment.moves,
        may_check_in=Move.CHECK_IN in appointment.moves and same_day and now < appointment.starts_at,
        rule=_rule(appointment, until=until, notice=notice, now=now) if appointment.status in AHEAD else "",
    )


def _rule(appointment: Appointment, *, until: datetime, notice: str, now: datetime) -> str:
    if now >= appointment.starts_at:
        return ""
    words = {"notice": notice, "phone": appointment.site_phone, "site": appointment.site_name}
    if now >= until:
        return (
            _(
                "Visits can be changed online until %(notice)s before they start. That time has passed: "
                "please call %(site)s on %(phone)s."
            )
            % words
        )
    limit = when.when(starts_at=until, ends_at=until, time_zone=appointment.time_zone)
    return _("You can move or cancel online until %(limit)s, %(notice)s before the visit.") % {
        **words,
        "limit": limit.text,
    }


def standing(appointment: Appointment, *, actor: Actor) -> str:
    """The sentence under a visit's status, where the label alone could be misread."""
    own = actor.known_as(appointment.person_id) == actor.person_id
    if appointment.status is Status.PENDING:
        return _("The clinic has not confirmed this time yet. It is kept for you until they answer.")
    if appointment.lapsed:
        return _(
            "We are sorry: the clinic did not answer in time, so this time is not kept for you any more. You"
            " can ask for another one."
        )
    if appointment.status is Status.CANCELLED and appointment.cancelled_by is CancelledBy.CLINIC:
        if appointment.rebook_offered:
            return _("The clinic had to call this visit off. You can choose another time below.")
        return _("The clinic cancelled this visit.")
    if appointment.status is Status.CANCELLED:
        return (
            _("You cancelled this visit.") if own else _("This visit was cancelled from the patient's side.")
        )
    if appointment.status is Status.NOSHOW:
        return _("You were not seen at this visit. Call the clinic if that is not right.")
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One line of "what changed and when"."""

    what: str
    at: str
    at_iso: str
    who: str
    to: str
    reason: str


def steps(
    versions: tuple[AppointmentVersion, ...], *, actor: Actor, reader_zone: tzinfo | None
) -> list[StepView]:
    """Newest first. A time is repeated only where the step changed it."""
    lines: list[StepView] = []
    former: AppointmentVersion | None = None
    for version in versions:
        lines.append(_step(version, former, actor=actor, reader_zone=reader_zone))
        former = version
    return lines[::-1]


def _step(
    version: AppointmentVersion,
    former: AppointmentVersion | None,
    *,
    actor: Actor,
    reader_zone: tzinfo | None,
) -> StepView:
    recorded = when.when(
        starts_at=version.recorded_at,
        ends_at=version.recorded_at,
        time_zone=str(reader_zone) if reader_zone else version.time_zone,
    )
    moved = former is None or former.starts_at != version.starts_at
    time = when.when(
        starts_at=version.starts_at,
        ends_at=version.ends_at,
        time_zone=version.time_zone,
        reader_zone=reader_zone,
    )
    return StepView(
        what=str(MOVE_WORDS.get(version.move, version.move)),
        at=recorded.text,
        at_iso=recorded.iso,
        who=_who(version, actor),
        to=time.text if moved else "",
        reason=version.reason,
    )


def _who(version: AppointmentVersion, actor: Actor) -> str:
    if actor.user_id is not None and version.recorded_by == actor.user_id:
        return _("by you")
    if STAFF_ROLES.intersection(version.recorded_role.split(",")):
        return _("by the clinic")
    if version.recorded_role == "proxy":
        return _("by someone acting for the patient")
    if version.recorded_role == "patient":
        return _("by the patient")
    return _("by the system")


def feed_made(feed: Feed, *, reader_zone: tzinfo | None) -> str:
    """When a calendar address was made, as a day of the reader's."""
    return str(portal.day_text(feed.created_at.astimezone(reader_zone or UTC).date()))
