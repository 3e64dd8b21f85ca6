"""Reads. Each writes its audit row before anything leaves, and each has its budget of statements (tests)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from labs import access, release, rows, viewing
from labs.current import State, state_of
from labs.errors import ReportNotFound
from labs.models import Document, Report, ReportVersion, Result, ResultVersion
from labs.types import Attachment, Point, ReportSummary, ReportView, VersionView
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId

MOST = 200
_SERIES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``before`` is where the next page begins; None when this is the last."""

    reports: tuple[ReportSummary, ...]
    before: tuple[datetime, UUID] | None


def get_report(*, actor: Actor, report_id: UUID, now: datetime) -> ReportView:
    """One report as it counts now. Raises ReportNotFound when there is none, or not for this actor."""
    report, seen = _allowed(actor, report_id, now)
    state = _state(report_id)
    view = release.trim(_view(report, state), seen)
    _note(actor, "lab.view", report, now, {"version": str(report.version)})
    return view


def report_versions(*, actor: Actor, report_id: UUID, now: datetime) -> list[VersionView]:
    """Everything that was said about a report, newest arrival first, and what became of it."""
    report, seen = _allowed(actor, report_id, now)
    state = _state(report_id)
    words: dict[int, list[ResultVersion]] = {}
    for word in ResultVersion.objects.filter(report_id=report_id).order_by("version", "position"):
        words.setdefault(word.version, []).append(word)
    found = ReportVersion.objects.filter(entity_id=report_id).order_by("-version")
    views = [
        release.trim_version(viewing.version_view(row, words.get(row.version, ()), state), seen)
        for row in found
    ]
    _note(actor, "lab.view-history", report, now, {})
    return views


def as_known(*, actor: Actor, report_id: UUID, at: datetime, now: datetime) -> ReportView:
    """The report as it was known here at an instant: settled from what had come by then.

    Raises ReportNotFound when nothing had.
    """
    report, seen = _allowed(actor, report_id, now)
    state = _state(report_id, until=at)
    versions = rows.versions_of(report_id, until=at)
    for name, value in rows.projection(state, versions, received_at=report.received_at).items():
        setattr(report, name, value)
    report.version, report.changed_version = versions[-1]["version"], None
    view = release.trim(_view(report, state), seen)
    _note(actor, "lab.view-history", report, now, {"version": str(report.version)})
    return view


def reports_of(
    *, actor: Actor, person_id: PersonId, now: datetime, before: tuple[datetime, UUID] | None = None,
    limit: int = 30,
) -> Page:  # fmt: skip
    """A patient's reports, newest first: what a clinician may read, or what is released to the patient.

    Merged people are one. ``before`` is the former page's. Raises NotFound when the actor may see none of
    this patient's reports at all.
    """
    person_ids = identity.ids_for(actor, person_id)
    patients_side = access.may_see_reports_of(actor, person_ids)
    found = Report.objects.filter(person_id__in=person_ids, waits="")
    found = found.filter(access.released(actor, person_ids, now) if patients_side else access.readable(actor))
    if before is not None:
        at, last = before
        found = found.filter(Q(charted_at__lt=at) | Q(charted_at=at, pk__lt=last))
    limit = min(limit, MOST)
    page = list(found.order_by("-charted_at", "-pk")[: limit + 1])
    more = page[limit - 1] if len(page) > limit else None
    audit.record(actor=actor, action="lab.list", category="lab", now=now, subject_id=person_id)
    reports = [viewing.report_summary(report) for report in page[:limit]]
    if patients_side:
        reports = release.trim_summaries(reports, release.visibility(page[:limit], actor, now))
    return Page(
        reports=tuple(reports),
        before=(more.charted_at, more.pk) if more else None,
    )


def series(*, actor: Actor, person_id: PersonId, loinc: str, now: datetime) -> list[Point]:
    """A patient's current results of one test, oldest first: the newest 500, in whatever unit each has.

    What was cancelled or entered in error is not among them.
    """
    return series_of(actor=actor, person_id=person_id, loincs=[loinc], now=now).get(loinc, [])


