"""What readers chose since a message was told to them: a way that they declined meanwhile is not taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol
from uuid import UUID

from notifications import readers
from notifications.models import Channel, ReaderChoice
from notifications.types import Kind, Urgency
from notifications.wording import TEMPLATES
from steadwell.identity import service as identity
from steadwell.ids import PersonId

DECLINED = "declined"


class Carried(Protocol):
    """What is asked about a message on its way."""

    @property
    def id(self) -> UUID: ...
    @property
    def key(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def urgency(self) -> str: ...
    @property
    def person_id(self) -> UUID | None: ...
    @property
    def reader_id(self) -> UUID | None: ...


def declined(rows: Iterable[Carried]) -> Mapping[UUID, readers.Wanted]:
    """By message what its reader wants now, where that is not this way. Nothing of what is urgent or cannot
    be declined, and nobody who has chosen nothing. Two statements, none for nothing.
    """
    asked = [each for each in rows if each.reader_id and each.person_id and _may_be_declined(each)]
    if not asked:
        return {}
    same = identity.ids_of_many({PersonId(each.person_id) for each in asked if each.person_id})
    chosen = _choices(same.values(), asked)
    found = {}
    for each in asked:
        assert each.person_id is not None  # noqa: S101 - asked for above
        ids = same.get(PersonId(each.person_id), (PersonId(each.person_id),))
        newest = max(
            (
                row
                for row in chosen
                if row.reader_id == each.reader_id and row.person_id in ids and row.kind == _kind(each)
            ),
            key=lambda row: row.changed_at,
            default=None,
        )
        if newest is not None and not _wants(wanted := readers.wanted_of(newest), each.channel):
            found[each.id] = wanted
    return found


def _may_be_declined(each: Carried) -> bool:
    template = TEMPLATES[each.template]
    return each.urgency != Urgency.URGENT and not template.must_reach and template.kind is not Kind.SAFETY


def _kind(each: Carried) -> str:
    return TEMPLATES[each.template].kind.value


def _choices(same: Iterable[Collection[PersonId]], asked: Collection[Carried]) -> list[ReaderChoice]:
    rows = ReaderChoice.objects.filter(
        person_id__in={one for several in same for one in several},
        reader_id__in={each.reader_id for each in asked}, kind__in={_kind(each) for each in asked},
    )  # fmt: skip
    return list(rows)


def _wants(wanted: readers.Wanted, channel: str) -> bool:
    by: Mapping[str, bool] = {
        Channel.EMAIL: wanted.email, Channel.SMS: wanted.sms, Channel.PUSH: wanted.push,
    }  # fmt: skip
    return by.get(channel, True)
