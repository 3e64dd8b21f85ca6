"""What of a patient's results the patient's side may see now: the one answer for pages, messages, the API.

A report is seen once the policy was asked about it (deciding.py) and nothing holds it back. Single tests of
it may be held back by themselves: then they, and all that could speak of them, are left out. Time alone ends
a hold: nothing has to run for that. Pure reading; "patient's side" is the patient and who acts for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from labs import status
from labs.models import Hold, Release, Report, Result
from labs.policy import Audience
from labs.types import CRITICAL_FLAGS, Flag, ReportSummary, ReportView, ResultView, Status, VersionView
from steadwell.actor import Actor
from steadwell.ids import PersonId

_UNREMARKABLE = (None, Flag.NORMAL, Flag.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """What one reader sees of one report: all but the tests in ``hidden``, and those not in ``decided``."""

    is_released: bool
    hidden: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()

    def shows(self, loinc: str) -> bool:
        return loinc in self.decided and loinc not in self.hidden


NOTHING = Visibility(is_released=False)


@dataclass(frozen=True, slots=True)
class _Held:
    whole: bool = False
    tests: set[str] = field(default_factory=set)


def is_patient(actor: Actor, person_id: UUID) -> bool:
    """Whether the actor is this patient themself, under whichever id after a merge."""
    return actor.person_id is not None and actor.known_as(PersonId(person_id)) == actor.person_id


def is_released(report: Report, actor: Actor, now: datetime) -> bool:
    """Whether the actor, who is on the patient's side, may open it."""
    return visibility([report], actor, now)[report.pk].is_released


def visibility(reports: Iterable[Report], actor: Actor, now: datetime) -> Mapping[UUID, Visibility]:
    """For each report what this actor, who is on the patient's side, sees of it. Three statements."""
    wanted = {report.pk: report for report in reports}
    releases = {row.pk: row for row in Release.objects.filter(pk__in=wanted)}
    own = {p: is_patient(actor, p) for p in {r.person_id for r in wanted.values() if r.person_id}}
    held = _held(wanted, own, now)
    tests = _tests_of(wanted)
    return {
        pk: _visibility(report, releases.get(pk), held.get(pk, _Held()), tests.get(pk, set()))
        for pk, report in wanted.items()
    }


def _tests_of(report_ids: Iterable[UUID]) -> Mapping[UUID, set[str]]:
    tests: dict[UUID, set[str]] = {}
    rows = Result.objects.filter(report_id__in=list(report_ids))
    for report_id, loinc in rows.values_list("report_id", "loinc"):
        tests.setdefault(report_id, set()).add(loinc)
    return tests


def _visibility(report: Report, release: Release | None, held: _Held, tests: set[str]) -> Visibility:
    if release is None or held.whole or not is_showable(report, release):
        return NOTHING
    found = Visibility(is_released=True, hidden=frozenset(held.tests), decided=frozenset(release.decided))
    # Where everything in it is held back, or it came without results and something is, nothing is left of it.
    if (tests or held.tests) and not any(found.shows(loinc) for loinc in tests):
        return NOTHING
    return found


def is_showable(report: Report, release: Release) -> bool:
    """Whether there is something to show at all, and it is still about the patient who was asked about."""
    if report.waits or report.person_id != release.person_id or report.status == Status.REGISTERED:
        return False
    return report.status != Status.ENTERED_IN_ERROR or release.released_at is not None


def open_holds(now: datetime) -> Q:
    """The holds that hold at this moment."""
    return Q(ended_at__isnull=True, starts_at__lte=now, ends_at__gt=now)


def _held(reports: Mapping[UUID, Report], own: Mapping[UUID, bool], now: datetime) -> Mapping[UUID, _Held]:
    found: dict[UUID, _Held] = {}
    rows = Hold.objects.filter(open_holds(now), report_id__in=reports)
    for report_id, person_id, loinc, audience in rows.values_list(
        "report_id", "person_id", "loinc", "audience"
    ):
        if audience == Audience.PROXIES and own.get(person_id):
            continue
        before = found.setdefault(report_id, _Held())
        if loinc:
            before.tests.add(loinc)
        else:
            found[report_id] = _Held(True, before.tests)
    return found


