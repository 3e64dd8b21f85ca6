"""Allergies and intolerances: said by sources, patients and clinicians, kept as versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from medications import access, charts, reading, recording, viewing
from medications.charts import Locked
from medications.errors import MedicineNotFound, NotYoursToChange, StaleFact
from medications.models import Allergy, AllergyVersion
from medications.statements import OWN
from medications.types import AllergyView, Filed, IncomingAllergy, Source
from steadwell.actor import Actor, Role
from steadwell.errors import Invalid
from steadwell.ids import PersonId, new_id
from steadwell.outbox.service import begin_request
from steadwell.transactions import write

_SEVERITIES = frozenset({"", "mild", "moderate", "severe"})


def file_allergy(*, actor: Actor, person_id: PersonId, said: IncomingAllergy, now: datetime) -> Filed:
    """Keep what a source said of an allergy, as ``file_statement`` does of a medicine."""
    access.may_file(actor)
    _valid(said.substance_text, said.severity)

    def work() -> Filed:
        chart = charts.lock(person_id, now)
        before = _existing(said.system, said.external_id, chart)
        if before is not None:
            _refuse_stale(before, said.seen_version)
        entity_id = before.pk if before else new_id()
        effect, version, needs = _append(actor, chart, person_id, entity_id, said, before)
        if effect != "same":
            recording.tell(
                actor=actor, chart=chart, action="allergy.file", entity_id=entity_id, person_id=person_id
            )
        return Filed(entity_id=entity_id, version=version, effect=effect, needs=needs)

    return write(work)


def add_allergy(
    *,
    actor: Actor,
    person_id: PersonId,
    substance_text: str,
    rxcui: str = "",
    reaction_text: str = "",
    severity: str = "",
    request_key: str,
    now: datetime,
) -> AllergyView:
    """An allergy in the patient's words, or in those of a clinician of theirs."""
    _valid(substance_text, severity)
    body = {
        "person": str(person_id), "substance": substance_text, "rxcui": rxcui, "reaction": reaction_text,
        "severity": severity,
    }  # fmt: skip

    def work() -> AllergyView:
        chart = charts.lock(person_id, now)
        access.may_write_own_words(actor, chart.ids)
        entity_id, is_new = begin_request(actor, request_key, "medications.add-allergy", body, now)
        if is_new:
            said = IncomingAllergy(
                source=_source(actor, chart), system=OWN, external_id=str(entity_id),
                substance_text=substance_text, rxcui=rxcui, reaction_text=reaction_text, severity=severity,
                said_at=chart.recorded_at,
            )  # fmt: skip
            _append(actor, chart, person_id, entity_id, said, None)
            recording.tell(
                actor=actor, chart=chart, action="allergy.add", entity_id=entity_id, person_id=person_id
            )
        return _view(entity_id)

    return write(work)


def change_allergy(
    *,
    actor: Actor,
    allergy_id: UUID,
    seen_version: int,
    substance_text: str,
    rxcui: str = "",
    reaction_text: str,
    severity: str,
    status: str,
    why: str = "",
    request_key: str,
    now: datetime,
) -> AllergyView:
    """Put right what was entered here. Raises StaleFact with both versions, NotYoursToChange."""
    _valid(substance_text, severity)
    body = {
        "allergy": str(allergy_id), "seen": seen_version, "substance": substance_text, "rxcui": rxcui,
        "reaction": reaction_text, "severity": severity, "status": status, "why": why,
    }  # fmt: skip
    found = Allergy.objects.filter(pk=allergy_id).first()
    if found is None:
        raise MedicineNotFound
    person_id = PersonId(found.person_id)

    def work() -> AllergyView:
        chart = charts.lock(person_id, now)
        access.may_write_own_words(actor, chart.ids)
        before = Allergy.objects.get(pk=allergy_id)
        if before.source != _source(actor, chart).value:
            raise NotYoursToChange
        _, is_new = begin_request(actor, request_key, "medications.change-allergy", body, now)
        if is_new:
            _refuse_stale(before, seen_version)
            said = IncomingAllergy(
                source=Source(before.source), system=before.system, external_id=before.external_id,
                substance_text=substance_text, rxcui=rxcui, reaction_text=reaction_text, severity=severity,
                status_word=status, said_at=chart.recorded_at, is_correction=True,
            )  # fmt: skip
            _append(actor, chart, person_id, allergy_id, said, before, why=why)
            recording.tell(
                actor=actor, chart=chart, action="allergy.change", entity_id=allergy_id, person_id=person_id,
                reason=why,
            )  # fmt: skip
        return _view(allergy_id)

    return write(work)


