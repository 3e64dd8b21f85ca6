"""Deciding: what is taken of a line, and going back on any decision.

A decision is a version of its own; it stands on the evidence it was made of. Whoever decides states what they
saw, and is refused with both versions when that is not what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from medications import access, charts, checking, metrics, queries, recording, replaying
from medications.charts import Locked
from medications.dosage import read
from medications.errors import MedicineNotFound, NothingDecided, StaleFact
from medications.models import DecisionVersion
from medications.recording import State
from medications.statements import person_of_line, refuse_stale_line, valid
from medications.status import TAKEN
from medications.types import LineView, Outcome, Status
from steadwell.actor import Actor
from steadwell.ids import PersonId
from steadwell.outbox.service import begin_request
from steadwell.transactions import write


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
    Raises StaleFact with both lines, ReasonNeeded, PackUnusable, MedicineNotFound.
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
            check_id = check(actor, state, change, line_id, overrides, now)
        return {
            "entity_id": line_id, "key": line.key, "outcome": Outcome.SETTLED, "status": status.value,
            "dosage_text": dosage_text, "rxcui": line.rxcui, "name": line.name,
            "basis": {str(word.statement_id): word.digest for word in line.words}, "check_id": check_id,
        }  # fmt: skip

    return decide_on(
        actor, person_of_line(line_id), decide, body=body, operation="settle", key=request_key, reason=reason,
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
            seen = replaying.line_before(state, entity_id, seen_version)
            raise StaleFact(seen=seen, current=queries.line_in(state, line_about(state, entity_id)))
        return {
            "entity_id": entity_id, "key": ruling.key, "outcome": Outcome.REVERTED, "name": ruling.name,
            "rxcui": ruling.rxcui,
        }  # fmt: skip

    return decide_on(
        actor, PersonId(found.person_id), decide, body=body, operation="revert", key=request_key,
        reason=reason, now=now,
    )  # fmt: skip


def decide_on(
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
        _, is_new = begin_request(actor, key, f"medications.{operation}", body, now)
        state = recording.look(chart)
        if not is_new:
            about = UUID(str(body.get("line") or body.get("statement") or body["entity"]))
            return queries.line_in(state, line_about(state, about))
        columns = decide(chart, state)
        after = keep(actor, state, columns, operation=operation, reason=reason)
        return queries.line_in(after, line_about(after, columns["entity_id"]))

    line = write(work)
    metrics.decided.inc(outcome=operation)
    return line


def keep(actor: Actor, state: State, columns: Mapping[str, Any], *, operation: str, reason: str) -> State:
    """The decision's version, and what follows from it."""
    chart, entity_id = state.chart, columns["entity_id"]
    before = state.decided.get(entity_id)
    DecisionVersion.objects.create(
        **columns, version=before.version + 1 if before else 1, supersedes=before.version if before else None,
        valid_from=chart.recorded_at, valid_to=None, person_id=chart.person_id,
        practitioner_id=actor.practitioner_id,
        **charts.stamp(
            actor, chart.recorded_at, subject_id=chart.person_id, source="steadwell", reason=reason
        ),
    )  # fmt: skip
    after = recording.resettle(chart)
    recording.tell(
        actor=actor, chart=chart, action=f"medication.{operation}", entity_id=entity_id,
        person_id=chart.person_id, reason=reason,
    )  # fmt: skip
    return after


def check(
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


def line_about(state: State, entity_id: UUID) -> UUID:
    """The line itself, or the one that a statement is on now."""
    if entity_id in state.rows:
        return state.line_of(entity_id).line_id
    return entity_id