def released(actor: Actor, person_ids: Iterable[PersonId], now: datetime) -> Q:
    """The same as a condition on the reports of one person, for lists: what holds none of it is not there."""
    holds = _holds_for(actor, person_ids, now)
    asked = Release.objects.filter(pk=OuterRef("pk"), person_id=OuterRef("person_id"))
    whole = holds.filter(report_id=OuterRef("pk"), loinc="")
    some = holds.filter(report_id=OuterRef("pk")).exclude(loinc="")
    test_held = holds.filter(report_id=OuterRef("report_id"), loinc=OuterRef("loinc"))
    left = Result.objects.filter(~Exists(test_held.exclude(loinc="")), report_id=OuterRef("pk"))
    return (
        Q(Exists(asked), waits="")
        & ~Q(status=Status.REGISTERED)
        & (~Q(status=Status.ENTERED_IN_ERROR) | Q(Exists(asked.filter(released_at__isnull=False))))
        & ~Q(Exists(whole))
        & (~Q(Exists(some)) | Q(Exists(left)))
    )


def _holds_for(actor: Actor, person_ids: Iterable[PersonId], now: datetime) -> QuerySet[Hold]:
    holds = Hold.objects.filter(open_holds(now))
    if any(is_patient(actor, person_id) for person_id in person_ids):
        holds = holds.filter(audience=Audience.EVERYONE)
    return holds


def trim(view: ReportView, seen: Visibility | None) -> ReportView:
    """The report without what is held back, and without whatever could speak of it: notes and documents.

    ``seen`` None: all of it is for this reader.
    """
    if seen is None:
        return view
    results = trim_results(view.results, seen)
    if len(results) == len(view.results):
        return view
    return replace(
        view,
        results=results,
        notes=(),
        documents=(),
        critical=any(result.flag in CRITICAL_FLAGS for result in results),
        abnormal=any(result.flag not in _UNREMARKABLE for result in results),
        corrected=any(result.corrected for result in results),
        quarantined=sum(bool(result.problem) for result in results),
    )


def trim_version(view: VersionView, seen: Visibility | None) -> VersionView:
    """One version in the same way."""
    if seen is None:
        return view
    results = trim_results(view.results, seen)
    if len(results) == len(view.results):
        return view
    left = {result.key for result in results}
    standings = {key: code for key, code in view.standings.items() if key in left}
    return replace(view, results=results, notes=(), standings=standings)


def shows_all(report: Report, seen: Visibility) -> bool:
    """Whether nothing of it is held back: then a document of the whole may be read."""
    tests = Result.objects.filter(report=report).values_list("loinc", flat=True)
    return not seen.hidden and all(seen.shows(loinc) for loinc in tests)


def holds_something(report_id: UUID, person_id: PersonId, actor: Actor, now: datetime) -> bool:
    """Whether some of it is held back from this reader of the patient's side."""
    holds = Hold.objects.filter(open_holds(now), report_id=report_id)
    if is_patient(actor, person_id):
        holds = holds.filter(audience=Audience.EVERYONE)
    return holds.exists()


def trim_results(results: Iterable[ResultView], seen: Visibility) -> tuple[ResultView, ...]:
    """Without the tests held back, and without what hangs under them."""
    found, gone = [], set()
    for result in results:
        if not seen.shows(result.loinc) or (result.parent_key and result.parent_key in gone):
            gone.add(result.key)
        else:
            found.append(result)
    return tuple(found)


def trim_summaries(
    summaries: Iterable[ReportSummary], seen: Mapping[UUID, Visibility]
) -> list[ReportSummary]:
    """Lines of a list; one that is shown in part says nothing about how its values are."""
    return [
        replace(each, critical=False, abnormal=False, corrected=False)
        if seen[each.report_id].hidden
        else each
        for each in summaries
        if seen[each.report_id].is_released
    ]


def shown_to(report: Report, audience: Audience, now: datetime) -> bool:
    """Whether anything of it is visible to the patient, or to those who act for them."""
    return report.pk in shown_of([report], audience, now)


def shown_of(reports: Iterable[Report], audience: Audience, now: datetime) -> set[UUID]:
    """The same of several, in three statements: those of which something is visible."""
    wanted = {report.pk: report for report in reports}
    releases = {row.pk: row for row in Release.objects.filter(pk__in=wanted)}
    own = {each.person_id: audience is Audience.EVERYONE for each in wanted.values() if each.person_id}
    held = _held(wanted, own, now)
    tests = _tests_of(wanted)
    return {
        pk
        for pk, report in wanted.items()
        if _visibility(report, releases.get(pk), held.get(pk, _Held()), tests.get(pk, set())).is_released
    }


def released_at(report_id: UUID) -> datetime | None:
    """Since when the patient sees it, or something of it."""
    return Release.objects.filter(pk=report_id).values_list("released_at", flat=True).first()


def is_settled(report: Report) -> bool:
    """Final, or closed: there is something to tell of."""
    return report.status in status.FINAL | status.CLOSED
