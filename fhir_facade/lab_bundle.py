"""FHIR R4 laboratory reports as labs files them: DiagnosticReports with their Observations.

The JSON is read with Decimal, so that 7.10 stays 7.10. As with HL7 v2, what cannot be read stands in its own
observation as a refusal and hides no other.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from fhir_facade.fhir_json import (
    Around,
    Resource,
    coded,
    kind_of,
    load,
    mapping,
    mappings,
    moment,
    strings,
    text_of,
)
from fhir_facade.hl7v2.times import Clockwork
from fhir_facade.lab_observations import observations
from fhir_facade.lab_patients import patient
from labs.service import Attachment, Coded, IncomingReport, Status
from steadwell.errors import Invalid
from steadwell.ids import SiteId

__all__ = ["load", "reports"]


def reports(
    resource: Resource, *, sender: str, zone: str = "UTC", site_id: SiteId | None = None,
    message_id: UUID | None = None,
) -> list[IncomingReport]:  # fmt: skip
    """Every DiagnosticReport in a bundle, or the one that it is. Raises Invalid where there is none."""
    around, found = Around(), []
    for url, each in _resources(resource):
        for name in (url, f"{each.get('resourceType')}/{each.get('id')}"):
            around.by_name.setdefault(name, each)
        if each.get("resourceType") == "DiagnosticReport":
            found.append(each)
    if not found:
        raise Invalid(fields={"body": "There is no DiagnosticReport in it."})
    clock = Clockwork(zone=ZoneInfo(zone))
    sent = clock.read(text_of(resource.get("timestamp")))
    return [
        _report(each, around, clock, sender=sender, site_id=site_id, message_id=message_id, sent=sent)
        for each in found
    ]


def _resources(resource: Resource) -> Iterator[tuple[str, Resource]]:
    if resource.get("resourceType") != "Bundle":
        yield "", resource
        return
    for entry in mappings(resource.get("entry")):
        inner = entry.get("resource")
        if isinstance(inner, dict):
            yield text_of(entry.get("fullUrl")), inner


def _report(
    report: Resource, around: Around, clock: Clockwork, *, sender: str, site_id: SiteId | None,
    message_id: UUID | None, sent: datetime | None,
) -> IncomingReport:  # fmt: skip
    status = text_of(report.get("status"))
    subject = around.find(report.get("subject"), within=report)
    placer, filler = _numbers(report, around)
    specimen = _specimen(report, around)
    orderer = _orderer(report, around)
    collected = _collected(report, around)
    meta = clock.read(text_of(mapping(report.get("meta")).get("lastUpdated")))
    return IncomingReport(
        sender=sender,
        code=coded(report.get("code")),
        status=Status(status) if status in set(Status) else None,
        placer_number=placer,
        filler_number=filler,
        patient=patient(subject, mapping(report.get("subject")), sender),
        ordered_by=orderer[0],
        ordered_by_name=orderer[1],
        performer=_performer(report, around),
        specimen=specimen.text,
        specimen_code=specimen if specimen.code else None,
        collected_at=clock.read(collected),
        collected_text=collected,
        issued_at=clock.read(text_of(report.get("issued"))),
        sent_at=sent or meta or clock.read(text_of(report.get("issued"))),
        notes=_notes(report),
        observations=tuple(observations(report, around, clock)),
        attachments=tuple(_attachments(report)),
        message_id=message_id,
        site_id=site_id,
        complete=True,
    )


def _numbers(report: Resource, around: Around) -> tuple[str, str]:
    """The order's number (of the request it is based on) and the laboratory's own."""
    own = mappings(report.get("identifier"))
    filler = next((text_of(each.get("value")) for each in own if kind_of(each) != "PLAC"), "")
    placer = next((text_of(each.get("value")) for each in own if kind_of(each) == "PLAC"), "")
    for reference in mappings(report.get("basedOn")):
        request = around.find(reference, within=report)
        named = [*mappings(mapping(request).get("identifier")), mapping(reference.get("identifier"))]
        placer = placer or next((text for each in named if (text := text_of(each.get("value")))), "")
    return placer, filler or text_of(report.get("id"))


def _specimen(report: Resource, around: Around) -> Coded:
    for reference in mappings(report.get("specimen")):
        found = coded(mapping(around.find(reference, within=report)).get("type"))
        if found.code or found.text:
            return found if found.text else Coded(code=found.code, text=found.code, system=found.system)
        if display := text_of(reference.get("display")):
            return Coded(text=display)
    return Coded()


def _collected(report: Resource, around: Around) -> str:
    for reference in mappings(report.get("specimen")):
        specimen = mapping(around.find(reference, within=report))
        if at := moment(mapping(specimen.get("collection")), "collected"):
            return at
    return moment(report, "effective")


def _orderer(report: Resource, around: Around) -> tuple[str, str]:
    for reference in mappings(report.get("basedOn")):
        requester = mapping(around.find(reference, within=report)).get("requester")
        if requester is None:
            continue
        person = mapping(around.find(requester, within=report))
        numbers = sorted(
            mappings(person.get("identifier")),
            key=lambda each: each.get("system") != "http://hl7.org/fhir/sid/us-npi",
        )
        number = (
            text_of(numbers[0].get("value"))
            if numbers
            else text_of(mapping(mapping(requester).get("identifier")).get("value"))
        )
        names = mappings(person.get("name"))
        return number, text_of(mapping(requester).get("display")) or (_written(names[0]) if names else "")
    return "", ""


def _written(name: Resource) -> str:
    given = " ".join(strings(name.get("given")))
    return text_of(name.get("text")) or f"{given} {text_of(name.get('family'))}".strip()


def _performer(report: Resource, around: Around) -> str:
    for reference in mappings(report.get("performer")):
        found = mapping(around.find(reference, within=report))
        if name := text_of(reference.get("display")) or (text_of(found.get("name")) if found else ""):
            return name
    return ""


def _notes(report: Resource) -> tuple[str, ...]:
    said = [
        text_of(report.get("conclusion")),
        *(coded(each).text for each in mappings(report.get("conclusionCode"))),
    ]
    return tuple(text for text in said if text)


def _attachments(report: Resource) -> Iterator[Attachment]:
    for number, each in enumerate(mappings(report.get("presentedForm")), start=1):
        try:
            content = base64.b64decode(text_of(each.get("data")), validate=True)
        except (ValueError, binascii.Error):
            continue
        kind = text_of(each.get("contentType"))
        if content and kind == "application/pdf" and content.startswith(b"%PDF-"):
            yield Attachment(
                name=text_of(each.get("title")) or f"report-{number}.pdf", content_type=kind, content=content
            )
