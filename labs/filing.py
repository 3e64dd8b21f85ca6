"""A laboratory says something: file it, settle what counts, and tell what changed. One transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from labs import access, arriving, metrics, publishing, reading, recognising, rows, storing, surroundings
from labs.arriving import Arrival
from labs.current import State, state_of
from labs.identifying import fit
from labs.models import Document, Report
from labs.recognising import Recognised, Wait
from labs.surroundings import Surroundings
from labs.types import Filed, IncomingReport
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id

_LONGEST_SENDER = 56


def file_report(*, actor: Actor, report: IncomingReport, now: datetime) -> Filed:
    """File one report as it was said, now or again.

    The same content is one version, however often it comes (effect ``same``). Whatever the order of arrival,
    the same set of messages ends in the same current state. Each observation is filed by itself: one that
    cannot be read is shown as sent, and set aside for a person. Raises Forbidden unless the platform or an
    administrator files, Invalid without a sender, Busy when the same report is being filed for too long.
    """
    access.may_file(actor)
    if not report.sender or len(report.sender) > _LONGEST_SENDER:
        raise Invalid(fields={"sender": "A report needs a sender of at most 56 characters."})
    with transaction.atomic(savepoint=False):
        around = surroundings.look(
            sender=report.sender, ordered_by=report.ordered_by, placer_number=report.placer_number,
            site_id=report.site_id, now=now,
        )  # fmt: skip
        who = recognising.recognise(
            actor=actor, sender=report.sender, patient=report.patient, order=around.order, now=now
        )
        filing = Filing(
            actor=actor,
            now=now,
            around=around,
            who=who,
            arrival=arriving.read(report, around=around, who=who),
        )
        filed = _file(filing)
    metrics.filed.inc(outcome=filed.effect)
    if filed.effect != "same":
        metrics.set_aside.inc(filed.quarantined)
    return filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One message on its way in."""

    actor: Actor
    now: datetime
    arrival: Arrival
    around: Surroundings
    who: Recognised

    def version(self) -> dict[str, Any]:
        """Its ReportVersion, as the first one."""
        made = {**self.arrival.heading, **rows.stamp(self.actor, self.now, source=self.arrival.sender)}
        made["valid_from"] = made["collected_at"] or made["issued_at"] or made["sent_at"] or self.now
        return made


def _file(filing: Filing) -> Filed:
    """As the first version of its report, or as one more."""
    version, arrival = filing.version(), filing.arrival
    state = state_of([rows.heading(version)], [rows.word({**w, "version": 1}) for w in arrival.words])
    order = filing.around.order
    fresh = {
        **rows.projection(state, [version], received_at=filing.now),
        "id": new_id(), "sender": arrival.sender, "identity": arrival.identity, "version": 1,
        "record_id": filing.who.record_id, "person_id": filing.who.person_id, "pinned": False,
        "waits": filing.who.waits.value, "site_id": filing.around.site_id,
        "practitioner_id": filing.around.practitioner_id, "order_id": order.order_id if order else None,
        "placer_number": version["placer_number"], "quarantined": len(arrival.said), "changed_at": filing.now,
    }  # fmt: skip
    report_id, is_new = storing.insert_or_lock(fresh)
    if not is_new:
        return _file_again(filing, report_id, version)
    add(filing, report_id, version, before=None, after=state, keys=state.results, belongs=fresh)
    publishing.tell_new(report_id=report_id, person_id=filing.who.person_id, state=state, now=filing.now)
    return _filed(filing, report_id, "new", fresh, state)


def _file_again(filing: Filing, report_id: UUID, version: dict[str, Any]) -> Filed:
    report = Report.objects.get(pk=report_id)
    versions = rows.versions_of(report_id)
    if any(each["digest"] == version["digest"] for each in versions):
        return Filed(
            report_id=report_id, effect="same", waiting=_waiting(report.waits, report.order_id),
            quarantined=0, critical=report.critical,
        )  # fmt: skip
    words, number = rows.words_of(report_id), report.version + 1
    before = state_of([rows.heading(each) for each in versions], words)
    version.update(version=number, supersedes=before.heading.version)
    new_words = [rows.word({**each, "version": number}) for each in filing.arrival.words]
    after = state_of([rows.heading(each) for each in (*versions, version)], [*words, *new_words])
    change = publishing.compare(before, after, number=number)
    belongs = _belongs(report, filing, is_shown=after.heading.version == number)
    projection = rows.projection(after, [*versions, version], received_at=report.received_at)
    projection["quarantined"] = report.quarantined + len(filing.arrival.said)
    Report.objects.filter(pk=report_id).update(**projection, **belongs, version=number, changed_at=filing.now)
    add(
        filing, report_id, version, before=before, after=after, keys=change.keys,
        belongs=projection | belongs,
    )  # fmt: skip
    if belongs["person_id"] != report.person_id:
        rows.move_results(report_id, belongs["person_id"])
    publishing.tell_change(
        report_id=report_id, person_id=belongs["person_id"], version=number, change=change,
        found_patient=bool(report.waits) and not belongs["waits"], now=filing.now,
    )  # fmt: skip
    return _filed(filing, report_id, change.effect, projection | belongs | {"version": number}, after)


