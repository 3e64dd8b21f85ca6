"""Where a message goes, as its reader can be reached now: asked for a whole batch in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from notifications import contact_points, readers
from notifications.models import Channel, PushSubscription
from notifications.quiet import QuietHours
from notifications.types import Device
from steadwell.accounts import service as accounts
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

_ACTOR = system("notifications")
MOST_DEVICES = 10  # of one reader, the latest: a call to each has to fit into one deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One message, as far as its address goes. No person: it is for a member of staff."""

    message_id: UUID
    channel: str
    person_id: UUID | None
    reader_id: UUID | None
    # A code goes to the address that it confirms, named by ``about``.
    is_code: bool = False
    about: UUID | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """An e-mail address or a telephone number; for a push the devices, and their number as text. Of a reader
    with an account also their language, and the hours in which nothing comes this way, by the clock of their
    ``zone``.
    """

    text: str = ""
    devices: tuple[Device, ...] = ()
    language: str = ""
    hours: QuietHours | None = None
    zone: str = readers.NOT_CHOSEN


NOWHERE = Where()


def resolve(wanted: Collection[Wanted], *, now: datetime) -> Mapping[UUID, Where]:
    """By message. One whose reader has no address there, or no right any more, is left out."""
    persons = {PersonId(each.person_id) for each in wanted if each.person_id}
    ids = identity.ids_of_many(persons) if persons else {}
    reading = _reading(ids, now=now)
    staff = accounts.contacts_of_users(
        [each.reader_id for each in wanted if each.person_id is None and each.reader_id]
    ) if any(each.person_id is None for each in wanted) else {}  # fmt: skip
    known = _known(wanted, now=now)
    devices = _devices([each.reader_id for each in wanted if each.channel == Channel.PUSH])
    chosen = readers.reached({UserId(each.reader_id) for each in wanted if each.reader_id and each.person_id})
    found = {message_id: Where(text=text) for message_id, text in _codes(wanted).items()}
    for each in wanted:
        if each.is_code:
            continue
        email, is_patient, reader = "", True, None
        if each.person_id is None:
            contact = staff.get(UserId(each.reader_id)) if each.reader_id else None
            email = contact.email if contact else ""
            may = contact is not None
        elif each.reader_id is None:
            email, may = known.get(each.person_id, ("", ""))[0], True
        else:
            reader = reading.get((each.person_id, each.reader_id))
            email, is_patient = (reader.contact.email, reader.is_patient) if reader else ("", False)
            may = reader is not None
        place = chosen.get(UserId(each.reader_id), readers.Reached()) if each.reader_id else readers.Reached()
        where = _where(each, place, email, known if is_patient else {}, devices) if may else NOWHERE
        if where.text and reader is not None:
            where = replace(
                where, language=reader.contact.language, zone=reader.contact.time_zone,
                hours=place.hours_of(each.channel),
            )  # fmt: skip
        if where.text:
            found[each.message_id] = where
    return found


def _where(
    each: Wanted,
    place: readers.Reached,
    email: str,
    known: Mapping[UUID, tuple[str, str]],
    devices: Mapping[UUID, tuple[Device, ...]],
) -> Where:
    if each.channel == Channel.EMAIL:
        return Where(text=place.address(email))
    if each.channel == Channel.PUSH:
        theirs = devices.get(each.reader_id, ()) if each.reader_id else ()
        return Where(text=str(len(theirs)) if theirs else "", devices=theirs)
    if each.channel == Channel.SMS and place.sms:
        return Where(text=place.sms)
    # Else the number that the clinic wrote down: of the patient only, and not one that took nothing before.
    phone = known.get(each.person_id, ("", ""))[1] if each.person_id else ""
    return Where(text="" if each.channel == Channel.SMS and phone in place.dead else phone)


def _reading(
    ids: Mapping[PersonId, tuple[PersonId, ...]], *, now: datetime
) -> dict[tuple[UUID, UUID], accounts.Reader]:
    """Each who reads for a person now, by any id that means the person."""
    if not ids:
        return {}
    found: dict[tuple[UUID, UUID], accounts.Reader] = {}
    by_id: dict[PersonId, list[PersonId]] = {}
    for asked, same in ids.items():
        for one in same:
            by_id.setdefault(one, []).append(asked)
    for reader in accounts.list_readers(list(by_id), now=now):
        for asked in by_id[reader.person_id]:
            found[asked, reader.contact.user_id] = reader
    return found


def _known(wanted: Iterable[Wanted], *, now: datetime) -> Mapping[UUID, tuple[str, str]]:
    """E-mail and telephone as the clinic wrote them down; looked up, and audited, only where needed."""
    persons = {
        PersonId(each.person_id)
        for each in wanted
        if each.person_id and (each.channel in {Channel.SMS, Channel.VOICE} or each.reader_id is None)
    }
    if not persons:
        return {}
    summaries = identity.names(actor=_ACTOR, person_ids=persons, now=now)
    return {person_id: (one.email or "", one.phone or "") for person_id, one in summaries.items()}


def _devices(reader_ids: Iterable[UUID | None]) -> Mapping[UUID, tuple[Device, ...]]:
    wanted = {each for each in reader_ids if each}
    found: dict[UUID, tuple[Device, ...]] = {}
    if not wanted:
        return found
    rows = PushSubscription.objects.filter(reader_id__in=wanted, ended_at__isnull=True).order_by("id")
    for row in rows:
        device = Device(device_id=row.pk, endpoint=row.endpoint, public_key=row.public_key, auth=row.auth)
        found[row.reader_id] = (*found.get(row.reader_id, ()), device)[-MOST_DEVICES:]
    return found


def _codes(wanted: Iterable[Wanted]) -> Mapping[UUID, str]:
    asked = {each.message_id: (each.about, each.key) for each in wanted if each.is_code}
    return contact_points.addresses_of_codes(asked) if asked else {}
