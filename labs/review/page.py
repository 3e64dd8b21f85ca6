"""All that a clinician's page of one report shows, read in few statements and noted in one.

Plain reports take ten. What only some have (holds, critical calls, a question, deeds of users) takes one or
two more each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs import releasing
from labs.ports import directory
from labs.review import callbook, delegation, inbox, sameness
from labs.review.callbook import Call
from labs.review.history import Past, results_over_time
from labs.review.inbox import Line, What, Who
from labs.review.sameness import Question
from labs.review.story import Story, story_of
from labs.types import ReportView, VersionView
from labs.whole import Whole, read_whole
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """``before`` and ``behind`` are its neighbours in the list from which it was opened. ``names`` are those
    of every clinician on the page; ``colleagues`` may be given it to read.
    """

    report: ReportView
    versions: Sequence[VersionView]
    person: identity.PersonSummary | None
    past: Sequence[Past]
    tasks: Sequence[Line]
    before: UUID | None
    behind: UUID | None
    is_signed: bool
    calls: Sequence[Call]
    questions: Sequence[Question]
    story: Story
    release: releasing.ReleaseState
    zone: str
    names: Mapping[PractitionerId, str]
    colleagues: Mapping[PractitionerId, str]


def read_page(
    *, actor: Actor, report_id: UUID, who: Who, what: What, covers: frozenset[PractitionerId], now: datetime
) -> ReportPage:
    """Raises ReportNotFound when there is none, or not for this clinician. ``covers``: the clinician, and
    those whose results they read now.
    """
    listed = inbox.listed(who, what, actor=actor, covers=covers)
    whole = read_whole(actor=actor, report_id=report_id, listed=listed, now=now)
    report, story = whole.view, story_of(report_id)
    past: Sequence[Past] = ()
    loincs = {result.loinc for result in report.results if result.loinc}
    if report.person_id:
        past = results_over_time(actor=actor, person_id=report.person_id, loincs=loincs)
    _note(actor, whole, tests=len(loincs), now=now)
    colleagues = delegation.colleague_ids(actor=actor, site_id=report.site_id, now=now)
    labels = directory().labels(
        site_ids=[report.site_id] if report.site_id else [],
        practitioner_ids=colleagues | _mentioned(report, story),
        now=now,
    )
    before, behind = inbox.before_and_behind(whole.beside, report_id)
    return ReportPage(
        report=report,
        versions=whole.versions,
        person=_person(actor, report.person_id, now),
        past=past,
        tasks=inbox.tasks_of_report(actor=actor, report_id=report_id, covers=covers),
        before=before,
        behind=behind,
        is_signed=story.signed > 0 and not whole.says_more_than(story.signed),
        calls=callbook.calls_of(report_id) if whole.is_called else (),
        questions=sameness.questions_of(actor=actor, report_id=report_id) if whole.is_asked else (),
        story=story,
        release=_release(whole, now),
        zone=labels.zones.get(report.site_id, "UTC") if report.site_id else "UTC",
        names=labels.names,
        colleagues=_by_name(labels.names, colleagues),
    )


def _note(actor: Actor, whole: Whole, *, tests: int, now: datetime) -> None:
    """The report, what was said of it before, and the patient's other values of its tests: each a look."""
    view = whole.view
    site_ids = (whole.site_id,) if whole.site_id else ()
    entries = [
        audit.Entry(
            action="lab.view", category="lab", subject_id=view.person_id, entity_id=view.report_id,
            site_ids=site_ids, detail={"version": str(view.version)},
        ),
        audit.Entry(
            action="lab.view-history", category="lab", subject_id=view.person_id, entity_id=view.report_id,
            site_ids=site_ids,
        ),
    ]  # fmt: skip
    if view.person_id and tests:
        entries.append(
            audit.Entry(
                action="lab.series", category="lab", subject_id=view.person_id, detail={"tests": str(tests)}
            )
        )
    audit.record_many(entries, actor=actor, now=now)


def _mentioned(report: ReportView, story: Story) -> frozenset[PractitionerId]:
    everybody = [report.practitioner_id, *(each.by for each in story.comments)]
    for deed in story.deeds:
        everybody += [deed.by, deed.to]
    return frozenset(each for each in everybody if each)


def _person(actor: Actor, person_id: PersonId | None, now: datetime) -> identity.PersonSummary | None:
    if person_id is None:
        return None
    return identity.names(actor=actor, person_ids=[person_id], now=now).get(person_id)


def _release(whole: Whole, now: datetime) -> releasing.ReleaseState:
    if not whole.is_held:
        return releasing.ReleaseState(released_at=whole.released_at, holds=())
    return releasing.state_of(whole.view.report_id, released_at=whole.released_at, now=now)


def _by_name(
    names: Mapping[PractitionerId, str], wanted: frozenset[PractitionerId]
) -> dict[PractitionerId, str]:
    return dict(sorted(((who, name) for who, name in names.items() if who in wanted), key=lambda n: n[1]))
