"""What could not be read: seen, put right by a person, and filed as a reading of the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from labs import access, appending, locking, reading, rows, surroundings
from labs.appending import Addition
from labs.errors import AlreadySettled, ReportNotFound, StillUnreadable
from labs.identifying import digest_of_reading
from labs.models import Quarantined, Report, ReportVersion, ResultVersion
from labs.types import Coded, IncomingObservation, SetAside, Status
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.ids import SourceRecordId

# What a person may put in the place of what was sent. Whose result it is, and its time, are not among them.
CORRECTABLE = ("value", "value_type", "unit", "range_text")
OWN_SOURCE = "steadwell"
MOST = 200


def list_set_aside(
    *, actor: Actor, now: datetime, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[SetAside]:
    """What waits to be read, oldest first. ``before`` is the last of the page before."""
    access.may_correct(actor)
    found = Quarantined.objects.filter(state=Quarantined.State.OPEN)
    if before is not None:
        at, last = before
        found = found.filter(opened_at__gte=at).exclude(opened_at=at, pk__lte=last)
    shown = list(found.order_by("opened_at", "pk")[: min(limit, MOST)])
    audit.record_many(
        [
            audit.Entry(action="lab.view-set-aside", category="lab", entity_id=each.report_id)
            for each in shown
        ],
        actor=actor,
        now=now,
    )
    return [view(each) for each in shown]


def replay_observation(
    *, actor: Actor, quarantine_id: UUID, corrected: Mapping[str, str], reason: str, now: datetime
) -> UUID:
    """Read an observation again, with ``corrected`` (of CORRECTABLE) in the place of what was sent.

    Filed as a reading of the same version: the laboratory's own later words still win over it. What was sent
    stays beside it. Raises StillUnreadable with the reason, AlreadySettled, NotFound. Returns the report.
    """
    access.may_correct(actor)
    if not set(corrected) <= set(CORRECTABLE) or not reason.strip():
        raise Invalid(fields={"reason": "Say why, and change only what was read."})
    with transaction.atomic(durable=True):
        row, report = _locked(quarantine_id)
        changes: dict[str, Any] = {**corrected, "refusal": ""}
        observation = replace(_observation(row.said), **changes)
        word = _read(actor, report, row, observation, now)
        before = appending.known(report.pk)
        addition = _addition(actor, report, row, word, reason.strip(), now)
        after = addition.settled_with(before)
        belongs = {"person_id": report.person_id, "waits": report.waits}
        appending.append(report, before, addition, after, belongs=belongs, now=now)
        _settle(row, Quarantined.State.REPLAYED, actor, reason, now, corrected)
    return report.pk


def dismiss_observation(*, actor: Actor, quarantine_id: UUID, reason: str, now: datetime) -> None:
    """It stays as it was sent, shown with why it could not be read, and no longer waits."""
    access.may_correct(actor)
    if not reason.strip():
        raise Invalid(fields={"reason": "Say why."})
    with transaction.atomic(durable=True):
        row, _report = _locked(quarantine_id)
        _settle(row, Quarantined.State.DISMISSED, actor, reason, now, None)


def view(row: Quarantined) -> SetAside:
    return SetAside(
        quarantine_id=row.pk, report_id=row.report_id, sender=row.sender, reason=row.reason,
        opened_at=row.opened_at, state=row.state, said=_observation(row.said),
    )  # fmt: skip


def _locked(quarantine_id: UUID) -> tuple[Quarantined, Report]:
    report_id = Quarantined.objects.filter(pk=quarantine_id).values_list("report_id", flat=True).first()
    if report_id is None:
        raise ReportNotFound
    report = locking.lock_reports([report_id])[report_id]
    row = Quarantined.objects.get(pk=quarantine_id)
    if row.state != Quarantined.State.OPEN:
        raise AlreadySettled
    return row, report


def _observation(said: Mapping[str, Any]) -> IncomingObservation:
    """As it came, from the row that kept it."""
    values = dict(said)
    values["code"] = Coded(**said["code"])
    values["value_code"] = Coded(**said["value_code"]) if said["value_code"] else None
    values["status"] = Status(said["status"]) if said["status"] else None
    values["effective_at"] = datetime.fromisoformat(said["effective_at"]) if said["effective_at"] else None
    values["flags"], values["notes"] = tuple(said["flags"]), tuple(said["notes"])
    return IncomingObservation(**values)


def _read(
    actor: Actor, report: Report, row: Quarantined, observation: IncomingObservation, now: datetime
) -> dict[str, Any]:
    """The corrected words as a row, told apart from others by the words as they came."""
    asked = surroundings.Asked(sender=row.sender, ordered_by="", placer_number="", site_id=None)
    (around,) = surroundings.look([asked], now=now)
    sex, birth_date = _about_patient(actor, report, now)
    context = reading.Context(
        sender=row.sender, synonyms=around.synonyms, sex=sex, birth_date=birth_date,
        on=(observation.effective_at or report.collected_at or now).date(),
    )  # fmt: skip
    word = reading.read(row.key, observation, context)
    why = reading.reason_to_set_aside(word)
    if why:
        raise StillUnreadable(why)
    sent = ResultVersion.objects.values("digest", "position").get(
        entity_id=rows.result_id(report.pk, row.key), version=row.version
    )
    return {**word, **sent}


def _about_patient(actor: Actor, report: Report, now: datetime) -> tuple[str, date | None]:
    """What ranges go by."""
    if report.record_id is None:
        return identity.Sex.UNKNOWN, None
    standing = identity.list_standings(record_ids=[SourceRecordId(report.record_id)])[0]
    known = identity.get_person(actor=actor, person_id=standing.person_id, now=now)
    return known.sex, known.birth_date


def _addition(
    actor: Actor, report: Report, row: Quarantined, word: dict[str, Any], reason: str, now: datetime
) -> Addition:
    """A version that repeats its version's heading and replaces one reading."""
    read = ReportVersion.objects.filter(entity_id=report.pk, version=row.version).values().get()
    version = {name: value for name, value in read.items() if name not in {"id", "entity_id"}}
    version |= rows.stamp(actor, now, source=OWN_SOURCE) | {
        "version": report.version + 1, "supersedes": row.version, "replays": row.version,
        "reason": reason, "digest": digest_of_reading(read["digest"], word), "complete": False,
    }  # fmt: skip
    return Addition(sender=row.sender, version=version, words=[word], said={})


def _settle(
    row: Quarantined, state: Quarantined.State, actor: Actor, reason: str, now: datetime,
    corrected: Mapping[str, str] | None,
) -> None:  # fmt: skip
    row.state, row.settled_at, row.settled_by, row.settled_reason = state, now, actor.user_id, reason[:500]
    row.corrected = dict(corrected) if corrected is not None else None
    row.save(update_fields=["state", "settled_at", "settled_by", "settled_reason", "corrected"])
    audit.record(
        actor=actor, action=f"lab.set-aside-{state.value}", category="lab", now=now, reason=reason,
        entity_id=row.report_id, detail={"quarantined": str(row.pk)},
    )  # fmt: skip
