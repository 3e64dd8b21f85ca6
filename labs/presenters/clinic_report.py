"""One report as its clinician reads it: values as they count, what they were before, and who said so when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from labs.presenters import clinic_words, reasons, words
from labs.review.history import Past
from labs.types import ReportView, ResultView, Status, ValueKind, VersionView
from steadwell.portal import service as portal

LONG = 60  # characters of text from which a value has a line of its own
_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A value that counts no longer: struck through, with who said the new one, when and why."""

    value: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One result. ``depth`` counts what it hangs under: an isolate, its susceptibilities."""

    result_id: UUID
    url: str
    depth: int
    name: str
    value: str
    is_long: bool
    sign: str
    flag: str
    tone: str
    usual: str
    last: str
    last_day: str
    former: tuple[Former, ...]
    remarks: tuple[str, ...]
    notes: tuple[str, ...]
    status: tuple[str, str] | None
    is_void: bool
    is_heading: bool


def result_rows(
    report: ReportView,
    versions: Sequence[VersionView],
    past: Iterable[Past],
    *,
    zone: str,
    now: datetime,
) -> list[Row]:
    """The results in the laboratory's order, each below the one it hangs under."""
    before = _earlier(past, report)
    said = {version.version: version for version in versions}
    parents = {result.parent_key for result in report.results}
    return [
        _row(result, depth, report, said, before, result.key in parents, zone=zone, now=now)
        for result, depth in nested(report.results)
    ]


def nested(results: Sequence[ResultView]) -> list[tuple[ResultView, int]]:
    """Each result behind its parent, with its depth; one whose parent is not there stands by itself."""
    keys = {result.key for result in results}
    below: dict[str, list[ResultView]] = {}
    for result in results:
        parent = result.parent_key if result.parent_key in keys and result.parent_key != result.key else ""
        below.setdefault(parent, []).append(result)
    found: list[tuple[ResultView, int]] = []
    placed: set[str] = set()

    def place(parent: str, depth: int) -> None:
        for result in below.get(parent, ()):
            if result.key not in placed:
                placed.add(result.key)
                found.append((result, depth))
                place(result.key, min(depth + 1, _DEEPEST))

    place("", 0)
    # A circle of parents is nobody's child: shown all the same.
    found += [(result, 0) for result in results if result.key not in placed]
    return found


def _row(
    result: ResultView,
    depth: int,
    report: ReportView,
    said: Mapping[int, VersionView],
    before: Mapping[str, Past],
    is_heading: bool,
    *,
    zone: str,
    now: datetime,
) -> Row:
    value = clinic_words.value_text(result)
    flag, tone = clinic_words.flag_of(result)
    last = before.get(result.loinc) if result.loinc else None
    shown = report.status if report.status == result.status else None
    return Row(
        result_id=result.result_id,
        url=reverse("clinic-labs:result", args=[report.report_id, result.result_id]) if result.loinc else "",
        depth=depth,
        name=words.name_of(result.loinc, result.name),
        value=value,
        is_long=len(value) > LONG or "\n" in value or result.kind is ValueKind.DOCUMENT,
        sign=clinic_words.SIGNS.get(result.flag, "") if flag and result.flag else "",
        flag=flag,
        tone=tone,
        usual=clinic_words.range_text(result),
        last=clinic_words.value_text(last.result) if last else "",
        last_day=_day(last.at, zone, now) if last else "",
        former=tuple(former_values(result, said, zone=zone, now=now)),
        remarks=tuple(remarks(result)),
        notes=result.notes,
        status=None if shown or result.status is Status.FINAL else _status(result.status),
        is_void=_is_void(result),
        is_heading=is_heading,
    )


def remarks(result: ResultView) -> Iterable[str]:
    """What a reader has to know about how this was read."""
    if result.problem:
        yield _("Set aside, shown as it was sent: %(reason)s") % {"reason": reasons.in_words(result.problem)}
    if result.unit_reason:
        yield _("Not used as a number: %(reason)s") % {"reason": reasons.in_words(result.unit_reason)}
    if said := clinic_words.disagreement(result):
        yield said


