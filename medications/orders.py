"""What clinicians of the clinic prescribe, and change in what they prescribed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from medications import access, charts, checking, metrics, ports, reading, recording
from medications.charts import Locked
from medications.models import Statement
from medications.recording import State
from medications.statements import OWN, own_of, person_of, valid
from medications.status import TAKEN
from medications.types import CheckView, IncomingStatement, Source, StatementKind, StatementView, Status
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import PersonId, PractitionerId, SiteId
from steadwell.outbox.service import begin_request
from steadwell.transactions import write


def get_check(
    *,
    actor: Actor,
    person_id: PersonId,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str = "",
    leaving_out: UUID | None = None,
    now: datetime,
) -> CheckView:
    """What the rules would say of a drug beside the list; nothing is changed and the run is not kept.

    ``leaving_out``: a line that it would replace. Raises PackUnusable, MedicineNotFound.
    """
    from medications import lines

    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    found = lines.load(ids[0], ids)
    out = [line.key for line in found if line.line_id == leaving_out]
    change = change_of("asked", drug_text, rxcui, dosage_text)
    return checking.ask(ids=ids, lines=found, change=change, leaving_out=out, now=now)


def change_of(key: str, drug_text: str, rxcui: str, dosage_text: str) -> checking.Change:
    """A drug in words as something to check. A clinical drug's key is its line's."""
    from medications import dosage

    found, needs = reading.read_drug(drug_text, rxcui)
    return checking.Change(
        key=f"C:{found.rxcui}" if not needs else key, name=found.name or drug_text, rxcui=found.rxcui,
        ingredient_names=found.ingredient_names, dosage=dosage.read(dosage_text),
        is_ambiguous=needs in {"drug-ambiguous", reading.CONTRADICTS},
    )  # fmt: skip


def prescribe(
    *,
    actor: Actor,
    person_id: PersonId,
    site_id: SiteId,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str,
    quantity_text: str = "",
    refills: int = 0,
    reason_text: str = "",
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> StatementView:
    """Write an order, checked against all that the patient takes in the same transaction.

    Raises ReasonNeeded (with the findings) where ``overrides`` lacks a reason for one that needs it,
    PackUnusable without rules, Invalid for an order without a dosage, MedicineNotFound.
    """
    valid(drug_text=drug_text, dosage_text=dosage_text, reason_text=reason_text)
    _valid_order(dosage_text, refills)
    body = {
        "person": str(person_id), "site": str(site_id), "drug": drug_text, "rxcui": rxcui,
        "dosage": dosage_text, "quantity": quantity_text, "refills": refills, "reason": reason_text,
        "overrides": dict(overrides),
    }  # fmt: skip

    def work() -> StatementView:
        chart = charts.lock(person_id, now)
        access.may_prescribe(actor, site_id, chart.ids)
        entity_id, is_new = begin_request(actor, request_key, "medications.prescribe", body, now)
        state = recording.look(chart)
        if not is_new:
            return state.view(entity_id)
        change = change_of(f"S:{entity_id}", drug_text, rxcui, dosage_text)
        _check(state, change, actor=actor, about=entity_id, act="prescribe", reasons=overrides, now=now)
        said = IncomingStatement(
            source=Source.CLINICIAN, system=OWN, external_id=str(entity_id), kind=StatementKind.ORDER,
            drug_text=drug_text, rxcui=rxcui, status_word="active", dosage_text=dosage_text,
            started_on=chart.recorded_at.date(), reason_text=reason_text, quantity_text=quantity_text,
            refills_left=refills, said_at=chart.recorded_at, site_id=site_id,
            practitioner_id=actor.practitioner_id, prescriber_name=_name_of(actor, now),
        )  # fmt: skip
        return _add(said, None, entity_id=entity_id, actor=actor, chart=chart, action="prescribe", why="")

    return write(work)


def change_order(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    dosage_text: str,
    status: Status,
    quantity_text: str = "",
    refills: int | None = None,
    why: str,
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> StatementView:
    """Another dosage, a hold, a stop: the order's next version. Checked again while it is to be taken.

    Raises StaleFact with both versions, NotYoursToChange for another system's order.
    """
    valid(drug_text="-", dosage_text=dosage_text, reason_text=why)
    _valid_order(dosage_text, refills or 0)
    body = {
        "statement": str(statement_id), "seen": seen_version, "dosage": dosage_text, "status": status.value,
        "quantity": quantity_text, "refills": refills, "why": why, "overrides": dict(overrides),
    }  # fmt: skip
    person_id = person_of(statement_id)

    def work() -> StatementView:
        chart = charts.lock(person_id, now)
        access.may_decide(actor, chart.ids)
        before = own_of(statement_id, Source.CLINICIAN)
        _, is_new = begin_request(actor, request_key, "medications.change-order", body, now)
        state = recording.look(chart)
        if not is_new:
            return state.view(statement_id)
        recording.refuse_stale(before, seen_version, chart)
        if status in TAKEN:
            change = change_of(before.key, before.drug_text, before.code_sent, dosage_text)
            _check(
                state, change, actor=actor, about=statement_id, act="prescribe", reasons=overrides, now=now
            )
        said = again(before, dosage_text, status, quantity_text, refills, chart.recorded_at)
        return _add(
            said, before, entity_id=statement_id, actor=actor, chart=chart, action="change-order", why=why
        )

    return write(work)


def again(
    before: Statement, dosage_text: str, status: Status, quantity_text: str, refills: int | None, at: datetime
) -> IncomingStatement:
    """The order in its own words, with what is to be different."""
    return IncomingStatement(
        source=Source.CLINICIAN, system=before.system, external_id=before.external_id,
        kind=StatementKind(before.kind), drug_text=before.drug_text, rxcui=before.code_sent,
        status_word=status.value, dosage_text=dosage_text, started_on=before.started_on,
        ended_on=None if status in TAKEN else at.date(), reason_text=before.reason_text,
        prescriber_name=before.prescriber_name, quantity_text=quantity_text or before.quantity_text,
        refills_left=before.refills_left if refills is None else refills, said_at=at,
        site_id=SiteId(before.site_id) if before.site_id else None,
        practitioner_id=PractitionerId(before.practitioner_id) if before.practitioner_id else None,
        is_correction=True,
    )  # fmt: skip


def _add(
    said: IncomingStatement, before: Statement | None, *, entity_id: UUID, actor: Actor, chart: Locked,
    action: str, why: str,
) -> StatementView:  # fmt: skip
    person_id = PersonId(before.person_id) if before else chart.person_id
    recording.append(
        actor=actor, chart=chart, person_id=person_id, entity_id=entity_id, said=said, before=before, why=why
    )
    state = recording.resettle(chart)
    recording.tell(
        actor=actor, chart=chart, action=f"medication.{action}", entity_id=entity_id, person_id=person_id,
        reason=why,
    )  # fmt: skip
    return state.view(entity_id)


def _check(
    state: State, change: checking.Change, *, actor: Actor, about: UUID, act: str, reasons: Mapping[str, str],
    now: datetime,
) -> CheckView:  # fmt: skip
    told = checking.ask(ids=state.chart.ids, lines=state.found, change=change, leaving_out=(), now=now)
    kept = checking.keep(told, actor=actor, chart=state.chart, about=about, act=act, reasons=reasons)
    metrics.alerts.inc(sum(each.needs_reason for each in kept.findings), operation=act)
    return kept


def _name_of(actor: Actor, now: datetime) -> str:
    if actor.practitioner_id is None:
        return ""
    names = ports.care().practitioner_names(practitioner_ids=[actor.practitioner_id], now=now)
    return names.get(actor.practitioner_id, "")


def _valid_order(dosage_text: str, refills: int) -> None:
    wrong = {}
    if not dosage_text.strip():
        wrong["dosage_text"] = "missing"
    if not 0 <= refills <= 99:
        wrong["refills"] = "out-of-range"
    if wrong:
        raise Invalid(fields=wrong)
