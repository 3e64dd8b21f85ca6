"""ORU^R01, versions 2.3 to 2.8: a message as the reports it carries.

Follows HL7's v2-to-FHIR guide in its choice of fields and vocabularies. Nothing here raises for what a field
holds: what cannot be read stands in its own observation as a refusal, and the others stay readable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from fhir_facade.hl7v2.observations import parent_of, read_observations
from fhir_facade.hl7v2.patients import read_patient
from fhir_facade.hl7v2.senders import Sender
from fhir_facade.hl7v2.splitter import Message, Segment
from fhir_facade.hl7v2.times import Clockwork, clockwork
from fhir_facade.hl7v2.values import read_coded
from labs.service import (
    Attachment,
    Coded,
    IncomingObservation,
    IncomingPatient,
    IncomingReport,
    Status,
)

# HL7 table 0123. M is "corrected, not final".
REPORT_STATUS: Final = {
    "O": Status.REGISTERED, "I": Status.REGISTERED, "S": Status.REGISTERED, "N": Status.REGISTERED,
    "A": Status.PARTIAL, "P": Status.PRELIMINARY, "R": Status.PRELIMINARY, "M": Status.PRELIMINARY,
    "F": Status.FINAL, "C": Status.CORRECTED, "X": Status.CANCELLED,
}  # fmt: skip


@dataclass(slots=True)
class _Group:
    """An OBR and what belongs to it."""

    obr: Segment
    orc: Segment | None
    patient: IncomingPatient | None
    notes: list[str]
    results: list[tuple[Segment, list[str]]] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)

    def identity(self) -> tuple[str, ...]:
        return (*_numbers(self), *(self.obr.text(4, part) for part in (1, 2)))


def reports(message: Message, *, sender: Sender, message_id: UUID | None = None) -> list[IncomingReport]:
    """Every OBR as a report; one that comes twice in a message is one report. Empty where there is none."""
    clock = clockwork(message.header.text(7), zone=sender.time_zone)
    return [_report(group, message, clock, sender, message_id) for group in _joined(_groups(message, sender))]


def _groups(message: Message, sender: Sender) -> Iterator[_Group]:
    patient: IncomingPatient | None = None
    order: Segment | None = None
    loose: list[str] = []  # notes that came before any OBR: about the patient or the order
    group: _Group | None = None
    for segment in message.segments:
        name = segment.name
        if name == "OBX" and group is not None:
            group.results.append((segment, []))
        elif name == "NTE":
            into = loose if group is None else group.results[-1][1] if group.results else group.notes
            if note := "\n".join(segment.read(each) for each in segment.repeats(3)).strip():
                into.append(note)
        elif name == "SPM" and group is not None:
            group.specimens.append(segment)
        elif name in {"PID", "ORC", "OBR"}:
            if group is not None:
                yield group
                group = None
            if name == "PID":
                patient, order, loose = read_patient(segment, sender=sender.name), None, []
            elif name == "ORC":
                order = segment
            else:
                group, order, loose = _Group(segment, order, patient, loose), None, []
    if group is not None:
        yield group


def _joined(groups: Iterator[_Group]) -> list[_Group]:
    found: dict[tuple[object, ...], _Group] = {}
    for group in groups:
        number = group.identity()
        same = found.get((group.patient, *number)) if any(number[:2]) else None
        if same is None:
            found[(group.patient, *number) if any(number[:2]) else (len(found),)] = group
        else:
            same.notes += group.notes
            same.results += group.results
            same.specimens += group.specimens
    return list(found.values())


def _report(
    group: _Group, message: Message, clock: Clockwork, sender: Sender, message_id: UUID | None
) -> IncomingReport:
    obr, orc = group.obr, group.orc
    placer, filler = _numbers(group)
    specimen, specimen_code = _specimen(group)
    collected = _collected(group)
    observations, attachments = _observations(group, message, clock)
    by, by_name = _ordered_by(obr, orc)
    return IncomingReport(
        sender=sender.name,
        code=read_coded(obr, _first(obr, 4)),
        status=REPORT_STATUS.get(obr.text(25).strip().upper()),
        placer_number=placer,
        filler_number=filler,
        patient=group.patient,
        ordered_by=by,
        ordered_by_name=by_name,
        copies_to=tuple(name for each in obr.repeats(28) if (name := _name(obr, each))),
        performer=_performer(group, message),
        specimen=specimen,
        specimen_code=specimen_code,
        collected_at=clock.read(collected),
        collected_text=collected,
        issued_at=clock.read(obr.text(22)),
        sent_at=clock.read(message.header.text(7)),
        notes=tuple(group.notes),
        observations=observations,
        attachments=attachments,
        message_id=message_id,
        site_id=sender.site_id,
        parent_filler_number=obr.text(29, 2).strip() or obr.text(29, 1).strip(),
    )


def _observations(
    group: _Group, message: Message, clock: Clockwork
) -> tuple[tuple[IncomingObservation, ...], tuple[Attachment, ...]]:
    found, documents = read_observations(group.results, clock=clock, damaged=message.decoded.damaged)
    above = parent_of(group.obr)
    if above:
        found = [each if each.parent_key else replace(each, parent_key=above) for each in found]
    return tuple(found), tuple(documents)


def _first(segment: Segment, number: int) -> str:
    repeats = segment.repeats(number)
    return repeats[0] if repeats else ""


def _numbers(group: _Group) -> tuple[str, str]:
    """Placer's and filler's: OBR-2 and OBR-3, else ORC's."""
    found = []
    for number in (2, 3):
        own = group.obr.text(number).strip()
        found.append(own or (group.orc.text(number).strip() if group.orc else ""))
    return found[0], found[1]


def _specimen(group: _Group) -> tuple[str, Coded | None]:
    """SPM-4, before 2.5 OBR-15."""
    if group.specimens:
        codes = [read_coded(each, _first(each, 4)) for each in group.specimens]
        texts = [each.text or each.alternate_text or each.code for each in codes]
        return ", ".join(dict.fromkeys(text for text in texts if text)), codes[0]
    code = group.obr.text(15, 1, 1).strip()
    text = group.obr.text(15, 1, 2).strip() or code
    system = group.obr.text(15, 1, 3).strip()
    return text, Coded(code=code, text=text, system=system) if code else None


def _collected(group: _Group) -> str:
    for specimen in group.specimens:
        if text := specimen.text(17).strip():
            return text
    return group.obr.text(7).strip()


def _performer(group: _Group, message: Message) -> str:
    """The laboratory: OBX-23, before 2.5 OBX-15; else who sent it."""
    for segment, _ in group.results:
        if name := segment.text(23).strip() or (segment.text(15, 2) or segment.text(15)).strip():
            return name
    return message.header.text(4).strip()


def _ordered_by(obr: Segment, orc: Segment | None) -> tuple[str, str]:
    """OBR-16, else ORC-12: the repetition with an NPI before any other."""
    for segment, number in ((obr, 16), (orc, 12)):
        repeats = segment.repeats(number) if segment else []
        if segment is None or not repeats:
            continue
        chosen = next((each for each in repeats if _is_npi(segment, each)), repeats[0])
        return segment.pick(chosen).strip(), _name(segment, chosen)
    return "", ""


def _is_npi(segment: Segment, repeat: str) -> bool:
    return "NPI" in {segment.pick(repeat, part).strip().upper() for part in (9, 13)}


def _name(segment: Segment, repeat: str) -> str:
    """XCN as a person writes it: title, given, family."""
    family, given, suffix, title = (segment.pick(repeat, part).strip() for part in (2, 3, 5, 6))
    return " ".join(part for part in (title, given, family, suffix) if part)
