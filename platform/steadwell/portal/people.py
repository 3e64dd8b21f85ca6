"""Patients as staff find and read them, on the pages of every app."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal import wall_time


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A line of ``portal/components/person_rows.html``."""

    name: str
    birth_date: str
    number: str
    phone: str
    url: str


def person_rows(
    people: Iterable[identity.PersonSummary], *, url_for: Callable[[PersonId], str]
) -> list[PersonRow]:
    return [
        PersonRow(
            name=f"{person.family_name}, {person.given_name}",
            birth_date=_birth_date(person),
            number=person.number,
            phone=person.phone or "",
            url=url_for(person.person_id),
        )
        for person in people
    ]


def person_facts(person: identity.PersonSummary) -> list[tuple[str, str]]:
    """What tells a patient from another of the same name, as label and value."""
    return [
        (_("Birth date"), _birth_date(person)),
        (_("Record number"), person.number),
        (_("Telephone"), person.phone or ""),
        (_("E-mail address"), person.email or ""),
    ]


def _birth_date(person: identity.PersonSummary) -> str:
    return wall_time.day_text(person.birth_date, "day-short-year") if person.birth_date else ""
