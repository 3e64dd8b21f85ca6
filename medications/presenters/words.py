"""The words of states, sources and checks, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from medications.types import RefillState, Source, Status
from steadwell.portal import service as portal
from steadwell.terminology import service as terminology

Words = tuple[str | Promise, str]  # what it says, and its tone

STATUS: Mapping[Status, Words] = {
    Status.ACTIVE: (_lazy("Taken now"), "good"),
    Status.ON_HOLD: (_lazy("Paused"), "warn"),
    Status.INTENDED: (_lazy("Not begun yet"), "accent"),
    Status.UNKNOWN: (_lazy("Not certain"), "warn"),
    Status.COMPLETED: (_lazy("Finished"), "plain"),
    Status.STOPPED: (_lazy("Stopped"), "plain"),
    Status.NOT_TAKEN: (_lazy("Not taken"), "plain"),
    Status.ENTERED_IN_ERROR: (_lazy("Entered by mistake"), "plain"),
}
SOURCE: Mapping[Source, str | Promise] = {
    Source.PATIENT: _lazy("Patient"),
    Source.CLINICIAN: _lazy("Our clinic"),
    Source.EHR_A: _lazy("Other record A"),
    Source.EHR_B: _lazy("Other record B"),
    Source.PHARMACY: _lazy("Pharmacy"),
}
SOURCE_FOR_PATIENT: Mapping[Source, str | Promise] = {
    **SOURCE,
    Source.PATIENT: _lazy("You told us"),
    Source.CLINICIAN: _lazy("Your clinic"),
    Source.EHR_A: _lazy("Another clinic's records"),
    Source.EHR_B: _lazy("A hospital's records"),
    Source.PHARMACY: _lazy("Your pharmacy"),
}
REFILL: Mapping[RefillState, Words] = {
    RefillState.REQUESTED: (pgettext_lazy("refill", "Asked for"), "accent"),
    RefillState.APPROVED: (_lazy("Approved"), "accent"),
    RefillState.SENT: (_lazy("Sent to the pharmacy"), "accent"),
    RefillState.ACCEPTED: (_lazy("Being prepared"), "accent"),
    RefillState.FILLED: (_lazy("Ready"), "good"),
    RefillState.PHARMACY_REFUSED: (_lazy("Pharmacy could not"), "warn"),
    RefillState.UNANSWERED: (_lazy("No answer from the pharmacy"), "warn"),
    RefillState.DECLINED: (_lazy("Not approved"), "bad"),
    RefillState.WITHDRAWN: (_lazy("Taken back"), "plain"),
}
REFILL_LEAD: Mapping[RefillState, str | Promise] = {
    RefillState.REQUESTED: _lazy("Your clinic looks at it, mostly within one working day."),
    RefillState.APPROVED: _lazy("It is on its way to the pharmacy."),
    RefillState.SENT: _lazy("The pharmacy has it and has not answered yet."),
    RefillState.ACCEPTED: _lazy("The pharmacy is preparing it. You are told when it is ready."),
    RefillState.FILLED: _lazy("You can pick it up."),
    RefillState.PHARMACY_REFUSED: _lazy("Your clinic is looking for another way. You need do nothing now."),
    RefillState.UNANSWERED: _lazy("Your clinic knows and calls the pharmacy. You need do nothing now."),
    RefillState.DECLINED: _lazy(
        "Your clinic said no, for the reason below. Write or call if you have questions."
    ),
    RefillState.WITHDRAWN: _lazy("You took this back. Nothing was sent."),
}
SEVERITY: Mapping[str, Words] = {
    "contraindicated": (_lazy("Do not combine"), "bad"),
    "serious": (_lazy("Serious"), "bad"),
    "moderate": (_lazy("Watch"), "warn"),
    "minor": (_lazy("To know"), "plain"),
}
KIND: Mapping[str, str | Promise] = {
    "interaction": _lazy("Interaction"),
    "duplicate-ingredient": _lazy("The same ingredient twice"),
    "duplicate-class": _lazy("Two of one kind"),
    "allergy": _lazy("Allergy"),
    "cross-reactivity": _lazy("Related to an allergy"),
    "dose": _lazy("Dose, age or kidneys"),
}
WHY_NOT: Mapping[str, str | Promise] = {
    "no-code": _lazy("what is in it is not known"),
    "ambiguous": _lazy("its name fits several medicines"),
    "no-rule": _lazy("no rule speaks of it"),
    "class-empty": _lazy("the list of medicines that prolong QT has not been filled"),
    "no-age": _lazy("the age is not known"),
    "no-weight": _lazy("the weight is not known"),
    "no-kidney-function": _lazy("kidney function is not known"),
    "old-kidney-function": _lazy("kidney function is older than a year"),
    "no-dose": _lazy("how much is taken a day is not known"),
    "not-asked": _lazy("nobody has recorded allergies yet"),
}
CONFLICT: Mapping[str, str | Promise] = {
    "dose": _lazy("The dose differs"),
    "frequency": _lazy("How often differs"),
    "status": _lazy("Whether it is taken differs"),
}
NEEDS: Mapping[str, str | Promise] = {
    "drug-ambiguous": _lazy("The name fits several medicines"),
    "drug-unknown": _lazy("The name was not understood"),
    "ingredient-only": _lazy("Strength or form is missing"),
    "code-contradicts": _lazy("Code and name contradict each other"),
    "status-unknown": _lazy("Its state was not understood"),
}
ALLERGY_SEVERITY: Mapping[str, str | Promise] = {
    "mild": _lazy("Mild"),
    "moderate": _lazy("Moderate"),
    "severe": _lazy("Severe"),
}
ALLERGY_STATUS: Mapping[str, str | Promise] = {
    "active": _lazy("Holds"),
    "inactive": _lazy("Does not hold now"),
    "resolved": _lazy("Over"),
    "entered-in-error": _lazy("Entered by mistake"),
    "unknown": _lazy("Not certain"),
}


def medicine(name: str) -> str:
    """What to call a medicine: its name, and a pack by what is in it instead of by RxNorm's brackets."""
    pack = terminology.pack_contents(name)
    if pack is None:
        return name
    held = [f"{count} × {drug}" for count, drug in pack.drugs]
    if pack.inert:
        held.append(_("%(n)s without an active ingredient") % {"n": pack.inert})
    inside = ", ".join(held)
    return f"{pack.brand} ({inside})" if pack.brand else _("Pack of %(inside)s") % {"inside": inside}


def in_language(words: Mapping[str, str]) -> str:
    """A pack's words in the reader's language, else in English."""
    language = (get_language() or "en").partition("-")[0]
    return words.get(language) or words.get("en", "")


def day(at: datetime | date, zone: str) -> str:
    """A day by the clinic's or reader's wall clock, short."""
    on = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    text: str = portal.day_text(on, "day-short-year")
    return text


def when(at: datetime, zone: str, *, now: datetime) -> str:
    """Today and tomorrow by name, else the day; with the time."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    time = portal.clock_text(local)
    days = (local.date() - today).days
    if days == 0:
        return _("today at %(time)s") % {"time": time}
    if days == 1:
        return _("tomorrow at %(time)s") % {"time": time}
    if days == -1:
        return _("yesterday at %(time)s") % {"time": time}
    return _("%(day)s at %(time)s") % {"day": portal.day_text(local.date(), "day-short"), "time": time}
