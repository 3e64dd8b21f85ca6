"""Whom a patient's page is about: the reader, or somebody they act for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from steadwell.actor import Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal.access import PortalRequest

READERS = (Role.PATIENT, Role.PROXY)
FIELD = "for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the people a reader may choose between."""

    person_id: PersonId
    name: str
    is_self: bool
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """``choices`` is empty for a reader who acts for nobody but themselves."""

    person_id: PersonId
    name: str
    is_self: bool
    choices: tuple[Choice, ...]

    @property
    def words(self) -> Mapping[str, str]:
        """What keeps the person in an address; nothing where it goes without saying."""
        return {FIELD: str(self.person_id)} if self.choices else {}

    @property
    def query(self) -> str:
        return urlencode(self.words)


def whose(request: PortalRequest, *, now: datetime, person_id: PersonId | None = None) -> Whose | None:
    """The person of ``person_id``, the form or the address; None while the reader has yet to choose.

    Raises NotFound for anybody the reader does not stand for.
    """
    actor = request.actor
    asked = person_id or _asked(request)
    if asked is not None:
        asked = actor.known_as(asked)
        if asked is None:
            raise NotFound
    if not actor.proxy_for:
        return None if actor.person_id is None else _alone(asked or actor.person_id)
    found = choices(request, now=now, current=asked)
    chosen = next((choice for choice in found if choice.is_current), None)
    if chosen is None and len(found) == 1:
        chosen = found[0]
    if chosen is None:
        return None
    return Whose(person_id=chosen.person_id, name=chosen.name, is_self=chosen.is_self, choices=found)


def about(request: PortalRequest, now: datetime, person_id: PersonId | None = None) -> Whose:
    """The person asked for; else the reader, else the first whom they act for. NotFound without any."""
    found = whose(request, now=now, person_id=person_id)
    if found is None:
        people = choices(request, now=now)
        found = whose(request, now=now, person_id=people[0].person_id) if people else None
    if found is None:
        raise NotFound
    return found


def choices(request: PortalRequest, *, now: datetime, current: PersonId | None = None) -> tuple[Choice, ...]:
    """The reader first, then those they act for by name."""
    actor = request.actor
    own = [actor.person_id] if actor.person_id is not None else []
    names = identity.names(actor=actor, person_ids=[*own, *sorted(actor.proxy_for)], now=now)
    found = [
        Choice(
            person_id=person_id,
            name=_("Myself") if person_id == actor.person_id else f"{person.given_name} {person.family_name}",
            is_self=person_id == actor.person_id,
            is_current=person_id == current,
        )
        for person_id, person in names.items()
    ]
    return tuple(sorted(found, key=lambda choice: (not choice.is_self, choice.name)))


def reader_zone() -> tzinfo | None:
    """The zone the reader chose. UTC is what nobody lives in: it means that they have not chosen."""
    zone = timezone.get_current_timezone()
    return None if str(zone) == "UTC" else zone


def _asked(request: PortalRequest) -> PersonId | None:
    text = request.POST.get(FIELD) or request.GET.get(FIELD)
    if not text:
        return None
    try:
        return PersonId(UUID(text))
    except ValueError as error:
        raise NotFound from error


def _alone(person_id: PersonId) -> Whose:
    return Whose(person_id=person_id, name="", is_self=True, choices=())
