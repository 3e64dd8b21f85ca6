"""What a person is asked before an app is let in, in words: per kind of data, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from fhir_facade.oauth.wanted import Wanted
from fhir_facade.smart.types import Level, Scope

Words = str | Promise
WORDS: dict[str, Words] = {
    "*": gettext_lazy("Everything in the record"),
    "Patient": gettext_lazy("Name, birth date, address and how to reach you"),
    "RelatedPerson": gettext_lazy("People who act for you"),
    "Practitioner": gettext_lazy("Names of clinicians"),
    "PractitionerRole": gettext_lazy("Where clinicians work and what they do"),
    "Organization": gettext_lazy("Names of clinics"),
    "Location": gettext_lazy("Addresses of clinics"),
    "HealthcareService": gettext_lazy("Kinds of visits that clinics offer"),
    "Schedule": gettext_lazy("Calendars of clinicians"),
    "Slot": gettext_lazy("Free times"),
    "Appointment": gettext_lazy("Visits"),
    "AppointmentResponse": gettext_lazy("Answers to offered visits"),
    "ServiceRequest": gettext_lazy("Orders for tests"),
    "Specimen": gettext_lazy("Samples that were taken"),
    "DiagnosticReport": gettext_lazy("Laboratory reports"),
    "Observation": gettext_lazy("Test results and measurements"),
    "Medication": gettext_lazy("Names of medicines"),
    "MedicationRequest": gettext_lazy("Prescriptions"),
    "MedicationStatement": gettext_lazy("Medicines you take"),
    "AllergyIntolerance": gettext_lazy("Allergies"),
    "Communication": gettext_lazy("Messages"),
    "Encounter": gettext_lazy("Visits that took place"),
    "Questionnaire": gettext_lazy("Empty forms"),
    "QuestionnaireResponse": gettext_lazy("Forms you filled in"),
    "Consent": gettext_lazy("What you agreed to"),
    "Provenance": gettext_lazy("Where data came from"),
    "AuditEvent": gettext_lazy("Who looked at the record"),
    "Binary": gettext_lazy("Documents"),
    "Group": gettext_lazy("Groups of patients"),
    "Subscription": gettext_lazy("Messages to the app when something happens"),
    "Condition": gettext_lazy("Diagnoses and health concerns"),
}
CATEGORIES: dict[str, Words] = {
    "laboratory": gettext_lazy("laboratory results only"),
    "vital-signs": gettext_lazy("vital signs only"),
    "social-history": gettext_lazy("social history only"),
    "survey": gettext_lazy("surveys only"),
    "encounter-diagnosis": gettext_lazy("diagnoses of visits only"),
    "problem-list-item": gettext_lazy("problem list only"),
    "health-concern": gettext_lazy("health concerns only"),
}
LASTS: dict[str, tuple[timedelta, int]] = {
    "hour": (timedelta(hours=1), 0), "day": (timedelta(days=1), 1), "month": (timedelta(days=30), 30),
    "quarter": (timedelta(days=90), 90), "year": (timedelta(days=365), 365),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that may be ticked: a scope as the app wrote it, and what it means."""

    scope: str
    words: str
    detail: str


def lines(wanted: Wanted) -> list[Line]:
    """One line per scope about data, the reading ones first."""
    found = [Line(scope=text, words=_of(scope), detail=_detail(scope)) for text, scope in wanted.data]
    return sorted(
        found,
        key=lambda line: any(
            scope.interactions & set("cud") for text, scope in wanted.data if text == line.scope
        ),
    )


def grouped(several: Iterable[Line]) -> list[tuple[str, list[str]]]:
    """What may be done, each with the kinds of data that it may be done to."""
    found: dict[str, list[str]] = {}
    for line in several:
        found.setdefault(line.detail, []).append(line.words)
    return list(found.items())


def durations(*, stays: bool) -> Sequence[tuple[str, str]]:
    """How long the app may come back: only once where it did not ask for more."""
    if not stays:
        return [("hour", _("This time only (one hour)"))]
    days = [
        (key, ngettext("%(days)s day", "%(days)s days", count) % {"days": count})
        for key, (_span, count) in LASTS.items() if count
    ]  # fmt: skip
    return [("hour", _("This time only (one hour)")), *days]


def kept(wanted: Wanted, ticked: Iterable[str]) -> str:
    """What was granted, as scopes: what was ticked of what was asked, and what goes around it."""
    chosen = set(ticked)
    data = [text for text, _scope in wanted.data if text in chosen]
    return " ".join([*wanted.around, *data]) if data or "openid" in wanted.around else ""


def _of(scope: Scope) -> str:
    words = str(WORDS.get(scope.resource, scope.resource))
    narrowed = dict.fromkeys(_narrowed(name, value) for name, value in scope.query)
    return f"{words} ({', '.join(narrowed)})" if narrowed else words


def _narrowed(name: str, value: str) -> str:
    """A code without words here is not shown to a patient: that it is less than all is said in any case."""
    words = CATEGORIES.get(value.rpartition("|")[2]) if name == "category" else None
    return str(words or _("some of them only"))


def _detail(scope: Scope) -> str:
    reads, writes = scope.interactions & set("rs"), scope.interactions & set("cud")
    everybody = scope.level is Level.USER
    if reads and writes:
        return _("See, add and change, for everybody you may see") if everybody else _("See, add and change")
    if writes:
        return _("Add and change, for everybody you may see") if everybody else _("Add and change")
    return _("See, for everybody you may see") if everybody else _("See")
