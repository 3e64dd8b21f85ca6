"""One report under two numbers: the same one where the evidence is exact, else a question for a person.

A laboratory may name a report by the order's number first and by its own later, or leave both out. Where
exactly one other report of the same patient has the same order number, the same code and no other moment of
collection, and one of the two has no number of the laboratory's own, they are one. Anything less is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs import identifying
from labs.arriving import Arrival
from labs.models import MaybeSame, Report
from labs.surroundings import Alike
from labs.types import IncomingReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The identity under which a report is filed. ``renamed``: a report that gets it, for it is the same
    one. ``asked``: reports that may be the same.
    """

    identity: str
    renamed: UUID | None = None
    asked: tuple[UUID, ...] = ()


def name_of(
    report: IncomingReport, arrival: Arrival, alike: Sequence[Alike], *, record_id: UUID | None
) -> Name:
    """Two statements at most, and none where nothing is alike."""
    if record_id is None:
        return Name(identity=arrival.identity)
    if arrival.identity.startswith("N|"):
        alike = _of_patient(report, arrival, record_id)
    found = [each for each in alike if each.record_id == record_id and not _at_other_times(each, report)]
    if not found:
        return Name(identity=arrival.identity)
    is_known = Report.objects.filter(sender=arrival.sender, identity=arrival.identity).exists()
    return decided(report, arrival.identity, found, is_known=is_known)


def decided(report: IncomingReport, identity: str, found: Sequence[Alike], *, is_known: bool) -> Name:
    """Pure. ``is_known``: there is a report with this identity already, and two that are there are made one
    by a person only.
    """
    if len(found) == 1 and not is_known:
        (other,) = found
        if _kinds(identity, other) == ("P", "F"):
            return Name(identity=other.identity)
        if _kinds(identity, other) == ("F", "P"):
            return Name(identity=identity, renamed=other.report_id)
    return Name(
        identity=identity,
        asked=tuple(each.report_id for each in found if _is_doubtful(report, identity, each)),
    )


def _kinds(identity: str, other: Alike) -> tuple[str, str]:
    return identity[:1], other.identity[:1]


def _is_doubtful(report: IncomingReport, identity: str, other: Alike) -> bool:
    """Two numbers of the laboratory's own are two reports, unless all else is the same."""
    if _kinds(identity, other) != ("F", "F"):
        return True
    same_specimen = report.specimen.casefold() == other.specimen.casefold()
    return report.collected_at is not None and report.collected_at == other.collected_at and same_specimen


def _at_other_times(other: Alike, report: IncomingReport) -> bool:
    both = other.collected_at is not None and report.collected_at is not None
    return both and other.collected_at != report.collected_at


def _of_patient(report: IncomingReport, arrival: Arrival, record_id: UUID) -> list[Alike]:
    """For one without a number: those of its patient, code and moment that have one."""
    rows = Report.objects.filter(
        record_id=record_id, sender=arrival.sender, collected_at=report.collected_at
    ).exclude(status="entered-in-error")
    ending = "|" + identifying.code_of(report)
    return [
        Alike(
            report_id=row.pk, identity=row.identity, record_id=row.record_id, collected_at=row.collected_at,
            specimen=row.specimen,
        )
        for row in rows
        if row.identity.endswith(ending) and row.identity[:2] in {"F|", "P|"}
    ]  # fmt: skip


def take(name: Name) -> str:
    """The identity, its own from now on. The caller holds the lock of the order's number, by which alone
    another message could find the report that is renamed.
    """
    if name.renamed is not None:
        Report.objects.filter(pk=name.renamed).update(identity=name.identity)
    return name.identity


def ask(report_id: UUID, others: Sequence[UUID], *, now: datetime) -> None:
    """Once for each pair, in whichever order they came."""
    pairs = [other for other in others if other != report_id]
    if not pairs:
        return
    turned = MaybeSame.objects.filter(report_id__in=pairs, other_id=report_id)
    known = set(turned.values_list("report_id", flat=True))
    MaybeSame.objects.bulk_create(
        [
            MaybeSame(report_id=report_id, other_id=other, opened_at=now)
            for other in pairs
            if other not in known
        ],
        ignore_conflicts=True,
    )
