"""Rows to the views that readers get. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from labs.current import State
from labs.models import Report, ReportVersion, Result, ResultVersion
from labs.settling import Settled
from labs.types import (
    Flag,
    Quantity,
    ReportSummary,
    ReportView,
    ResultView,
    Status,
    ValueKind,
    VersionView,
)
from steadwell.ids import PersonId, PractitionerId, SiteId


def current_view(row: ResultVersion, result: Result) -> ResultView:
    """One observation as it counts, from its own row."""
    return replace(
        result_view(row, None, status=Status(result.status)),
        status=Status(result.status), reason=result.reason, corrected=result.corrected,
        previous_version=result.previous_version,
    )  # fmt: skip


def result_view(row: ResultVersion, settled: Settled | None, *, status: Status | None = None) -> ResultView:
    """One observation: as it counts (``settled``), or as one version said it, with that ``status``."""
    return ResultView(
        result_id=row.entity_id,
        report_id=row.report_id,
        version=row.version,
        key=row.key,
        parent_key=row.parent_key,
        loinc=row.loinc,
        name=row.name,
        kind=ValueKind(row.kind),
        value_text=row.value_text,
        unit_text=row.unit_text,
        quantity=_quantity(row),
        unit_reason=row.unit_reason,
        range_text=row.range_text,
        range_low=_decimal(row.range_low),
        range_high=_decimal(row.range_high),
        flag=Flag(row.flag) if row.flag else None,
        flag_sent=row.flag_sent,
        flag_computed=Flag(row.flag_computed) if row.flag_computed else None,
        flags_disagree=row.flags_disagree,
        status=settled.status if settled else _told(row.status_told) or status or Status.PRELIMINARY,
        effective_at=row.effective_at,
        notes=tuple(row.notes),
        valid_from=row.valid_from,
        recorded_at=row.recorded_at,
        reason=settled.why.value if settled else row.reason,
        range_is_ours=row.range_is_ours,
        problem=row.problem,
        corrected=settled.corrected if settled else False,
        previous_version=settled.previous if settled else row.supersedes,
        value_low=_decimal(row.low),
        value_high=_decimal(row.high),
        value_code=row.value_code,
        value_type=row.value_type,
        absent_reason=row.absent_reason,
        sub_id=row.sub_id,
        status_told=row.status_told,
        method=row.method,
        performer=row.performer,
        effective_text=row.effective_text,
    )


def _quantity(row: ResultVersion) -> Quantity | None:
    """Never a number whose unit could not be trusted."""
    if not row.number or row.unit_reason or row.problem:
        return None
    return Quantity(value=Decimal(row.number), unit=row.unit, comparator=row.comparator)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _told(text: str) -> Status | None:
    return Status(text) if text else None


def report_view(
    report: Report, shown: ReportVersion, results: Iterable[ResultView], documents: Iterable[UUID]
) -> ReportView:
    return ReportView(
        report_id=report.pk,
        version=report.version,
        changed_version=report.changed_version or report.version,
        **_ids(report),
        name=report.name,
        loinc=report.loinc,
        performer=report.performer,
        specimen=report.specimen,
        status=Status(report.status),
        collected_at=report.collected_at,
        issued_at=report.issued_at,
        received_at=report.received_at,
        critical=report.critical,
        abnormal=report.abnormal,
        corrected=report.corrected,
        notes=tuple(report.notes),
        results=tuple(results),
        documents=tuple(documents),
        status_disagrees=report.status_disagrees,
        waits=report.waits,
        quarantined=report.quarantined,
        order_id=report.order_id,
        placer_number=shown.placer_number,
        filler_number=shown.filler_number,
        ordered_by_name=shown.ordered_by_name,
        told_at=shown.issued_at or shown.sent_at,
    )


def report_summary(report: Report) -> ReportSummary:
    return ReportSummary(
        report_id=report.pk,
        version=report.version,
        changed_version=report.changed_version or report.version,
        **_ids(report),
        name=report.name,
        loinc=report.loinc,
        performer=report.performer,
        status=Status(report.status),
        charted_at=report.charted_at,
        collected_at=report.collected_at,
        received_at=report.received_at,
        changed_at=report.changed_at,
        critical=report.critical,
        abnormal=report.abnormal,
        corrected=report.corrected,
    )


def _ids(report: Report) -> dict[str, Any]:
    return {
        "person_id": PersonId(report.person_id) if report.person_id else None,
        "site_id": SiteId(report.site_id) if report.site_id else None,
        "practitioner_id": PractitionerId(report.practitioner_id) if report.practitioner_id else None,
    }


def version_view(row: ReportVersion, words: Iterable[ResultVersion], state: State) -> VersionView:
    own = list(words)
    return VersionView(
        version=row.version,
        status_told=_told(row.status_told),
        issued_at=row.issued_at,
        sent_at=row.sent_at,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        source=row.source,
        reason=row.reason,
        message_id=row.message_id,
        notes=tuple(row.notes),
        standing=_standing(state.heading, row.version),
        standings={word.key: _standing(state.results[word.key], row.version) for word in own},
        results=tuple(result_view(word, None, status=_told(row.status_told)) for word in own),
    )


def _standing(settled: Settled, version: int) -> str:
    if settled.version == version:
        return "current"
    why = settled.standing.get(version)
    return why.value if why else "updated"
