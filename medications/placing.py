"""Deciding which drug a statement means, or that it is a medicine of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from medications import access, charts, checking, metrics, queries, reading, recording, replaying
from medications.charts import Locked
from medications.dosage import read
from medications.errors import MedicineNotFound, StaleFact
from medications.models import Statement
from medications.reconciling import check, decide_on, keep, line_about
from medications.recording import State
from medications.statements import person_of
from medications.status import TAKEN
from medications.types import LineView, Outcome, Placement, Status
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import PersonId
from steadwell.outbox.service import begin_request
from steadwell.terminology import service as terminology
from steadwell.transactions import write

MOST_AT_ONCE = 50


def place_statement(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    seen_decision: int = 0,
    rxcui: str,
    reason: str,
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> LineView:
    """This statement means that clinical drug; it joins its line until its source uses other words.

    ``seen_decision`` is the statement's ``decision_version``. Raises Invalid for a code that is no clinical
    drug of the release, else as settle_line.
    """
    plain = _clinical_drug(rxcui)
    body = {
        "statement": str(statement_id), "seen": seen_version, "decision": seen_decision, "rxcui": rxcui,
        "reason": reason, "overrides": dict(overrides),
    }  # fmt: skip

    def decide(chart: Locked, state: State) -> Mapping[str, Any]:
        row = _seen_statement(state, statement_id, seen_version, seen_decision)
        return _placed(actor, state, row, plain, overrides, now)

    return decide_on(
        actor, person_of(statement_id), decide, body=body, operation="place", key=request_key, reason=reason,
        now=now,
    )  # fmt: skip


def place_statements(
    *,
    actor: Actor,
    person_id: PersonId,
    placements: Sequence[Placement],
    reason: str,
    request_key: str,
    now: datetime,
) -> tuple[LineView, ...]:
    """Several statements of one patient at once, each to its drug: all of them, or none.

    Each is a decision of its own that can be taken back by itself. Answers the line of each. What the checks
    ask a reason for is placed alone (ReasonNeeded); else as place_statement.
    """
    if not 0 < len(placements) <= MOST_AT_ONCE:
        raise Invalid
    plain = {each.statement_id: _clinical_drug(each.rxcui) for each in placements}
    body = {"person": str(person_id), "reason": reason, "placements": [str(each) for each in placements]}

    def work() -> tuple[LineView, ...]:
        chart = charts.lock(person_id, now)
        access.may_decide(actor, chart.ids)
        _, is_new = begin_request(actor, request_key, "medications.place-several", body, now)
        for each in placements if is_new else ():
            # Each at a moment of its own: what is recorded about a patient has one order.
            state = recording.look(charts.lock(person_id, now))
            if each.statement_id not in state.rows:
                raise MedicineNotFound
            row = _seen_statement(state, each.statement_id, each.seen_version, each.seen_decision)
            columns = _placed(actor, state, row, plain[each.statement_id], {}, now)
            keep(actor, state, columns, operation="place", reason=reason)
        after = recording.look(chart)
        return tuple(queries.line_in(after, line_about(after, each.statement_id)) for each in placements)

    found = write(work)
    metrics.decided.inc(len(found), outcome="place")
    return found


def _placed(
    actor: Actor,
    state: State,
    row: Mapping[str, Any],
    plain: terminology.Drug,
    overrides: Mapping[str, str],
    now: datetime,
) -> Mapping[str, Any]:
    """The decision that a statement means a drug, checked beside all else while it is taken."""
    key, statement_id, check_id = f"C:{plain.rxcui}", row["id"], None
    if Status(row["status"]) in TAKEN:
        change = checking.Change(
            key=key, name=plain.name, rxcui=plain.rxcui, dosage=read(row["dosage_text"]),
            ingredient_names=tuple(each.name for each in plain.ingredients),
        )  # fmt: skip
        check_id = check(
            actor, state, change, statement_id, overrides, now, out=(state.line_of(statement_id).key,)
        )
    return {
        "entity_id": statement_id, "key": key, "outcome": Outcome.PLACED, "rxcui": plain.rxcui,
        "name": plain.name, "ingredients": [each.rxcui for each in plain.ingredients],
        "ingredient_names": [each.name for each in plain.ingredients], "check_id": check_id,
        "basis": {str(statement_id): reading.drug_digest(row["drug_text"], row["code_sent"])},
    }  # fmt: skip


def _clinical_drug(rxcui: str) -> terminology.Drug:
    """The unbranded drug of a code."""
    drug = terminology.find_drug(rxcui)
    if drug is None or drug.term_type not in reading.CLINICAL_DRUGS:
        raise Invalid(fields={"rxcui": "not-a-clinical-drug"})
    return terminology.find_drug(drug.clinical_drug) or drug


def keep_apart(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    seen_decision: int = 0,
    reason: str,
    request_key: str,
    now: datetime,
) -> LineView:
    """This statement is a medicine of its own, none of those it might be taken for. As place_statement."""
    body = {
        "statement": str(statement_id), "seen": seen_version, "decision": seen_decision, "reason": reason,
    }  # fmt: skip

    def decide(chart: Locked, state: State) -> Mapping[str, Any]:
        row = _seen_statement(state, statement_id, seen_version, seen_decision)
        return {
            "entity_id": statement_id, "key": f"S:{statement_id}", "outcome": Outcome.APART,
            "name": row["drug_name"] or row["drug_text"],
            "basis": {str(statement_id): reading.drug_digest(row["drug_text"], row["code_sent"])},
        }  # fmt: skip

    return decide_on(
        actor, person_of(statement_id), decide, body=body, operation="apart", key=request_key, reason=reason,
        now=now,
    )  # fmt: skip


def _seen_statement(
    state: State, statement_id: UUID, seen_version: int, seen_decision: int
) -> Mapping[str, Any]:
    recording.refuse_stale(Statement.objects.get(pk=statement_id), seen_version, state.chart)
    ruling = state.decided.get(statement_id)
    if (ruling.version if ruling else 0) != seen_decision:
        seen = replaying.line_before(state, statement_id, seen_decision)
        raise StaleFact(seen=seen, current=queries.line_in(state, state.line_of(statement_id).line_id))
    return state.rows[statement_id]
