"""Patients as staff find and read them, on the pages of every app."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal import wall_time
from steadwell.portal.access import PortalRequest


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
            name=listed_name(person),
            birth_date=_birth_date(person),
            number=person.number,
            phone=person.phone or "",
            url=url_for(person.person_id),
        )
        for person in people
    ]


def listed_name(person: identity.PersonSummary) -> str:
    """As staff look for it in a list."""
    return f"{person.family_name}, {person.given_name}"


def listed_names(request: PortalRequest, people: Iterable[PersonId], now: datetime) -> dict[PersonId, str]:
    """Of those whom the reader may know, as identity.names."""
    found = identity.names(actor=request.actor, person_ids=sorted(set(people)), now=now)
    return {person_id: listed_name(each) for person_id, each in found.items()}


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