def former_values(
    result: ResultView, said: Mapping[int, VersionView], *, zone: str, now: datetime
) -> Iterable[Former]:
    """The values that this one replaced, newest first. One that says the same is not told."""
    current, seen = result, {result.version}
    while current.previous_version and current.previous_version not in seen:
        seen.add(current.previous_version)
        version, replaced_by = said.get(current.previous_version), said.get(current.version)
        old = _same(version, result.key)
        if old is None:
            return
        if clinic_words.value_text(old) != clinic_words.value_text(current):
            yield Former(
                value=clinic_words.value_text(old),
                why=_why(current, replaced_by, zone=zone, now=now),
            )
        current = old


def version_rows(
    report: ReportView, versions: Sequence[VersionView], *, zone: str, now: datetime
) -> list[dict[str, object]]:
    """Every message about the report, newest first: who, when, what became of it. Struck through is what the
    report says otherwise now.
    """
    stands = {result.key: _said(result) for result in report.results if not _is_void(result)}
    found: list[dict[str, object]] = []
    for version in versions:
        known = clinic_words.REASONS.get(version.standing)
        found.append(
            {
                "version": version.version,
                "source": version.source,
                "when": clinic_words.short_moment(version.recorded_at, zone, now=now),
                "iso": version.recorded_at.isoformat(),
                "at": portal.at_site(version.recorded_at, zone).strftime("%Y-%m-%dT%H:%M"),
                "status": _status(version.status_told)[0] if version.status_told else _("no status"),
                "why": str(clinic_words.REASONS.get(version.reason, version.reason)),
                "counts": version.standing == "current",
                "standing": _("counts now") if version.standing == "current" else str(known or ""),
                "values": [
                    {
                        "name": words.name_of(result.loinc, result.name),
                        "value": clinic_words.value_text(result),
                        "counts": stands.get(result.key) == _said(result),
                        "flag": clinic_words.flag_of(result)[0],
                    }
                    for result in version.results
                ],
            }
        )
    return found


def _said(result: ResultView) -> tuple[str, str]:
    return clinic_words.value_text(result), clinic_words.flag_of(result)[0]


def _is_void(result: ResultView) -> bool:
    return result.status in {Status.CANCELLED, Status.ENTERED_IN_ERROR}


def facts(report: ReportView, *, zone: str, now: datetime, clinician: str) -> list[tuple[str, object]]:
    moment = clinic_words.short_moment
    return [
        (_("Collected"), moment(report.collected_at, zone, now=now)),
        (_("Reported"), moment(report.issued_at, zone, now=now)),
        (_("Received"), moment(report.received_at, zone, now=now)),
        (_("Specimen"), report.specimen),
        (_("Laboratory"), report.performer),
        (_("Ordered by"), clinician or report.ordered_by_name),
        (_("Number"), " · ".join(each for each in (report.filler_number, report.placer_number) if each)),
    ]


def badges(report: ReportView) -> list[tuple[str, str]]:
    found = [_status(report.status)]
    if report.critical:
        found.insert(0, (_("Critical"), "bad"))
    elif report.abnormal:
        found.insert(0, (_("Abnormal"), "warn"))
    if report.status_disagrees:
        found.append((_("Its states contradict each other"), "warn"))
    return found


def _status(status: Status) -> tuple[str, str]:
    label, tone = clinic_words.STATUSES[status]
    return str(label), tone


def _why(current: ResultView, version: VersionView | None, *, zone: str, now: datetime) -> str:
    known = clinic_words.REASONS.get(current.reason)
    own = version.reason if version else ""
    parts = [str(known) if known else "", str(clinic_words.REASONS.get(own, own))]
    if version is not None:
        parts.append(version.source)
        parts.append(clinic_words.short_moment(version.recorded_at, zone, now=now))
    return ", ".join(part for part in parts if part)


def _same(version: VersionView | None, key: str) -> ResultView | None:
    return next((result for result in version.results if result.key == key), None) if version else None


def _earlier(past: Iterable[Past], report: ReportView) -> dict[str, Past]:
    """Of each test the last value before this report's."""
    at = report.collected_at or report.issued_at or report.received_at
    found: dict[str, Past] = {}
    for each in past:
        if each.report_id != report.report_id and each.at <= at and each.loinc not in found:
            found[each.loinc] = each
    return found


def _day(at: datetime, zone: str, now: datetime) -> str:
    return portal.day_text(portal.at_site(at, zone).date(), "day-short-year")
