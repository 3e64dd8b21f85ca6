"""Why a search, or a day, has nothing: the words for it."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from scheduling import availability, rules
from scheduling.availability import instant_of
from scheduling.boards import Board, Tally
from scheduling.criteria import Criteria, candidates
from scheduling.types import Mode, Reason
from scheduling.vocabulary import LANGUAGES


def why_none(board: Board, criteria: Criteria, tally: Tally) -> tuple[Reason, ...]:
    """At least one reason, the one that explains most first."""
    nobody = _nobody(board, criteria)
    if nobody is not None:
        return (nobody,)
    day = _window_closed(board, criteria)
    if day is not None:
        return (day,)
    found = _by_tally(tally)
    if tally.holidays:
        names = ", ".join(sorted(tally.holidays))
        found.append(Reason(code="holiday", text=_("The clinic is closed: %(names)s.") % {"names": names}))
    return tuple(found) or (_no_hours(),)


def of_day(board: Board, criteria: Criteria, on: date, tally: Tally) -> Reason:
    """Why one day of a month has nothing."""
    if tally.holidays:
        return Reason(code="holiday", text=", ".join(sorted(tally.holidays)))
    found = _by_tally(tally)
    if found:
        return found[0]
    nobody = _nobody(board, criteria)
    return nobody or _window_closed(board, criteria, on) or _no_hours()


def _by_tally(tally: Tally) -> list[Reason]:
    found = [
        (tally.taken, Reason(code="fully-booked", text=_("Everything is booked."))),
        (tally.closed, Reason(code="on-leave", text=_("The clinician is away."))),
        (
            tally.other_time,
            Reason(code="other-time-of-day", text=_("There are times at other hours of the day.")),
        ),
        (
            tally.patient_busy,
            Reason(code="patient-busy", text=_("You already have a visit at the times still open.")),
        ),
        (tally.too_soon, Reason(code="too-soon", text=_("The times left start too soon to book online."))),
        (tally.too_far, Reason(code="not-open-yet", text=_("These days are not open for booking yet."))),
    ]
    return [reason for count, reason in sorted(found, key=lambda each: -each[0]) if count]


def _no_hours() -> Reason:
    return Reason(code="no-hours", text=_("There are no hours for this visit on these days."))


def _nobody(board: Board, criteria: Criteria) -> Reason | None:
    """Why no clinician is left at all, if none is."""
    known, kind = board.catalogue, board.kind
    if candidates(known, kind, criteria):
        return None
    if criteria.patient_side and not kind.info.patients_may_book:
        return Reason(
            code="not-for-patients", text=_("This kind of visit is booked by the clinic. Please call.")
        )
    givers = [c for c in known.practitioners.values() if kind.info.speciality in c.specialities]
    here = [c for c in givers if not criteria.site_ids or c.site_ids & criteria.site_ids]
    if here and criteria.patient_side and _only_view(board, criteria):
        return Reason(code="view-only", text=_("This clinic does not take bookings online. Please call."))
    speaking = [c for c in here if not criteria.language or criteria.language in c.languages]
    if here and not speaking:
        language = str(LANGUAGES.get(criteria.language, criteria.language))
        text = _("No clinician here speaks %(language)s for this visit.") % {"language": language}
        return Reason(code="no-language", text=text)
    if speaking and not criteria.practitioner_ids:
        return Reason(code="no-room", text=_("The clinic has no room or equipment for this visit."))
    if speaking:
        return Reason(code="not-this-clinician", text=_("This clinician does not give this visit here."))
    return Reason(code="no-clinician", text=_("No clinician gives this visit at this clinic."))


def _only_view(board: Board, criteria: Criteria) -> bool:
    sites = [site for site_id, site in board.catalogue.sites.items() if site_id in criteria.site_ids] or list(
        board.catalogue.sites.values()
    )
    return all(site.mode is Mode.VIEW_ONLY for site in sites)


def _window_closed(board: Board, criteria: Criteria, on: date | None = None) -> Reason | None:
    """The dates lie in the past, or beyond what patients may book."""
    sites = [
        s for s in board.catalogue.sites.values() if not criteria.site_ids or s.site_id in criteria.site_ids
    ]
    first, last = on or criteria.from_on, on or criteria.until_on
    present = instant_of(criteria.now)
    if all(last < availability.local_date(site.time_zone, present) for site in sites):
        return Reason(code="past", text=_("These days are over."))
    if criteria.patient_side and all(first > rules.last_date(site, now=criteria.now) for site in sites):
        return Reason(code="not-open-yet", text=_("These days are not open for booking yet."))
    return None
