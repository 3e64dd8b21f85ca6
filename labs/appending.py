"""One more version of a report: its rows, and what counts from now on. The caller holds the report's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from labs import publishing, reading, rows, storing
from labs.current import State, state_of
from labs.models import Quarantined, Report
from labs.publishing import Change
from steadwell.ids import new_id
from steadwell.outbox import service as outbox

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What had been said about a report before."""

    versions: Sequence[dict[str, Any]]
    words: Sequence[Any]
    state: State

    def has(self, digest: str) -> bool:
        return any(each["digest"] == digest for each in self.versions)


def known(report_id: UUID) -> Known:
    """Two statements."""
    versions, words = rows.versions_of(report_id), rows.words_of(report_id)
    return Known(
        versions=versions,
        words=words,
        state=state_of([rows.heading(each) for each in versions], words),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """``version`` and ``words`` as they are to be stored; ``said``: by key, those that cannot be read."""

    sender: str
    version: dict[str, Any]
    words: Sequence[Row]
    said: Mapping[str, Row]

    def settled_with(self, before: Known) -> State:
        number = self.version["version"]
        new = [rows.word({**each, "version": number}) for each in self.words]
        return state_of(
            [rows.heading(each) for each in (*before.versions, self.version)], [*before.words, *new]
        )


def append(
    report: Report,
    before: Known,
    addition: Addition,
    after: State,
    *,
    belongs: Mapping[str, Any],
    now: datetime,
) -> Change:
    """Store the version, bring the report's own row up to it, and say what changed."""
    number = addition.version["version"]
    change = publishing.compare(before.state, after, number=number)
    projection = rows.projection(after, [*before.versions, addition.version], received_at=report.received_at)
    news = {"changed_version": number} if change.visible else {}
    Report.objects.filter(pk=report.pk).update(
        **projection, **belongs, **news, version=number, changed_at=now
    )
    new_rows = rows_of(
        report.pk, addition, before=before.state, after=after, keys=change.keys,
        person_id=belongs["person_id"], otherwise=projection["charted_at"], now=now,
    )  # fmt: skip
    storing.add_versions([new_rows])
    if belongs["person_id"] != report.person_id:
        rows.move_results(report.pk, belongs["person_id"])
    if before.state.unread:
        supersede(report.pk, after, number=number, now=now)
    told = publishing.told(
        report_id=report.pk, person_id=belongs["person_id"], version=number, change=change,
        found_patient=bool(report.waits) and not belongs["waits"],
    )  # fmt: skip
    outbox.publish_many(told, now=now)
    return change


def rows_of(
    report_id: UUID, addition: Addition, *, before: State | None, after: State, keys: Iterable[str],
    person_id: UUID | None, otherwise: datetime, now: datetime,
) -> storing.VersionRows:  # fmt: skip
    """The rows of one version: what was said, what counts of it, what is set aside."""
    version = addition.version
    return storing.VersionRows(
        version={**version, "entity_id": report_id},
        words=rows.result_versions(addition.words, report_id=report_id, version=version, state=before),
        results=rows.results(
            keys, state=after, report_id=report_id, person_id=person_id, otherwise=otherwise
        ),
        aside=_aside(report_id, addition, to_set_aside(addition, after), now),
    )


def to_set_aside(addition: Addition, after: State) -> Collection[str]:
    """Of what came, the unreadable that counts. What was overtaken already needs nobody."""
    number = addition.version["version"]
    return [key for key in addition.said if key in after.unread and after.results[key].version == number]


def _aside(report_id: UUID, addition: Addition, keys: Collection[str], now: datetime) -> list[Row]:
    return [
        {
            "id": new_id(), "report_id": report_id, "version": addition.version["version"],
            "key": each["key"], "sender": addition.sender, "reason": reading.reason_to_set_aside(each),
            "said": addition.said[each["key"]], "state": Quarantined.State.OPEN.value, "opened_at": now,
            "corrected": None, "settled_at": None, "settled_by": None, "settled_reason": "",
        }
        for each in addition.words
        if each["key"] in keys
    ]  # fmt: skip


def supersede(report_id: UUID, after: State, *, number: int, now: datetime) -> None:
    """What no longer counts need not be read any more."""
    waiting = {key for key in after.unread if after.results[key].version != number}
    moot = Quarantined.objects.filter(report_id=report_id, state=Quarantined.State.OPEN, version__lt=number)
    moot.exclude(key__in=waiting).update(state=Quarantined.State.SUPERSEDED, settled_at=now)
