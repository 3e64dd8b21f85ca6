"""What is said to be taken: by sources, by patients, by clinicians who prescribe."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from medications import access, charts, checking, metrics, recording
from medications.charts import Locked
from medications.errors import MedicineNotFound, NotYoursToChange, StaleFact
from medications.models import Line, Statement
from medications.recording import State
from medications.safety.errors import PackUnusable
from medications.status import TAKEN
from medications.types import (
    CheckView,
    Filed,
    IncomingStatement,
    NotCheckedView,
    Source,
    StatementView,
    Status,
)
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import PersonId, new_id
from steadwell.outbox.service import begin_request
from steadwell.transactions import write

OWN = "steadwell"
_LONGEST = {"drug_text": 500, "dosage_text": 500, "reason_text": 300}


def file_statement(*, actor: Actor, person_id: PersonId, said: IncomingStatement, now: datetime) -> Filed:
    """Keep what a source said, now or again.

    The same message is one version, however often it comes (effect ``same``); one that is older than what
    counts is kept and does not count (``older``). Raises StaleFact when the sender states a version that is
    not the current one, MedicineNotFound when the statement is another patient's. Whatever the rules say of
    it is noted, and nothing is refused for it: it is so already.
    """
    access.may_file(actor)
    valid(drug_text=said.drug_text, dosage_text="", reason_text="")

    def work() -> Filed:
        chart = charts.lock(person_id, now)
        before = recording.existing(said.system, said.external_id, chart)
        if before is not None:
            recording.refuse_stale(before, said.seen_version, chart)
        entity_id = before.pk if before else new_id()
        added = recording.append(
            actor=actor, chart=chart, person_id=person_id, entity_id=entity_id, said=said, before=before
        )
        if added.effect != "same":
            state = recording.resettle(chart)
            if added.effect != "older" and added.columns["status"] in TAKEN:
                _note_feed(state, entity_id, now)
            recording.tell(
                actor=actor, chart=chart, action="medication.file", entity_id=entity_id, person_id=person_id,
                detail={"effect": added.effect, "version": str(added.version), "source": said.source.value},
            )  # fmt: skip
        return Filed(
            entity_id=entity_id, version=added.version, effect=added.effect,
            needs=added.columns.get("needs", before.needs if before else ""),
        )  # fmt: skip

    filed = write(work)
    metrics.filed.inc(source=said.source.value, outcome=filed.effect)
    return filed


def add_medicine(
    *,
    actor: Actor,
    person_id: PersonId,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str = "",
    started_on: date | None = None,
    reason_text: str = "",
    request_key: str,
    now: datetime,
) -> StatementView:
    """What a patient says they take, in their words (and the code of the suggestion they chose).

    The rules' answer is noted for the clinic and shown; a patient is never asked for a reason. Raises
    PackUnusable without rules, Invalid, MedicineNotFound.
    """
    valid(drug_text=drug_text, dosage_text=dosage_text, reason_text=reason_text)
    body = {
        "person": str(person_id), "drug": drug_text, "rxcui": rxcui, "dosage": dosage_text,
        "since": str(started_on), "reason": reason_text,
    }  # fmt: skip

    def work() -> StatementView:
        chart = charts.lock(person_id, now)
        access.may_write_own_words(actor, chart.ids)
        entity_id, is_new = begin_request(actor, request_key, "medications.add", body, now)
        if not is_new:
            return recording.look(chart).view(entity_id)
        said = IncomingStatement(
            source=Source.PATIENT, system=OWN, external_id=str(entity_id), drug_text=drug_text, rxcui=rxcui,
            status_word="taking", dosage_text=dosage_text, started_on=started_on, reason_text=reason_text,
            said_at=chart.recorded_at,
        )  # fmt: skip
        recording.append(
            actor=actor, chart=chart, person_id=person_id, entity_id=entity_id, said=said, before=None
        )
        state = recording.resettle(chart)
        check_entry(state, entity_id, now)
        recording.tell(
            actor=actor, chart=chart, action="medication.add", entity_id=entity_id, person_id=person_id
        )
        return state.view(entity_id)

    return write(work)


def change_medicine(
    *,
    actor: Actor,
    statement_id: UUID,
    seen_version: int,
    drug_text: str,
    rxcui: str = "",
    dosage_text: str,
    status: Status,
    started_on: date | None,
    ended_on: date | None,
    reason_text: str,
    why: str = "",
    request_key: str,
    now: datetime,
) -> StatementView:
    """The patient's own words, put right. Raises StaleFact with both versions, NotYoursToChange for what
    another source said.
    """
    valid(drug_text=drug_text, dosage_text=dosage_text, reason_text=reason_text)
    body = {
        "statement": str(statement_id), "seen": seen_version, "drug": drug_text, "rxcui": rxcui,
        "dosage": dosage_text, "status": status.value, "since": str(started_on), "until": str(ended_on),
        "reason": reason_text, "why": why,
    }  # fmt: skip
    person_id = person_of(statement_id)

    def work() -> StatementView:
        chart = charts.lock(person_id, now)
        access.may_write_own_words(actor, chart.ids)
        before = own_of(statement_id, Source.PATIENT)
        _, is_new = begin_request(actor, request_key, "medications.change", body, now)
        if not is_new:
            return recording.look(chart).view(statement_id)
        recording.refuse_stale(before, seen_version, chart)
        said = IncomingStatement(
            source=Source.PATIENT, system=before.system, external_id=before.external_id, drug_text=drug_text,
            rxcui=rxcui, status_word=status.value, dosage_text=dosage_text, started_on=started_on,
            ended_on=ended_on, reason_text=reason_text, said_at=chart.recorded_at, is_correction=True,
        )  # fmt: skip
        return _entered(said, before, actor=actor, chart=chart, why=why, now=now)

    return write(work)


def _entered(
    said: IncomingStatement, before: Statement, *, actor: Actor, chart: Locked, why: str, now: datetime
) -> StatementView:
    """What a patient put right: kept, settled, checked while it is taken, told."""
    person_id = PersonId(before.person_id)
    recording.append(
        actor=actor, chart=chart, person_id=person_id, entity_id=before.pk, said=said, before=before, why=why
    )
    state = recording.resettle(chart)
    if Status(said.status_word) in TAKEN:
        check_entry(state, before.pk, now)
    recording.tell(
        actor=actor, chart=chart, action="medication.change", entity_id=before.pk, person_id=person_id,
        reason=why,
    )  # fmt: skip
    return state.view(before.pk)


def report_stopped(
    *,
    actor: Actor,
    line_id: UUID,
    seen_revision: int,
    stopped_on: date | None,
    reason: str,
    request_key: str,
    now: datetime,
) -> StatementView:
    """ "I stopped": the patient's word on a line, beside what the others say; the clinic finds it queued.

    Raises StaleFact with both lines when it is not what the patient saw.
    """
    body = {"line": str(line_id), "seen": seen_revision, "on": str(stopped_on), "reason": reason}
    person_id = person_of_line(line_id)

    def work() -> StatementView:
        chart = charts.lock(person_id, now)
        access.may_write_own_words(actor, chart.ids)
        state = recording.look(chart)
        line = state.line(line_id)
        own = next((w for w in line.words if w.source is Source.PATIENT), None)
        entity_id, is_new = begin_request(actor, request_key, "medications.stopped", body, now)
        claimed = own.statement_id if own else entity_id
        if not is_new:
            return state.view(claimed)
        refuse_stale_line(line_id, seen_revision, state)
        before = own_of(claimed, Source.PATIENT) if own else None
        last = state.rows[own.statement_id if own else line.words[-1].statement_id]
        said = IncomingStatement(
            source=Source.PATIENT, system=before.system if before else OWN,
            external_id=before.external_id if before else str(claimed), status_word="stopped",
            drug_text=last["drug_text"] if own or not line.rxcui else line.name,
            rxcui=last["code_sent"] if own else line.rxcui, dosage_text=last["dosage_text"] if own else "",
            started_on=last["started_on"] if own else None, ended_on=stopped_on, reason_text=reason[:300],
            said_at=chart.recorded_at,
        )  # fmt: skip
        recording.append(
            actor=actor, chart=chart, person_id=chart.person_id, entity_id=claimed, said=said, before=before,
            why=reason, key=line.key,
        )  # fmt: skip
        after = recording.resettle(chart)
        recording.tell(
            actor=actor, chart=chart, action="medication.stopped", entity_id=claimed,
            person_id=chart.person_id, reason=reason,
        )  # fmt: skip
        return after.view(claimed)

    return write(work)


def person_of_line(line_id: UUID) -> PersonId:
    found = Line.objects.filter(pk=line_id).values_list("person_id", flat=True).first()
    if found is None:
        raise MedicineNotFound
    return PersonId(found)


def refuse_stale_line(line_id: UUID, seen_revision: int, state: State) -> None:
    from medications import queries, replaying

    revision = Line.objects.filter(pk=line_id).values_list("revision", flat=True).first()
    if revision != seen_revision:
        seen = replaying.line_seen(state, line_id, seen_revision)
        raise StaleFact(seen=seen, current=queries.line_in(state, line_id))


def person_of(statement_id: UUID) -> PersonId:
    found = Statement.objects.filter(pk=statement_id).values_list("person_id", flat=True).first()
    if found is None:
        raise MedicineNotFound
    return PersonId(found)


def own_of(statement_id: UUID, source: Source) -> Statement:
    found = Statement.objects.get(pk=statement_id)
    if found.source != source.value:
        raise NotYoursToChange
    return found


def check_entry(state: State, statement_id: UUID, now: datetime) -> None:
    """Note what the rules say of what a patient entered. Raises PackUnusable: then nothing is entered."""
    line = state.line_of(statement_id)
    told = checking.ask(
        ids=state.chart.ids, lines=state.found, change=checking.of_line(line), leaving_out=(), now=now
    )
    checking.note(told, chart=state.chart, about=line.line_id, act="entry")


def _note_feed(state: State, statement_id: UUID, now: datetime) -> None:
    """A source's word stands whatever the rules say. Without rules it is noted that it was not checked."""
    try:
        with transaction.atomic():
            check_entry(state, statement_id, now)
    except PackUnusable:
        metrics.unchecked.inc()
        line = state.line_of(statement_id)
        missing = NotCheckedView(why="no-pack", kind="", names=(line.name,))
        told = CheckView(check_id=None, at=now, findings=(), not_checked=(missing,), packs=())
        checking.note(told, chart=state.chart, about=line.line_id, act="feed")


def valid(**words: str) -> None:
    wrong = {name: "too-long" for name, text in words.items() if len(text) > _LONGEST[name]}
    if not words["drug_text"].strip():
        wrong["drug_text"] = "missing"
    if wrong:
        raise Invalid(fields=wrong)
