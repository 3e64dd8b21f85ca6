"""What a patient's page of one report is made of: what counts, what it replaced, who said what, how it was.

All of it under the one answer of who may see what (release.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from labs import openings, queries, release
from labs.errors import ReportNotFound
from labs.models import Document, Hold, Report, ReportComment, ReportVersion, ResultVersion, Signature
from labs.policy import Audience, Cause
from labs.ports import directory
from labs.types import Point, ReportView, ResultView
from labs.viewing import result_view
from steadwell.actor import Actor
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId

MOST_WAITING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    site_id: SiteId | None
    name: str
    zone: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What a clinician wrote to the patient; ``version`` is the report's that they had before them."""

    text: str
    by: str
    at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One version, for "what changed and when". ``came`` counts the results that it brought."""

    version: int
    at: datetime
    status: str
    came: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something held back that its patient is told of. ``words`` are the policy row's, by language."""

    report_id: UUID
    opened_at: datetime
    ends_at: datetime
    words: Mapping[str, str]
    site_id: SiteId | None
    is_own_choice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientsReport:
    """``before`` are the values that were replaced by a correction, by result. ``opened`` is the version that
    this reader had opened last, 0 at the first time. ``in_part``: some of it is not shown.
    """

    view: ReportView
    site: Site
    before: Mapping[UUID, ResultView]
    comments: tuple[Comment, ...]
    seen_by: str
    seen_at: datetime | None
    steps: tuple[Step, ...]
    points: Mapping[str, list[Point]]
    waiting: tuple[Waiting, ...]
    documents: Mapping[UUID, str]
    opened: int
    is_patient: bool


def get_patients_report(*, actor: Actor, report_id: UUID, now: datetime) -> PatientsReport:
    """One report for its patient's side. Audited; the reader has opened this version from now on.

    Raises ReportNotFound for one that is not there, not theirs or not released to them.
    """
    person_id = _theirs(actor, report_id)
    view = queries.get_report(actor=actor, report_id=report_id, now=now)
    is_patient = release.is_patient(actor, person_id)
    waiting = _waiting(Hold.objects.filter(report_id=report_id), now) if is_patient else ()
    # A comment on the whole, or a document of it, may speak of what is held back.
    whole = not release.holds_something(report_id, person_id, actor, now)
    before = openings.versions(actor=actor, report_ids=[report_id]).get(report_id, 0)
    openings.note(actor=actor, report_id=report_id, version=view.version, now=now)
    loincs = {r.loinc for r in view.results if r.loinc and r.quantity is not None}
    seen = Signature.objects.filter(report_id=report_id).order_by("-version").first()
    names = _names(report_id, seen, now)
    return PatientsReport(
        view=view,
        site=site_of(view.site_id, now),
        before=_before(view),
        comments=_comments(report_id, names) if whole else (),
        seen_by=names.get(PractitionerId(seen.practitioner_id), "") if seen and seen.practitioner_id else "",
        seen_at=seen.signed_at if seen else None,
        steps=_steps(view),
        points=queries.series_of(actor=actor, person_id=person_id, loincs=loincs, now=now) if loincs else {},
        waiting=waiting,
        documents=_documents(view),
        opened=before,
        is_patient=is_patient,
    )


def _theirs(actor: Actor, report_id: UUID) -> PersonId:
    """Whose it is. A clinician's right to read it opens no patient's page."""
    person_id = Report.objects.filter(pk=report_id).values_list("person_id", flat=True).first()
    if person_id is None or not actor.stands_for(PersonId(person_id)):
        raise ReportNotFound
    return PersonId(person_id)


def site_of(site_id: SiteId | None, now: datetime) -> Site:
    if site_id is None:
        return Site(site_id=None, name="", zone="UTC", phone="")
    book = directory()
    return Site(
        site_id=site_id,
        name=book.site_name(site_id=site_id, now=now),
        zone=book.site_zone(site_id=site_id, now=now),
        phone=book.site_phone(site_id=site_id, now=now),
    )


