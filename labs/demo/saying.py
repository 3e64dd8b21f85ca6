"""How the demo's laboratory writes: one observation, one report, as they would come over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from labs.types import (
    Attachment,
    Coded,
    IncomingObservation,
    IncomingPatient,
    IncomingReport,
    Status,
)
from steadwell.identity.service import Demographics, Identifier
from steadwell.ids import PersonId, PractitionerId, SiteId
from steadwell.terminology import service as terminology

SENDER = "demo-lab"
LABORATORY = "Casco Bay Laboratory"
# The demo's own numbering of its patients, which its laboratory uses as well.
NUMBERS = "steadwell-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPatient:
    """A patient of the demo, and where they are looked after. ``number`` is their own number (type MR)."""

    person_id: PersonId
    number: str
    site_id: SiteId
    practitioner_id: PractitionerId
    demographics: Demographics

    @property
    def ordering(self) -> str:
        """The number by which the laboratory names the clinician, at this site."""
        return f"{self.practitioner_id}@{self.site_id}"


def value(
    patient: DemoPatient, loinc: str, said: str, on: date, *, status: Status = Status.FINAL,
    key: str = "", parent: str = "", flags: tuple[str, ...] = (), notes: tuple[str, ...] = (), unit: str = "",
    kind: str = "NM",
) -> IncomingObservation:  # fmt: skip
    """One OBX, with the range of our own table where it has one for this patient."""
    code = terminology.lab_code(loinc)
    if code is None:
        raise ValueError(f"There is no code {loinc}.")
    return IncomingObservation(
        key=key or loinc,
        parent_key=parent,
        code=Coded(code=loinc, text=code.short, system="LN"),
        value_type=kind,
        value=said,
        unit=(unit or code.unit) if kind in {"NM", "SN"} else "",
        range_text=_range(patient, loinc, on) if kind in {"NM", "SN"} and not parent else "",
        flags=flags,
        notes=notes,
        status=status,
    )


def _range(patient: DemoPatient, loinc: str, on: date) -> str:
    said = patient.demographics
    sex = str(said.sex or "")
    found = terminology.reference_range(loinc, sex=sex, birth_date=said.birth_date, on=on)
    if found is None:
        return ""
    if found.low is not None and found.high is not None:
        return f"{_plain(found.low)}-{_plain(found.high)}"
    if found.high is not None:
        return f"<={_plain(found.high)}"
    return f">={_plain(found.low)}" if found.low is not None else ""


def _plain(number: Decimal) -> str:
    return format(number, "f")


def report(
    patient: DemoPatient, loinc: str, number: str, at: datetime, *observations: IncomingObservation,
    status: Status = Status.FINAL, told_at: datetime | None = None, specimen: str = "Blood",
    notes: tuple[str, ...] = (), attachments: Sequence[Attachment] = (), name: str = "",
) -> IncomingReport:  # fmt: skip
    """One OBR. ``at`` is when the specimen was taken, ``told_at`` when the laboratory said it."""
    code = terminology.lab_code(loinc)
    said_at = told_at or at + timedelta(hours=5)
    return IncomingReport(
        sender=SENDER,
        code=Coded(code=loinc, text=name or (code.short if code else loinc), system="LN"),
        status=status,
        filler_number=number,
        patient=IncomingPatient(
            external_id=patient.number,
            identifiers=(Identifier(system=NUMBERS, type="MR", value=patient.number),),
            demographics=patient.demographics,
        ),
        ordered_by=patient.ordering,
        performer=LABORATORY,
        specimen=specimen,
        collected_at=at,
        collected_text=at.isoformat(),
        issued_at=said_at,
        sent_at=said_at,
        notes=notes,
        observations=observations,
        attachments=tuple(attachments),
    )
