"""What staff read of a visit wherever it stands: its state, its steps, its patient's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.status import Move, Status
from scheduling.types import Appointment, Modality
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal import service as portal

Names = Mapping[PersonId, identity.PersonSummary]
STATUSES: Mapping[Status, tuple[Promise, str]] = {
    Status.PENDING: (gettext_lazy("Requested"), "warn"),
    Status.BOOKED: (gettext_lazy("Booked"), "accent"),
    Status.CHECKED_IN: (gettext_lazy("Checked in"), "accent"),
    Status.ARRIVED: (gettext_lazy("Arrived"), "good"),
    Status.IN_PROGRESS: (gettext_lazy("With the clinician"), "good"),
    Status.FULFILLED: (gettext_lazy("Completed"), ""),
    Status.CANCELLED: (gettext_lazy("Cancelled"), "bad"),
    Status.NOSHOW: (gettext_lazy("Did not come"), "bad"),
    Status.ENTERED_IN_ERROR: (gettext_lazy("Entered by mistake"), ""),
}
MOVES: Mapping[Move, Promise] = {
    Move.APPROVE: gettext_lazy("Approve"),
    Move.DECLINE: gettext_lazy("Decline"),
    Move.LAPSE: gettext_lazy("End without an answer"),
    Move.RESCHEDULE: gettext_lazy("Move"),
    Move.ASK_MOVE: gettext_lazy("Ask for another time"),
    Move.APPROVE_MOVE: gettext_lazy("Approve the new time"),
    Move.DECLINE_MOVE: gettext_lazy("Decline the new time"),
    Move.WITHDRAW_MOVE: gettext_lazy("Keep the visit as it is"),
    Move.LAPSE_MOVE: gettext_lazy("End the wish for another time"),
    Move.CANCEL: gettext_lazy("Cancel the visit"),
    Move.CHECK_IN: gettext_lazy("Check in"),
    Move.ARRIVE: gettext_lazy("Arrived"),
    Move.START: gettext_lazy("Start"),
    Move.COMPLETE: gettext_lazy("Complete"),
    Move.NO_SHOW: gettext_lazy("Did not come"),
    Move.MARK_ERROR: gettext_lazy("Entered by mistake"),
}
ICONS: Mapping[Move, str] = {Move.START: "arrow-right", Move.COMPLETE: "check-circle"}
# The step most likely next, the first of these that is possible; the others wait on the visit's own page.
USUAL = (Move.APPROVE, Move.COMPLETE, Move.START, Move.ARRIVE)
HIDDEN = frozenset({Status.CANCELLED, Status.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    label: str
    url: str
    icon: str = ""


def is_today(visit: Appointment, now: datetime) -> bool:
    return portal.at_site(now, visit.time_zone).date() == visit.wall_start.date()


def move_button(visit: Appointment, move: Move) -> Button:
    url = reverse("clinic:step", args=[visit.appointment_id, move.value])
    return Button(label=str(MOVES[move]), url=url, icon=ICONS.get(move, "check"))


def name_of(person_id: PersonId, names: Names) -> str:
    person = names.get(person_id)
    return portal.listed_name(person) if person else _("Name not shown")


def marks_of(visit: Appointment) -> tuple[str, ...]:
    """The few words beside a visit that staff must not miss."""
    marks = []
    if visit.modality is Modality.VIDEO:
        marks.append(_("Video"))
    if visit.overbooked:
        marks.append(_("Overbooked"))
    if visit.note:
        marks.append(_("Note"))
    if visit.requested_move:
        marks.append(_("Move asked for"))
    return tuple(marks)