def series_of(
    *, actor: Actor, person_id: PersonId, loincs: Collection[str], now: datetime
) -> dict[str, list[Point]]:
    """The same for several tests at once, in as many statements as for one: the newest 500 of all."""
    person_ids = identity.ids_for(actor, person_id)
    patients_side = access.may_see_reports_of(actor, person_ids)
    found = Result.objects.filter(person_id__in=person_ids, loinc__in=loincs, report__waits="")
    found = found.exclude(status__in=["cancelled", "entered-in-error"])
    allowed = access.released(actor, person_ids, now) if patients_side else access.readable(actor)
    readable = Report.objects.filter(allowed, person_id__in=person_ids)
    chosen = list(
        found.filter(report__in=readable).select_related("report").order_by("-observed_at", "-pk")[:_SERIES]
    )
    if patients_side:
        seen = release.visibility({result.report for result in chosen}, actor, now)
        chosen = [result for result in chosen if seen[result.report_id].shows(result.loinc)]
    words = words_of_results({result.pk: result.version for result in chosen})
    audit.record(
        actor=actor, action="lab.series", category="lab", now=now, subject_id=person_id,
        detail={"loinc": ",".join(sorted(loincs))},
    )  # fmt: skip
    points: dict[str, list[Point]] = {}
    for result in reversed(chosen):
        points.setdefault(result.loinc, []).append(
            Point(
                result=viewing.current_view(words[result.pk], result),
                at=result.observed_at,
                performer=result.report.performer,
                site_id=SiteId(result.report.site_id) if result.report.site_id else None,
            )
        )
    return points


def get_document(
    *, actor: Actor, document_id: UUID, now: datetime, report_id: UUID | None = None
) -> Attachment:
    """A document of a report that this actor may see; of this report, where one is named."""
    found = Document.objects.filter(pk=document_id).first()
    if found is None or report_id not in {None, found.report_id}:
        raise ReportNotFound
    report, seen = _allowed(actor, found.report_id, now)
    if seen is not None and not release.shows_all(report, seen):
        raise ReportNotFound
    _note(actor, "lab.view-document", report, now, {"document": str(document_id)})
    return Attachment(name=found.name, content_type=found.content_type, content=bytes(found.content))


def _allowed(actor: Actor, report_id: UUID, now: datetime) -> tuple[Report, release.Visibility | None]:
    """The report, and what of it this actor sees; None: all."""
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        raise ReportNotFound
    person_ids: Sequence[PersonId] = ()
    if report.person_id is not None and not access.reads(actor, report):
        person_ids = identity.ids_for(actor, PersonId(report.person_id))
    return report, access.may_read(actor, report, person_ids=person_ids, now=now)


def _state(report_id: UUID, *, until: datetime | None = None) -> State:
    versions = rows.versions_of(report_id, until=until)
    if not versions:
        raise ReportNotFound
    return state_of([rows.heading(each) for each in versions], rows.words_of(report_id, until=until))


def _view(report: Report, state: State) -> ReportView:
    """With the words that count, in the order in which the laboratory gave them."""
    wanted = {rows.result_id(report.pk, key): settled for key, settled in state.results.items()}
    words = words_of_results({result_id: settled.version for result_id, settled in wanted.items()})
    ordered = sorted(words.values(), key=lambda word: (word.position, word.key))
    shown = ReportVersion.objects.get(entity_id=report.pk, version=report.shown_version)
    documents = Document.objects.filter(report_id=report.pk, version__lte=report.version)
    return viewing.report_view(
        report,
        shown,
        [viewing.result_view(word, wanted[word.entity_id]) for word in ordered],
        documents.order_by("version", "pk").values_list("pk", flat=True),
    )


def words_of_results(versions: dict[UUID, int]) -> dict[UUID, ResultVersion]:
    """The words of these observations in these versions, by observation. One statement."""
    found = ResultVersion.objects.raw(
        "SELECT v.* FROM labs_resultversion v JOIN unnest(%s::uuid[], %s::int[]) AS wanted (id, version)"
        " ON v.entity_id = wanted.id AND v.version = wanted.version",
        [list(versions), list(versions.values())],
    )
    return {word.entity_id: word for word in found}


def _note(actor: Actor, action: str, report: Report, now: datetime, detail: dict[str, str]) -> None:
    audit.record(
        actor=actor, action=action, category="lab", now=now, entity_id=report.pk,
        site_id=access.site_of(report),
        subject_id=PersonId(report.person_id) if report.person_id else None, detail=detail,
    )  # fmt: skip
