"""Results written over the API. What a laboratory says goes to labs, as if it had come by HL7: it is matched,
flagged, reviewed and released there. Any other observation is a document.

An observation that comes alone is filed as a report of one result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fhir_facade.fhir_json import Around, coded, mapping, mappings, moment, text_of
from fhir_facade.hl7v2.times import Clockwork
from fhir_facade.lab_observations import observations
from fhir_facade.server import documents, wire
from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.outcome import failed, naming, not_found, stale
from fhir_facade.server.registry import registry
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import New, Stored
from labs import service as labs
from steadwell.ids import PersonId, new_id
from steadwell.relations import Sql

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ALONE = "fhir:"  # the sender of reports that are one observation
_STATUS = {"unknown": None, "registered": labs.Status.REGISTERED}
_OF = " t WHERE t.id = %s"
# For what labs has no word a result is found by the client's.
WORDS = (
    "identifier", "based-on", "encounter", "has-member", "performer", "specimen", "component-code",
    "component-value-quantity",
)  # fmt: skip


class Results:
    """The writer of Observation."""

    together: ClassVar[bool] = True

    def __init__(self) -> None:
        self._documents = Documents("Observation")

    def create(self, access: Access, said: Resource) -> Stored:
        return self.create_several(access, [New(said=said)])[0]

    def create_several(self, access: Access, several: Sequence[New]) -> list[Stored]:
        """Of laboratories and of others, each kind with as many statements as one."""
        labs_say = [is_laboratory(new.said) for new in several]
        ours = [new for new, is_lab in zip(several, labs_say, strict=True) if is_lab]
        others = [new for new, is_lab in zip(several, labs_say, strict=True) if not is_lab]
        filed = iter(_file_new(access, ours) if ours else ())
        kept = iter(self._documents.create_several(access, others) if others else ())
        return [Stored(key=next(filed), beside=True) if is_lab else next(kept) for is_lab in labs_say]

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        known = documents.find("Observation", key)
        if known is not None and not known.beside:
            if is_laboratory(said):
                raise failed(422, "business-rule", "What was no laboratory result does not become one.")
            return self._documents.update(access, key, said, version)
        number = _current(access, key, version)
        report = _report(access, said, documents.person_of(said, base=access.base), number=number)
        filed = _file(access, report)
        if filed != key:
            raise failed(
                422, "business-rule", "A result keeps its code. Take this one back, then send another."
            )
        documents.index_words_again(access, "Observation", key, said, WORDS)
        return Stored(key=key, beside=True)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        known = documents.find("Observation", key)
        if known is None or known.beside:
            raise failed(
                409, "business-rule", "A laboratory result is not deleted: update it to entered-in-error."
            )
        self._documents.delete(access, key, version)


WRITER = Results()


def is_laboratory(said: Resource) -> bool:
    return any(
        coding.get("system") == CATEGORY and coding.get("code") == "laboratory"
        for category in mappings(said.get("category"))
        for coding in mappings(category.get("coding"))
    )


def _report(
    access: Access, said: Resource, person_id: PersonId | None, *, number: str
) -> labs.IncomingReport:
    if person_id is None:
        raise failed(422, "required", "A laboratory result needs its patient.", at="Observation.subject")
    clock = Clockwork(zone=ZoneInfo("UTC"))
    around = Around(by_name={"Observation/it": said})
    found = observations({"result": [{"reference": "Observation/it"}]}, around, clock)
    status = text_of(said.get("status"))
    issued = clock.read(text_of(said.get("issued")))
    collected = moment(said, "effective")
    return labs.IncomingReport(
        sender=sender_of(access),
        code=coded(said.get("code")),
        status=_STATUS[status] if status in _STATUS else labs.Status(status),
        filler_number=number,
        person_id=person_id,
        site_id=access.grant.site_id,
        observations=tuple(found),
        performer=_performer(said, access),
        issued_at=issued,
        sent_at=access.now,
        collected_at=clock.read(collected),
        collected_text=collected,
        specimen=text_of(mapping(said.get("specimen")).get("display")),
    )


def sender_of(access: Access) -> str:
    return f"{ALONE}{access.grant.client_id}"[:56]


def source_of(sender: str) -> str:
    """Where a laboratory's words came from; a client's are in its document, which says so itself."""
    return "" if sender.startswith(ALONE) or not sender else f"urn:steadwell:source:{sender}"


def _performer(said: Resource, access: Access) -> str:
    shown = (text_of(each.get("display")) for each in mappings(said.get("performer")))
    return next((text for text in shown if text), access.grant.client_name)


def _file_new(access: Access, several: Sequence[New]) -> list[UUID]:
    people = documents.persons_of(access, several)
    reports = []
    for new, person_id in zip(several, people, strict=True):
        with naming(new.at):
            reports.append(_report(access, new.said, person_id, number=str(new_id())))
    filed: list[labs.Filed | None] = [None] * len(reports)
    if len(reports) > 1:
        with naming(several[0].at):  # who may file none
            filed = labs.file_reports(actor=access.actor, reports=reports, now=access.now)
    keys = []
    for new, report, done in zip(several, reports, filed, strict=True):
        with naming(new.at):
            keys.append(_result_id(report, done) if done else _file(access, report))
    documents.index_words(
        access, "Observation", [(key, new.said) for key, new in zip(keys, several, strict=True)], WORDS
    )
    return keys


def _file(access: Access, report: labs.IncomingReport) -> UUID:
    return _result_id(report, labs.file_report(actor=access.actor, report=report, now=access.now))


def _result_id(report: labs.IncomingReport, filed: labs.Filed) -> UUID:
    first = report.observations[0]
    if filed.waiting == "patient":
        raise failed(422, "business-rule", "It answers an order that is another patient's.")
    return labs.describe_result_id(report_id=filed.report_id, key=first.key)


def _current(access: Access, key: UUID, version: int | None) -> str:
    """The number of the report it is in, when this client sent it and saw its newest version."""
    documents.lock("Observation", key, now=access.now)
    result = labs.describe_result_rows(actor=access.actor, now=access.now)
    report = labs.describe_report_rows(actor=access.actor, now=access.now)
    rows = running.fetch(
        Sql("SELECT r.version, r.sender, p.filler_number FROM (SELECT * FROM (")
        + result
        + Sql(") t WHERE t.id = %s) r JOIN LATERAL (SELECT * FROM (", (key,))
        + report
        + Sql(") t WHERE t.id = r.report_id) p ON true")
    )
    if not rows:
        raise not_found()
    now, sender, number = rows[0]
    if sender != sender_of(access):
        raise failed(409, "business-rule", "This result came from another system, which alone corrects it.")
    if version is not None and version != now:
        raise stale(str(now))
    return str(number)


def versions(access: Access, key: str) -> list[tuple[int, datetime, Resource]]:
    """Every version of a result, newest first: what it read as when each message about its report had
    come.
    """
    definition = registry().find("Observation")
    assert definition is not None  # noqa: S101 - it is ours
    found = running.read(access, definition, key)
    if found is None:
        return []
    result = labs.describe_result_rows(actor=access.actor, now=access.now)
    rows = running.fetch(Sql("SELECT t.report_id FROM (") + result + Sql(f"){_OF}", (UUID(key),)))
    if not rows:
        return []
    told = labs.report_versions(actor=access.actor, report_id=rows[0][0], now=access.now)
    made: list[tuple[int, datetime, Resource]] = []
    newest = int(found.resource["meta"]["versionId"])
    kept = {each.version: each.body for each in documents.versions_of(UUID(key))}
    for version in told:
        if version.version == newest:
            made.append((newest, version.recorded_at, found.resource))
        elif version.version in kept:
            made.append((version.version, version.recorded_at, wire.read_stored(kept[version.version])))
        elif (shown := _as_known(access, rows[0][0], UUID(key), version)) is not None:
            meta = {**found.resource["meta"], **shown["meta"]}  # of the same source
            made.append((version.version, version.recorded_at, {**shown, "meta": meta}))
    return made


def _as_known(access: Access, report_id: UUID, key: UUID, version: labs.VersionView) -> Resource | None:
    from fhir_facade.server.resources import lab_views

    report = labs.as_known(actor=access.actor, report_id=report_id, at=version.recorded_at, now=access.now)
    shown = next((each for each in report.results if each.result_id == key), None)
    if shown is None:
        return None
    return lab_views.observation_of(replace(report, version=version.version), shown, version.recorded_at)