def list_waiting_for_patient(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[Waiting, ...]:
    """What is held back from this patient now, for the patient alone: for anybody else it is not there."""
    if not release.is_patient(actor, person_id):
        return ()
    return _waiting(Hold.objects.filter(person_id__in=actor.ids_of(person_id)), now)


def _waiting(holds: QuerySet[Hold], now: datetime) -> tuple[Waiting, ...]:
    """One line a report: the hold that ends last speaks for it. What has no words is not announced."""
    rows = holds.filter(release.open_holds(now), audience=Audience.EVERYONE).select_related("report")
    found: dict[UUID, Waiting] = {}
    for row in rows.order_by("ends_at", "pk")[:MOST_WAITING]:
        if row.words and not row.report.waits and row.report.person_id == row.person_id:
            found[row.report_id] = Waiting(
                report_id=row.report_id,
                opened_at=row.opened_at,
                ends_at=row.ends_at,
                words=row.words,
                site_id=SiteId(row.report.site_id) if row.report.site_id else None,
                is_own_choice=row.cause == Cause.CHOICE,
            )
    return tuple(found.values())


def name_of_patient(*, actor: Actor, person_id: PersonId | None, now: datetime) -> str:
    """For the head of a file; empty where the reader may not know it."""
    found = identity.names(actor=actor, person_ids=[person_id] if person_id else [], now=now)
    return " ".join(f"{each.given_name} {each.family_name}".strip() for each in found.values())


def _before(view: ReportView) -> dict[UUID, ResultView]:
    """What each corrected result said before."""
    replaced = {r.result_id: r.previous_version for r in view.results if r.corrected and r.previous_version}
    if not replaced:
        return {}
    rows = ResultVersion.objects.filter(entity_id__in=replaced, version__in=set(replaced.values()))
    return {row.entity_id: result_view(row, None) for row in rows if replaced[row.entity_id] == row.version}


def _names(report_id: UUID, seen: Signature | None, now: datetime) -> Mapping[PractitionerId, str]:
    ids = set(_letters(report_id).values_list("practitioner_id", flat=True))
    if seen is not None:
        ids.add(seen.practitioner_id)
    known = [PractitionerId(each) for each in ids if each]
    return directory().practitioner_names(practitioner_ids=known, now=now) if known else {}


def _letters(report_id: UUID) -> QuerySet[ReportComment]:
    return ReportComment.objects.filter(report_id=report_id, audience=ReportComment.Audience.PATIENT)


def _comments(report_id: UUID, names: Mapping[PractitionerId, str]) -> tuple[Comment, ...]:
    return tuple(
        Comment(
            text=row.text,
            by=names.get(PractitionerId(row.practitioner_id), "") if row.practitioner_id else "",
            at=row.written_at,
            version=row.version,
        )
        for row in _letters(report_id).order_by("-pk")
    )


def _steps(view: ReportView) -> tuple[Step, ...]:
    """Newest first. A version that brought only what this reader does not see is none."""
    shown = {result.result_id for result in view.results}
    counts: dict[int, int] = {}
    brought: set[int] = set()
    rows = ResultVersion.objects.filter(report_id=view.report_id).values_list("version", "entity_id")
    for version, result_id in rows:
        brought.add(version)
        counts[version] = counts.get(version, 0) + (result_id in shown)
    told = ReportVersion.objects.filter(entity_id=view.report_id).order_by("-version")
    return tuple(
        Step(version=version, at=at, status=status, came=counts.get(version, 0))
        for version, at, status in told.values_list("version", "recorded_at", "status_told")
        if counts.get(version) or version not in brought
    )


def _documents(view: ReportView) -> dict[UUID, str]:
    rows = Document.objects.filter(pk__in=view.documents) if view.documents else Document.objects.none()
    return dict(rows.order_by("version", "pk").values_list("pk", "content_type"))
