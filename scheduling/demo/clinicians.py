"""Who works at the demo clinic, and when."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid5

from scheduling.demo.people import NAMESPACE
from steadwell.ids import PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinician:
    """Shifts: (site, weekdays, from, until), hours as whole numbers."""

    name: str
    title: str
    speciality: str
    languages: tuple[str, ...]
    shifts: tuple[tuple[int, tuple[int, ...], int, int], ...]

    @property
    def id(self) -> PractitionerId:
        return PractitionerId(uuid5(NAMESPACE, f"clinician:{self.name}"))


_WEEK = (0, 1, 2, 3, 4)
CLINICIANS = (
    Clinician(
        name="Dr. Amara Okafor",
        title="Family doctor",
        speciality="general-practice",
        languages=("en", "fr"),
        shifts=((0, _WEEK, 8, 12), (0, _WEEK, 13, 17)),
    ),
    Clinician(
        name="Dr. Elena Castillo",
        title="Family doctor",
        speciality="general-practice",
        languages=("en", "es"),
        shifts=((0, _WEEK, 9, 13), (0, (1, 3), 16, 20), (0, (5,), 9, 12)),
    ),
    Clinician(
        name="Dr. James Whitfield",
        title="Family doctor",
        speciality="general-practice",
        languages=("en",),
        shifts=((1, _WEEK, 8, 12), (1, (0, 2, 4), 13, 17)),
    ),
    Clinician(
        name="Dr. Hanna Lindqvist",
        title="Family doctor",
        speciality="general-practice",
        languages=("en", "de"),
        shifts=((2, _WEEK, 8, 12), (2, _WEEK, 13, 16)),
    ),
    Clinician(
        name="Dr. Samuel Osei",
        title="Children's doctor",
        speciality="paediatrics",
        languages=("en",),
        shifts=((0, (0, 1, 2), 8, 13), (1, (3, 4), 8, 13)),
    ),
    Clinician(
        name="Dr. Lucia Ferrer",
        title="Children's doctor",
        speciality="paediatrics",
        languages=("en", "es"),
        shifts=((1, (0, 1, 2), 9, 14), (1, (3,), 14, 18), (1, (5,), 9, 12)),
    ),
    Clinician(
        name="Dr. Priya Raman",
        title="Gynaecologist",
        speciality="womens-health",
        languages=("en", "hi"),
        shifts=((0, (0, 1, 3), 9, 15),),
    ),
    Clinician(
        name="Dr. Naomi Feldman",
        title="Gynaecologist",
        speciality="womens-health",
        languages=("en",),
        shifts=((2, (0, 2, 4), 9, 15),),
    ),
    Clinician(
        name="Dr. Tomas Herrera",
        title="Psychotherapist",
        speciality="mental-health",
        languages=("en", "es"),
        shifts=((0, (1, 2, 3), 10, 18),),
    ),
    Clinician(
        name="Anna Kowalska",
        title="Counsellor",
        speciality="mental-health",
        languages=("en", "pl"),
        shifts=((1, (0, 2, 4), 10, 17), (1, (3,), 15, 19)),
    ),
    Clinician(
        name="Marcus Bell",
        title="Physiotherapist",
        speciality="physiotherapy",
        languages=("en",),
        shifts=((0, _WEEK, 8, 12), (0, (0, 2, 4), 13, 17)),
    ),
    Clinician(
        name="Yuki Tanaka",
        title="Physiotherapist",
        speciality="physiotherapy",
        languages=("en",),
        shifts=((2, _WEEK, 9, 15),),
    ),
    Clinician(
        name="Dr. Mei Chen",
        title="Skin doctor",
        speciality="dermatology",
        languages=("en", "zh"),
        shifts=((0, (0, 4), 9, 16), (1, (2,), 9, 16)),
    ),
    Clinician(
        name="Dr. Omar Haddad",
        title="Skin doctor",
        speciality="dermatology",
        languages=("en", "ar"),
        shifts=((2, (1, 3), 9, 16),),
    ),
)
