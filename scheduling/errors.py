"""What scheduling refuses, each with a stable code and words for the person who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Invalid, Kind, NotFound, Refusal

if TYPE_CHECKING:
    from scheduling.types import Appointment


class SlotTaken(Refusal):
    """Somebody else was first.

    It names no other times: of a hundred who want one time ninety-nine are refused within a second, and a
    search for each would keep the others waiting. ``nearest`` answers who asks.
    """

    code = "slot-taken"
    message = _("Someone else has just taken that time. Nothing was booked. Please choose another time.")


class PatientBusy(Refusal):
    code = "patient-busy"
    message = _(
        "There is already a visit at that time. Please choose another time, or move the other visit first."
    )


class HoldEnded(Refusal):
    code = "hold-ended"
    message = _(
        "We could keep that time for a few minutes only, and they are over. Please choose a time again."
    )


class OutsideAvailability(Refusal):
    """No such offer: outside hours, on a holiday, off the grid, a visit type the clinician does not give."""

    code = "outside-availability"
    message = _("That time is no longer offered. Please choose another one.")


class TooSoon(Refusal):
    code = "too-soon"
    message = _(
        "That time starts too soon to be booked online. Please choose a later time or call the clinic."
    )


class TooFarAhead(Refusal):
    code = "too-far-ahead"
    message = _("That day is not open for booking yet. Please choose an earlier day.")


class TooLate(Refusal):
    """The lead-time rule for a change or a cancellation by the patient."""

    code = "too-late"
    message = _("It is too late to change this visit online. Please call the clinic.")


class TooEarly(Refusal):
    """Check-in before its day, a no-show before the visit began."""

    code = "too-early"
    message = _("It is too early for this.")


class CapReached(Refusal):
    code = "cap-reached"
    message = _("You have as many visits booked here as the clinic allows. Cancel one, or call the clinic.")


class ViewOnly(Refusal):
    code = "view-only"
    message = _("This clinic does not take bookings online. Please call the clinic.")


class NotForPatients(Refusal):
    code = "not-for-patients"
    message = _("This kind of visit is booked by the clinic. Please call the clinic.")


class TimeClosed(Refusal):
    """The clinician was taken out of the time that a patient asked to move to."""

    code = "time-closed"
    message = _("The clinician is away at the new time. Decline the request, or open that time again first.")


class MoveNotAllowed(Refusal):
    """The status table does not allow it now."""

    code = "move-not-allowed"
    message = _("This visit has changed in the meantime, so that is not possible any more.")


class ReasonNeeded(Invalid):
    code = "reason-needed"
    message = _("Please give a reason.")


class VisitsInTheWay(Refusal):
    """A block would cover visits. ``visits`` are those that must be moved, or kept on purpose;
    ``elsewhere`` counts those at clinics where the reader does not work.
    """

    code = "visits-in-the-way"
    message = _("There are visits in that time. Move them first, or keep them and block the rest.")

    def __init__(self, *, visits: tuple[Appointment, ...] = (), elsewhere: int = 0) -> None:
        super().__init__()
        self.visits = visits
        self.elsewhere = elsewhere


class ScheduleNotReadable(Invalid):
    """A calendar file could not be used. ``fields`` maps a line number to what is wrong with it."""

    code = "schedule-not-readable"
    kind = Kind.INVALID
    message = _("The calendar file could not be read, so nothing was changed.")


class ScheduleMuchSmaller(Refusal):
    """A file that would end most of what a calendar held: half an export, or the wrong file."""

    code = "schedule-much-smaller"
    message = _(
        "The file has far fewer busy times than were imported before, so nothing was changed. If that is"
        " right, import it again and insist."
    )

    def __init__(self, *, before: int, after: int) -> None:
        super().__init__()
        self.before = before
        self.after = after


class AppointmentNotFound(NotFound):
    code = "not-found"
    message = _("We could not find that visit.")
