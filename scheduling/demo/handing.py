"""The demo's patients as the other apps' demos are given them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduling.demo import clinic, people
from scheduling.demo.clinicians import CLINICIANS
from steadwell.ids import PersonId, PractitionerId, SiteId

HANDED = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPatient:
    """``number`` is their own number (system ``steadwell-demo``, type MR)."""

    person_id: PersonId
    number: str
    site_id: SiteId
    practitioner_id: PractitionerId


def demo_patients(*, now: datetime) -> list[DemoPatient]:
    """Those who sign in, in the order of the story, then some others; each with a family doctor nearby."""
    patients, _persons = people.make(now.date())
    family = [each for each in CLINICIANS if each.speciality == "general-practice"]
    found = []
    for patient in patients[:HANDED]:
        near = [each for each in family if any(shift[0] == patient.home for shift in each.shifts)] or family
        found.append(
            DemoPatient(
                person_id=patient.person_id,
                number=people.own_number(patient.number),
                site_id=clinic.site_id(patient.home),
                practitioner_id=near[patient.number % len(near)].id,
            )
        )
    return found
