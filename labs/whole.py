"""One report with everything that was said about it, for the clinician who reads it: three statements.

The caller writes the audit row before anything leaves: it knows what else is on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from labs import access, publishing, release, rows, viewing
from labs.current import Heading, State, Word, state_of
from labs.errors import ReportNotFound
from labs.models import (
    CriticalCall,
    Document,
    Hold,
    MaybeSame,
    Release,
    Report,
    ReportVersion,
    ResultVersion,
    ReviewTask,
)
from labs.types import ReportView, VersionView
from steadwell.actor import Actor
from steadwell.ids import SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """``versions``: newest arrival first. ``beside`` are the reports of the list from which it was opened, in
    their order. ``is_held``, ``is_called``, ``is_asked``: there are holds, critical calls, questions to look
    up.
    """

    view: ReportView
    versions: tuple[VersionView, ...]
    site_id: SiteId | None
    released_at: datetime | None
    is_held: bool
    is_called: bool
    is_asked: bool
    beside: tuple[UUID, ...]
    headings: Sequence[Heading]
    words: Sequence[Word]
    state: State

    def says_more_than(self, version: int) -> bool:
        """Whether a reader of that version has missed something since."""
        if self.view.version <= version:
            return False
        read = state_of(
            [each for each in self.headings if each.told.number <= version],
            [each for each in self.words if each.version <= version],
        )
        return publishing.compare(read, self.state, number=self.view.version).visible


def read_whole(*, actor: Actor, report_id: UUID, listed: QuerySet[ReviewTask], now: datetime) -> Whole:
    """``listed``: the tasks among whose reports it stands. Raises ReportNotFound when there is none, or not
    for this clinician.
    """
    report = _asked(listed, now).filter(pk=report_id).first()
    if report is None or not access.reads(actor, report):
        raise ReportNotFound
    told = list(ReportVersion.objects.filter(entity_id=report_id).order_by("-version"))
    said = list(ResultVersion.objects.filter(report_id=report_id).order_by("version", "position"))
    headings = [rows.heading(vars(each)) for each in reversed(told)]
    words = [rows.word(vars(each)) for each in said]
    state = state_of(headings, words)
    asked: Any = report  # with the columns of ``_asked``
    return Whole(
        view=_view(report, state, told, said),
        versions=tuple(
            viewing.version_view(each, [word for word in said if word.version == each.version], state)
            for each in told
        ),
        site_id=access.site_of(report),
        released_at=asked.let_go_at,
        is_held=asked.is_held,
        is_called=asked.is_called,
        is_asked=asked.is_asked,
        beside=tuple(dict.fromkeys(asked.beside)),
        headings=headings,
        words=words,
        state=state,
    )


def _asked(listed: QuerySet[ReviewTask], now: datetime) -> QuerySet[Report]:
    documents = Document.objects.filter(report_id=OuterRef("pk"), version__lte=OuterRef("version"))
    pairs = MaybeSame.objects.filter(
        Q(report_id=OuterRef("pk")) | Q(other_id=OuterRef("pk")), state=MaybeSame.State.OPEN
    )
    return Report.objects.annotate(
        document_ids=ArraySubquery(documents.order_by("version", "pk").values("pk")),
        let_go_at=Subquery(Release.objects.filter(pk=OuterRef("pk")).values("released_at")),
        is_held=Exists(Hold.objects.filter(release.open_holds(now), report_id=OuterRef("pk"))),
        is_called=Exists(CriticalCall.objects.filter(report_id=OuterRef("pk"))),
        is_asked=Exists(pairs),
        beside=ArraySubquery(listed.values("report_id")),
    )


def _view(
    report: Report, state: State, told: Sequence[ReportVersion], said: Sequence[ResultVersion]
) -> ReportView:
    shown = next(each for each in told if each.version == report.shown_version)
    count = [
        word for word in said if word.key in state.results and state.results[word.key].version == word.version
    ]
    count.sort(key=lambda word: (word.position, word.key))
    results = [viewing.result_view(word, state.results[word.key]) for word in count]
    return viewing.report_view(report, shown, results, report.document_ids)  # type: ignore[attr-defined]
