"""Whose report it is: what identity makes of the patient in the message, and whether that is enough.

A laboratory's word about a patient is a source record of its own (``lab:`` and the sender). It is enough when
a system other than laboratories knows the person too, by an exact identifier, or when a person decided. Else
the report waits (ADR 0093).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from labs.surroundings import Ordered
from labs.types import IncomingPatient
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SourceRecordId

LAB_SOURCE = "lab:"


class Wait(StrEnum):
    """Why a report is nobody's yet."""

    NONE = ""
    NOT_SAID = "patient-not-said"
    UNREADABLE = "patient-unreadable"
    UNKNOWN = "patient-unknown"
    ANOTHERS_ORDER = "order-of-another"  # the order it answers is for somebody else
    PATIENTS_DIFFER = "patients-differ"  # its versions name different people


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    record_id: UUID | None
    person_id: PersonId | None
    waits: Wait


def source_of(sender: str) -> str:
    return LAB_SOURCE + sender


def is_known(standing: identity.RecordStanding) -> bool:
    return standing.decided or any(not source.startswith(LAB_SOURCE) for source in standing.sources)


def recognise(
    *, actor: Actor, sender: str, patient: IncomingPatient | None, order: Ordered | None, now: datetime,
    person_id: PersonId | None = None,
) -> Recognised:  # fmt: skip
    """Who it is about. The order's number is our own: with the same birth date and family name it is
    enough; where the patient is somebody else than the order's, the report waits whatever else is known.
    """
    if person_id is not None:  # whoever sent it knows our own id: there is nobody to recognise
        if order is not None and not identity.same_person(person_id, order.person_id):
            return Recognised(record_id=None, person_id=None, waits=Wait.ANOTHERS_ORDER)
        return Recognised(record_id=None, person_id=person_id, waits=Wait.NONE)
    if patient is None:
        return Recognised(record_id=None, person_id=None, waits=Wait.NOT_SAID)
    external_id = _external_id(patient)
    try:
        identity.register(
            actor=actor, source=source_of(sender), external_id=external_id,
            demographics=patient.demographics, identifiers=patient.identifiers, now=now,
        )  # fmt: skip
    except Invalid:
        return Recognised(record_id=None, person_id=None, waits=Wait.UNREADABLE)
    standing = identity.find_standing(source=source_of(sender), external_id=external_id)
    if standing is None:
        raise RuntimeError("A record that was just registered is not there.")
    if is_known(standing):
        return _known(standing, order)
    if order is not None and _agrees(actor, order.person_id, patient, now):
        return Recognised(record_id=standing.record_id, person_id=order.person_id, waits=Wait.NONE)
    return Recognised(record_id=standing.record_id, person_id=None, waits=Wait.UNKNOWN)


def recognise_repeats(
    several: Sequence[tuple[str, IncomingPatient | PersonId | None, Ordered | None]],
) -> list[Recognised | None]:
    """The same of several, each with its sender, as far as one statement tells: patients whom their
    laboratory names as it did before, or by our own id. None: ``recognise`` it by itself.
    """
    asked = [
        (
            place,
            identity.RecordSaid(
                source=source_of(sender), external_id=_external_id(patient),
                demographics=patient.demographics, identifiers=tuple(patient.identifiers),
            ),
        )
        for place, (sender, patient, _) in enumerate(several)
        if isinstance(patient, IncomingPatient)
    ]  # fmt: skip
    found = [_without_asking(patient, order) for _, patient, order in several]
    standings = identity.standings_of_repeats([said for _, said in asked])
    for (place, _), standing in zip(asked, standings, strict=True):
        order = several[place][2]
        if standing is None:
            continue
        if is_known(standing):
            found[place] = _known(standing, order)
        elif order is None:
            found[place] = Recognised(record_id=standing.record_id, person_id=None, waits=Wait.UNKNOWN)
    return found


def _without_asking(patient: IncomingPatient | PersonId | None, order: Ordered | None) -> Recognised | None:
    if patient is None:
        return Recognised(record_id=None, person_id=None, waits=Wait.NOT_SAID)
    if isinstance(patient, IncomingPatient) or order is not None:
        return None
    return Recognised(record_id=None, person_id=patient, waits=Wait.NONE)


def _known(standing: identity.RecordStanding, order: Ordered | None) -> Recognised:
    if order is not None and not _same(standing, order.person_id):
        return Recognised(record_id=standing.record_id, person_id=None, waits=Wait.ANOTHERS_ORDER)
    return Recognised(record_id=standing.record_id, person_id=standing.person_id, waits=Wait.NONE)


def _external_id(patient: IncomingPatient) -> str:
    if patient.external_id:
        return patient.external_id
    first = next(iter(patient.identifiers), None)
    return f"{first.system}|{first.value}" if first else ""


def _same(standing: identity.RecordStanding, person_id: PersonId) -> bool:
    return person_id in {standing.person_id, standing.current_id} or identity.same_person(
        standing.person_id, person_id
    )


def _agrees(actor: Actor, person_id: PersonId, patient: IncomingPatient, now: datetime) -> bool:
    known = identity.names(actor=actor, person_ids=[person_id], now=now).get(person_id)
    said = patient.demographics
    return known is not None and _alike(
        (known.family_name, known.birth_date), (said.family_name, said.birth_date)
    )


def record_agrees(record_id: SourceRecordId, person_id: PersonId, *, actor: Actor, now: datetime) -> bool:
    """Whether a laboratory's record of its patient has the birth date and the family name of this person."""
    standing = next(iter(identity.list_standings(record_ids=[record_id])))
    found = identity.names(actor=actor, person_ids=[standing.person_id, person_id], now=now)
    said, known = found.get(standing.person_id), found.get(person_id)
    if said is None or known is None:
        return False
    return _alike((known.family_name, known.birth_date), (said.family_name, said.birth_date))


def _alike(one: tuple[str, date | None], other: tuple[str, date | None]) -> bool:
    names = [family.strip().casefold() for family, _ in (one, other)]
    return bool(names[0]) and names[0] == names[1] and one[1] is not None and one[1] == other[1]
