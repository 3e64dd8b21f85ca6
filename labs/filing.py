"""A laboratory says something: file it, settle what counts, and tell what changed. One transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from labs import (
    access,
    appending,
    arriving,
    identifying,
    likeness,
    metrics,
    publishing,
    recognising,
    rows,
    storing,
    surroundings,
)
from labs.appending import Addition
from labs.arriving import Arrival
from labs.current import State, state_of
from labs.identifying import fit
from labs.models import Document, Report
from labs.recognising import Recognised, Wait
from labs.surroundings import Surroundings
from labs.types import Filed, IncomingReport
from steadwell import events
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from steadwell.outbox import service as outbox

_LONGEST_SENDER = 56


def file_report(*, actor: Actor, report: IncomingReport, now: datetime) -> Filed:
    """File one report as it was said, now or again.

    The same content is one version, however often it comes (effect ``same``). Whatever the order of arrival,
    the same set of messages ends in the same current state. Each observation is filed by itself: one that
    cannot be read is shown as sent, and set aside for a person. Raises Forbidden unless the platform or an
    administrator files, Invalid without a sender, Busy when the same report is being filed for too long.
    """
    access.may_file(actor)
    if not has_sender(report):
        raise Invalid(fields={"sender": "A report needs a sender of at most 56 characters."})
    with transaction.atomic(savepoint=False):
        (around,) = surroundings.look([asked_of(report)], now=now)
        who = recognising.recognise(
            actor=actor,
            sender=report.sender,
            patient=report.patient,
            order=around.order,
            person_id=report.person_id,
            now=now,
        )
        arrival = arriving.read(report, around=around, who=who, now=now)
        name = likeness.name_of(report, arrival, around.alike, record_id=who.record_id)
        arrival = replace(arrival, identity=likeness.take(name))
        filed = Filing(actor=actor, now=now, arrival=arrival, around=around, who=who).file()
        likeness.ask(filed.report_id, name.asked, now=now)
    count(filed)
    return filed


def has_sender(report: IncomingReport) -> bool:
    return 0 < len(report.sender) <= _LONGEST_SENDER


def asked_of(report: IncomingReport) -> surroundings.Asked:
    return surroundings.Asked(
        sender=report.sender, ordered_by=report.ordered_by, placer_number=report.placer_number,
        site_id=report.site_id, identity=identifying.identity_of(report), code=identifying.code_of(report),
        unnumbered=identifying.unnumbered(report) if report.filler_number or report.placer_number else "",
    )  # fmt: skip


def count(filed: Filed) -> None:
    metrics.filed.inc(outcome=filed.effect)
    if filed.quarantined:
        metrics.set_aside.inc(filed.quarantined)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A report that nobody knew: its rows as they are stored, once it is known that it is the first."""

    addition: Addition
    state: State
    report: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One message on its way in."""

    actor: Actor
    now: datetime
    arrival: Arrival
    around: Surroundings
    who: Recognised

    def file(self) -> Filed:
        """As the first version of its report, or as one more."""
        first = self.first()
        report_id, is_new = storing.insert_or_lock(first.report)
        if not is_new:
            return self._file_again(Report.objects.get(pk=report_id), first.addition)
        storing.add_versions([self.rows_of(first)])
        outbox.publish_many(self.told(first), now=self.now)
        storing.add_documents(self.documents(report_id, 1))
        filed = self.filed(report_id, "new", first.report, len(first.state.unread), first.state.critical)
        audit.record_many([self.entry(filed, first.report)], actor=self.actor, now=self.now)
        return filed

    def first(self) -> First:
        """What it would be as the first version."""
        addition = Addition(
            sender=self.arrival.sender, version=self._version(), words=self.arrival.words,
            said=self.arrival.said,
        )  # fmt: skip
        state = state_of(
            [rows.heading(addition.version)], [rows.word({**w, "version": 1}) for w in addition.words]
        )
        report = {
            **rows.projection(state, [addition.version], received_at=self.now), **self._where(),
            "id": new_id(), "sender": self.arrival.sender, "identity": self.arrival.identity, "version": 1,
            "changed_version": 1,
            "placer_number": addition.version["placer_number"], "pinned": False, "changed_at": self.now,
        }  # fmt: skip
        return First(addition=addition, state=state, report=report)

    def rows_of(self, first: First) -> storing.VersionRows:
        return appending.rows_of(
            first.report["id"], first.addition, before=None, after=first.state, keys=first.state.results,
            person_id=self.who.person_id, otherwise=first.report["charted_at"], now=self.now,
        )  # fmt: skip

    def told(self, first: First) -> list[events.Event]:
        return publishing.told_new(
            report_id=first.report["id"], person_id=self.who.person_id, state=first.state
        )

    def _file_again(self, report: Report, addition: Addition) -> Filed:
        before = appending.known(report.pk)
        if before.has(addition.version["digest"]):
            return Filed(
                report_id=report.pk, effect="same", waiting=_waiting(report.waits, report.order_id),
                quarantined=0, critical=report.critical,
            )  # fmt: skip
        number = report.version + 1
        addition.version.update(version=number, supersedes=before.state.heading.version)
        after = addition.settled_with(before)
        belongs = self._belongs(report, is_shown=after.heading.version == number)
        change = appending.append(report, before, addition, after, belongs=belongs, now=self.now)
        aside = len(appending.to_set_aside(addition, after))
        storing.add_documents(self.documents(report.pk, number))
        now_is = {**belongs, "version": number}
        filed = self.filed(report.pk, change.effect, now_is, aside, after.critical)
        audit.record_many([self.entry(filed, now_is)], actor=self.actor, now=self.now)
        return filed

    def _version(self) -> dict[str, Any]:
        """Its ReportVersion, as the first one."""
        made = {
            **self.arrival.heading,
            **rows.stamp(self.actor, self.now, source=self.arrival.sender, site_id=self.around.site_id),
        }
        made["valid_from"] = made["collected_at"] or made["issued_at"] or made["sent_at"] or self.now
        return made

    def _where(self) -> dict[str, Any]:
        order = self.around.order
        return {
            "record_id": self.who.record_id, "person_id": self.who.person_id, "waits": self.who.waits.value,
            "site_id": self.around.site_id, "practitioner_id": self.around.practitioner_id,
            "order_id": order.order_id if order else None,
        }  # fmt: skip

    def _belongs(self, report: Report, *, is_shown: bool) -> dict[str, Any]:
        """Whose a report is after one more message. What a person decided for it stays."""
        new = self._where()
        old = {name: getattr(report, name) for name in new}
        merged = {name: (new[name] if is_shown else None) or old[name] or new[name] for name in new}
        merged |= {
            "order_id": old["order_id"] or new["order_id"],
            "placer_number": report.placer_number or self.arrival.heading["placer_number"],
        }
        merged |= {name: old[name] for name in ("person_id", "waits")}
        who = self.who
        if report.pinned or who.record_id is None or report.waits == Wait.PATIENTS_DIFFER:
            return merged
        if report.record_id not in {None, who.record_id} and not self._one_person(report):
            return merged | {"person_id": None, "waits": Wait.PATIENTS_DIFFER.value}
        if report.waits or who.waits is Wait.ANOTHERS_ORDER:
            return merged | {"person_id": who.person_id, "waits": who.waits.value}
        return merged

    def _one_person(self, report: Report) -> bool:
        """Two records of one sender may be one patient: merged, or known by another number there."""
        if report.person_id is None or self.who.person_id is None:
            return False
        return identity.same_person(PersonId(report.person_id), self.who.person_id)

    def documents(self, report_id: UUID, version: int) -> list[Document]:
        return [
            Document(
                id=new_id(), report_id=report_id, version=version, name=fit(each.name, 200),
                content_type=fit(each.content_type, 100), digest=hashlib.sha256(each.content).hexdigest(),
                content=each.content, recorded_at=self.now,
            )
            for each in self.arrival.attachments
        ]  # fmt: skip

    def entry(self, filed: Filed, belongs: Mapping[str, Any]) -> audit.Entry:
        """Who filed it."""
        return audit.Entry(
            action="lab.file", category="lab", entity_id=filed.report_id, subject_id=belongs["person_id"],
            detail={
                "effect": filed.effect, "version": str(belongs["version"]),
                "message": str(self.arrival.heading["message_id"] or ""),
            },
        )  # fmt: skip

    def filed(
        self, report_id: UUID, effect: str, belongs: Mapping[str, Any], aside: int, critical: bool
    ) -> Filed:
        return Filed(
            report_id=report_id, effect=effect, waiting=_waiting(belongs["waits"], belongs["order_id"]),
            quarantined=aside, critical=critical,
        )  # fmt: skip


def _waiting(waits: str, order_id: UUID | None) -> str:
    return "patient" if waits else "" if order_id else "order"
