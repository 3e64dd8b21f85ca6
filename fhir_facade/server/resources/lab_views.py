"""What labs showed of a result or a report at an earlier time, as FHIR."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from fhir_facade.server.resources import observation
from fhir_facade.server.wire import Resource
from labs import service as labs


def observation_row(report: labs.ReportView, shown: labs.ResultView, recorded_at: datetime) -> dict[str, Any]:
    """A row as the relation of results has it."""
    return {
        "id": shown.result_id,
        "version": report.version,
        "changed_at": recorded_at,
        "status": shown.status.value,
        "person_id": report.person_id,
        "loinc": shown.loinc,
        "code": shown.loinc,
        "code_system": "LN" if shown.loinc else "",
        "name": shown.name,
        "effective_text": shown.effective_text,
        "observed_at": shown.effective_at or report.collected_at or report.issued_at or report.received_at,
        "issued_at": report.issued_at,
        "performer": shown.performer,
        "laboratory": report.performer,
        "kind": shown.kind.value,
        "value_text": shown.value_text,
        "sender": "",
        "unit_reason": shown.unit_reason,
        "problem": shown.problem,
        "absent_reason": shown.absent_reason,
        "number": _text(shown.quantity.value if shown.quantity else None),
        "unit": shown.quantity.unit if shown.quantity else "",
        "unit_text": shown.unit_text,
        "comparator": shown.quantity.comparator if shown.quantity else "",
        "low": _text(shown.value_low),
        "high": _text(shown.value_high),
        "value_code": shown.value_code,
        "value_code_system": "",
        "flag": shown.flag.value if shown.flag else "",
        "flag_sent": shown.flag_sent,
        "notes": list(shown.notes),
        "method": shown.method,
        "specimen": report.specimen,
        "range_low": _text(shown.range_low),
        "range_high": _text(shown.range_high),
        "range_text": shown.range_text,
        "range_is_ours": shown.range_is_ours,
    }


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def observation_of(report: labs.ReportView, shown: labs.ResultView, recorded_at: datetime) -> Resource:
    return observation.build(observation_row(report, shown, recorded_at), None)  # type: ignore[arg-type]
