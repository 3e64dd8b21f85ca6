"""Deciding: what is taken of a line, which drug a statement means, and going back on either.

A decision is a version of its own; it stands on the evidence it was made of. Whoever decides states what they
saw, and is refused with both versions when that is not what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from medications import access, charts, checking, metrics, queries, reading, recording
from medications.charts import Locked
from medications.claims import claim
from medications.dosage import read
from medications.errors import MedicineNotFound, NothingDecided, StaleFact
from medications.models import DecisionVersion, Statement
from medications.recording import State
from medications.statements import person_of, person_of_line, refuse_stale_line, valid
from medications.status import TAKEN
from medications.transactions import write
from medications.types import LineView, Outcome, Status
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import PersonId
from steadwell.terminology import service as terminology


def settle_line(
    *,
    actor: Actor,
    line_id: UUID,
    seen_revision: int,
    status: Status,
    dosage_text: str,
    reason: str,
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> LineView:
    """This is what the patient takes of this drug, whatever the sources say.

    Checked in the same transaction while it is to be taken. It holds until a source says something else.
    Raises StaleFact (current: the line as it is), ReasonNeeded, PackUnusable, MedicineNotFound.
    """
    valid(drug_text="-", dosage_text=dosage_text, reason_text=reason)
    body = {
        "line": str(line_id), "seen": seen_revision, "status": status.value, "dosage": dosage_text,
        "reason": reason, "overrides": dict(overrides),
    }  # fmt: skip

    def decide(chart: Locked, state: State) -> Mapping[str, Any]:
        line = state.line(line_id)
        refuse_stale_line(line_id, seen_revision, state)
        check_id = None
        if status in TAKEN:
            change = checking.Change(
                key=line.key, name=line.name, rxcui=line.rxcui, ingredient_names=line.ingredient_names,
                dosage=read(dosage_text), is_ambiguous="drug-ambiguous" in line.needs,
            )  # fmt: skip
            check_id = _check(actor, state, change, line_id, overrides, now)
        return {
            "entity_id": line_id, "key": line.key, "outcome": Outcome.SETTLED, "status": status.value,
            "dosage_text": dosage_text, "rxcui": line.rxcui, "name": line.name,
            "basis": {str(word.statement_id): word.digest for word in line.words}, "check_id": check_id,
        }  # fmt: skip

    return _decide(
        actor, person_of_line(line_id), decide, body=body, operation="settle", key=request_key, reason=reason,
        now=now,
    )  # fmt: skip


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
        key = f"C:{plain.rxcui}"
        check_id = None
        if Status(row["status"]) in TAKEN:
            change = checking.Change(
                key=key, name=plain.name, rxcui=plain.rxcui, dosage=read(row["dosage_text"]),
                ingredient_names=tuple(each.name for each in plain.ingredients),
            )  # fmt: skip
            check_id = _check(
                actor, state, change, statement_id, overrides, now, out=(state.line_of(statement_id).key,)
            )
        return {
            "entity_id": statement_id, "key": key, "outcome": Outcome.PLACED, "rxcui": plain.rxcui,
            "name": plain.name, "ingredients": [each.rxcui for each in plain.ingredients],
            "ingredient_names": [each.name for each in plain.ingredients], "check_id": check_id,
            "basis": {str(statement_id): reading.drug_digest(row["drug_text"], row["code_sent"])},
        }  # fmt: skip

    return _decide(
        actor, person_of(statement_id), decide, body=body, operation="place", key=request_key, reason=reason,
        now=now,
    )  # fmt: skip


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

    return _decide(
        actor, person_of(statement_id), decide, body=body, operation="apart", key=request_key, reason=reason,
        now=now,
    )  # fmt: skip


def revert_decision(
    *, actor: Actor, entity_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> LineView:
    """Take back the newest decision about a line or a statement: the evidence speaks for itself again.

    ``seen_version`` is that decision's. Both stay reachable. Raises StaleFact, NothingDecided.
    """
    body = {"entity": str(entity_id), "seen": seen_version, "reason": reason}
    found = DecisionVersion.objects.filter(entity_id=entity_id).order_by("-version").first()
    if found is None:
        raise MedicineNotFound

    def decide(chart: Locked, state: State) -> Mapping[str, Any]:
        ruling = state.decided.get(entity_id)
        if ruling is None or ruling.outcome is Outcome.REVERTED:
            raise NothingDecided
        if ruling.version != seen_version:
            raise StaleFact(seen=None, current=queries.line_in(state, _line_about(state, entity_id)))
        return {
            "entity_id": entity_id, "key": ruling.key, "outcome": Outcome.REVERTED, "name": ruling.name,
            "rxcui": ruling.rxcui,
        }  # fmt: skip

    return _decide(
        actor, PersonId(found.person_id), decide, body=body, operation="revert", key=request_key,
        reason=reason, now=now,
    )  # fmt: skip


def _decide(
    actor: Actor,
    person_id: PersonId,
    decide: Callable[[Locked, State], Mapping[str, Any]],
    *,
    body: Mapping[str, object],
    operation: str,
    key: str,
    reason: str,
    now: datetime,
) -> LineView:
    """Lock, recheck, decide, write the version, settle again, audit, tell. At most 18 statements."""

    def work() -> LineView:
        chart = charts.lock(person_id, now)
        access.may_decide(actor, chart.ids)
        _, is_new = claim(actor, key, f"medications.{operation}", body, now)
        state = recording.look(chart)
        if not is_new:
            about = UUID(str(body.get("line") or body.get("statement") or body["entity"]))
            return queries.line_in(state, _line_about(state, about))
        columns = decide(chart, state)
        entity_id = columns["entity_id"]
        before = state.decided.get(entity_id)
        DecisionVersion.objects.create(
            **columns, version=before.version + 1 if before else 1,
            supersedes=before.version if before else None, valid_from=chart.recorded_at, valid_to=None,
            person_id=chart.person_id, practitioner_id=actor.practitioner_id,
            **charts.stamp(
                actor, chart.recorded_at, subject_id=chart.person_id, source="steadwell", reason=reason
            ),
        )  # fmt: skip
        after = recording.resettle(chart)
        recording.tell(
            actor=actor, chart=chart, action=f"medication.{operation}", entity_id=entity_id,
            person_id=chart.person_id, reason=reason,
        )  # fmt: skip
        return queries.line_in(after, _line_about(after, entity_id))

    line = write(work)
    metrics.decided.inc(outcome=operation)
    return line


def _check(
    actor: Actor,
    state: State,
    change: checking.Change,
    about: UUID,
    reasons: Mapping[str, str],
    now: datetime,
    out: tuple[str, ...] = (),
) -> UUID | None:
    told = checking.ask(ids=state.chart.ids, lines=state.found, change=change, leaving_out=out, now=now)
    kept = checking.keep(told, actor=actor, chart=state.chart, about=about, act="settle", reasons=reasons)
    metrics.alerts.inc(sum(each.needs_reason for each in kept.findings), operation="settle")
    return kept.check_id


def _seen_statement(
    state: State, statement_id: UUID, seen_version: int, seen_decision: int
) -> Mapping[str, Any]:
    recording.refuse_stale(Statement.objects.get(pk=statement_id), seen_version, state.chart)
    ruling = state.decided.get(statement_id)
    if (ruling.version if ruling else 0) != seen_decision:
        raise StaleFact(seen=None, current=queries.line_in(state, state.line_of(statement_id).line_id))
    return state.rows[statement_id]


def _line_about(state: State, entity_id: UUID) -> UUID:
    """The line itself, or the one that a statement is on now."""
    if entity_id in state.rows:
        return state.line_of(entity_id).line_id
    return entity_id