def _belongs(report: Report, filing: Filing, *, is_shown: bool) -> dict[str, Any]:
    """Whose a report is after one more message. What a person decided for it stays."""
    around, who = filing.around, filing.who
    found: dict[str, Any] = {
        "order_id": report.order_id or (around.order.order_id if around.order else None),
        "site_id": (around.site_id if is_shown else None) or report.site_id or around.site_id,
        "practitioner_id": (around.practitioner_id if is_shown else None)
        or report.practitioner_id
        or around.practitioner_id,
        "record_id": (who.record_id if is_shown else None) or report.record_id or who.record_id,
        "person_id": report.person_id,
        "waits": report.waits,
    }
    if report.pinned or who.record_id is None or report.waits == Wait.PATIENTS_DIFFER:
        return found
    if report.record_id not in {None, who.record_id} and not _one_person(report, who):
        return found | {"person_id": None, "waits": Wait.PATIENTS_DIFFER.value}
    if report.waits or who.waits is Wait.ANOTHERS_ORDER:
        return found | {"person_id": who.person_id, "waits": who.waits.value}
    return found


def _one_person(report: Report, who: Recognised) -> bool:
    """Two records of one sender may be one patient: merged, or known by another number there."""
    if report.person_id is None or who.person_id is None:
        return False
    return identity.same_person(PersonId(report.person_id), who.person_id)


def add(
    filing: Filing, report_id: UUID, version: dict[str, Any], *, before: State | None, after: State,
    keys: Iterable[str], belongs: dict[str, Any],
) -> None:  # fmt: skip
    """The rows of one version: what was said, what counts now, what is set aside, who did it."""
    arrival, number = filing.arrival, version["version"]
    storing.add_version(
        version={**version, "entity_id": report_id},
        words=rows.result_versions(arrival.words, report_id=report_id, version=version, state=before),
        results=rows.results(
            keys, state=after, report_id=report_id, person_id=belongs["person_id"],
            otherwise=belongs["charted_at"],
        ),
        aside=[
            {
                "id": new_id(), "report_id": report_id, "version": number, "key": each["key"],
                "sender": arrival.sender, "reason": reading.reason_to_set_aside(each),
                "said": arrival.said[each["key"]], "state": "open", "opened_at": filing.now,
                "corrected": None, "settled_at": None, "settled_by": None, "settled_reason": "",
            }
            for each in arrival.words
            if each["key"] in arrival.said
        ],
    )  # fmt: skip
    storing.add_documents(
        Document(
            id=new_id(), report_id=report_id, version=number, name=fit(each.name, 200),
            content_type=fit(each.content_type, 100), digest=hashlib.sha256(each.content).hexdigest(),
            content=each.content, recorded_at=filing.now,
        )
        for each in arrival.attachments
    )  # fmt: skip


def _filed(filing: Filing, report_id: UUID, effect: str, belongs: dict[str, Any], state: State) -> Filed:
    audit.record(
        actor=filing.actor, action="lab.file", category="lab", now=filing.now, entity_id=report_id,
        subject_id=belongs["person_id"],
        detail={
            "effect": effect, "version": str(belongs["version"]),
            "message": str(filing.arrival.heading["message_id"] or ""),
        },
    )  # fmt: skip
    return Filed(
        report_id=report_id, effect=effect, waiting=_waiting(belongs["waits"], belongs["order_id"]),
        quarantined=len(filing.arrival.said), critical=state.critical,
    )  # fmt: skip


def _waiting(waits: str, order_id: UUID | None) -> str:
    return "patient" if waits else "" if order_id else "order"