def _append(
    actor: Actor, chart: Locked, person_id: PersonId, entity_id: UUID, said: IncomingAllergy,
    before: Allergy | None, *, why: str = "",
) -> tuple[str, int, str]:  # fmt: skip
    person_id = PersonId(before.person_id) if before else person_id
    digest = reading.content_digest(said)
    if before and AllergyVersion.objects.filter(entity_id=entity_id, content_digest=digest).exists():
        return "same", before.version, before.needs
    columns = reading.allergy_columns(said)
    number = before.version + 1 if before else 1
    counts = before is None or said.said_at >= before.said_at
    AllergyVersion.objects.create(
        **columns, entity_id=entity_id, version=number, supersedes=before.shown_version if before else None,
        valid_from=said.said_at, valid_to=None, person_id=person_id, content_digest=digest,
        **charts.stamp(
            actor, chart.recorded_at, subject_id=person_id, source=said.system,
            reason=why or ("correction" if said.is_correction else ""),
        ),
    )  # fmt: skip
    head: dict[str, Any] = {"version": number, "changed_at": chart.recorded_at}
    if counts:
        head |= {**columns, "shown_version": number}
    if before is not None:
        Allergy.objects.filter(pk=entity_id).update(**head)
        return "version" if counts else "older", number, columns["needs"]
    Allergy.objects.create(
        id=entity_id, person_id=person_id, record_id=said.record_id, site_id=said.site_id,
        source=said.source.value, system=said.system, external_id=said.external_id, **head,
    )  # fmt: skip
    return "new", number, columns["needs"]


def _existing(system: str, external_id: str, chart: Locked) -> Allergy | None:
    found = Allergy.objects.filter(system=system, external_id=external_id).first()
    if found is not None and found.person_id not in chart.ids:
        raise MedicineNotFound
    return found


def _refuse_stale(found: Allergy, seen_version: int | None) -> None:
    if seen_version is None or seen_version == found.version:
        return
    current = _view(found.pk)
    rows = AllergyVersion.objects.filter(entity_id=found.pk, version=seen_version)
    row: Mapping[str, Any] | None = rows.values(*viewing.SAID_ALLERGY, "recorded_at").first()
    seen = None
    if row is not None:
        head = Allergy.objects.filter(pk=found.pk).values().get()
        words = {name: row[name] for name in viewing.SAID_ALLERGY}
        seen = viewing.allergy({**head, **words, "version": seen_version, "changed_at": row["recorded_at"]})
    raise StaleFact(seen=seen, current=current)


def _view(allergy_id: UUID) -> AllergyView:
    return viewing.allergy(Allergy.objects.filter(pk=allergy_id).values().get())


def _source(actor: Actor, chart: Locked) -> Source:
    if access.is_patient_side(actor, chart.ids) or not actor.has(Role.CLINICIAN):
        return Source.PATIENT
    return Source.CLINICIAN


def _valid(substance_text: str, severity: str) -> None:
    wrong = {}
    if not substance_text.strip() or len(substance_text) > 300:
        wrong["substance_text"] = "missing" if not substance_text.strip() else "too-long"
    if severity not in _SEVERITIES:
        wrong["severity"] = "unknown"
    if wrong:
        raise Invalid(fields=wrong)
