"""Who reads what is told about a person, how they want it, and where they are reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models import Channel, ReaderChoice
from notifications.quiet import USUAL, USUAL_DIGEST, QuietHours
from notifications.types import Kind
from steadwell.accounts import service as accounts
from steadwell.actor import system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

_ACTOR = system("notifications")
NOT_CHOSEN = "UTC"  # what nobody lives in: the account's owner has not said where they are

# Everything about how some readers are reached, in one statement. An address that turned mail away is not
# used until it is confirmed again, the account's own included.
_REACHED = """
SELECT r.id, s.quiet_from, s.quiet_until, s.quiet_email, s.digest_at, s.most_per_day,
    s.reader_id IS NOT NULL,
    (SELECT c.address FROM notifications_contactpoint c WHERE c.reader_id = r.id AND c.channel = 'sms'
        AND c.removed_at IS NULL AND c.disabled_at IS NULL AND c.verified_at IS NOT NULL),
    (SELECT c.address FROM notifications_contactpoint c WHERE c.reader_id = r.id AND c.channel = 'email'
        AND c.removed_at IS NULL AND c.disabled_at IS NULL AND c.verified_at IS NOT NULL),
    ARRAY(SELECT c.address FROM notifications_contactpoint c WHERE c.reader_id = r.id
        AND c.removed_at IS NULL AND c.disabled_at IS NOT NULL),
    EXISTS (SELECT FROM notifications_pushsubscription p WHERE p.reader_id = r.id AND p.ended_at IS NULL)
FROM unnest(%s::uuid[]) AS r (id) LEFT JOIN notifications_readersettings s ON s.reader_id = r.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The channels one reader wants for a kind of news about one person; ``digest``: e-mail once a day."""

    email: bool
    sms: bool
    push: bool
    digest: bool = False


NOTHING = Wanted(email=False, sms=False, push=False)
BY_ITSELF = Wanted(email=True, sms=False, push=True)  # a patient who has not chosen; a proxy gets nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where and when one reader is reached. ``sms`` is E.164 and confirmed, or empty; so is ``email``, which
    stands in for the account's address; ``dead`` are addresses not to be used.
    """

    hours: QuietHours | None = USUAL
    quiet_email: bool = False
    digest_at: time = USUAL_DIGEST
    most_per_day: int = 0
    sms: str = ""
    email: str = ""
    dead: frozenset[str] = frozenset()
    has_push: bool = False

    def hours_of(self, channel: str) -> QuietHours | None:
        """Those in which nothing comes by it. A call is made by a person, who sees what time it is."""
        if channel == Channel.VOICE or (channel == Channel.EMAIL and not self.quiet_email):
            return None
        return self.hours

    def address(self, of_account: str) -> str:
        """The e-mail address to use, or empty."""
        found = self.email or of_account
        return "" if found in self.dead else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One reader. ``reader_id`` is None for a patient who has no account."""

    reader_id: UserId | None
    email: str
    language: str
    time_zone: str
    is_patient: bool
    wanted: Wanted
    reached: Reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody to tell. ``person_id`` is the id under which the patient's own account knows them;
    ``person_ids`` are all of theirs.
    """

    person_id: PersonId
    person_ids: tuple[PersonId, ...]
    language: str
    recipients: tuple[Recipient, ...]
    has_reader: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose audience is asked for, and for which news."""

    person_id: PersonId
    kind: Kind
    only_patient: bool = False


def audiences_of(several: Sequence[Asked], *, now: datetime) -> list[Audience]:
    """Patients and proxies with their choices, in the order asked for; six statements at most. A patient
    without an account is written to at the clinic's address; not with ``only_patient``, for that address may
    be a parent's. Raises NotFound when one of them is nobody.
    """
    ids = identity.ids_of_many({each.person_id for each in several})
    if any(each.person_id not in ids for each in several):
        raise NotFound
    every = {person_id for same in ids.values() for person_id in same}
    by_person: dict[PersonId, list[accounts.Reader]] = {}
    for reader in accounts.list_readers(every, now=now):
        by_person.setdefault(reader.person_id, []).append(reader)
    found = [_readers_of(ids[each.person_id], by_person, only_patient=each.only_patient) for each in several]
    user_ids = {reader.contact.user_id for each in found for reader in each}
    chosen = _choices_of(every, {each.kind for each in several}) if user_ids else ()
    places = reached(user_ids)
    without = {
        each.person_id
        for each, theirs in zip(several, found, strict=True)
        if not any(reader.is_patient for reader in theirs)
    }
    known = identity.names(actor=_ACTOR, person_ids=without, now=now)
    if len(known) != len(without):
        raise NotFound
    return [
        _audience(each, ids[each.person_id], theirs, chosen, places, known.get(each.person_id))
        for each, theirs in zip(several, found, strict=True)
    ]


def _readers_of(
    ids: tuple[PersonId, ...],
    by_person: Mapping[PersonId, Sequence[accounts.Reader]],
    *,
    only_patient: bool,
) -> list[accounts.Reader]:
    """The patient first, then those who act for them; each once, under whichever id they read."""
    theirs = [reader for person_id in ids for reader in by_person.get(person_id, ())]
    theirs.sort(key=lambda reader: (not reader.is_patient, reader.contact.user_id))
    once: dict[UserId, accounts.Reader] = {}
    for reader in theirs:
        if reader.is_patient or not only_patient:
            once.setdefault(reader.contact.user_id, reader)
    return list(once.values())


def _audience(
    asked: Asked,
    ids: tuple[PersonId, ...],
    found: Sequence[accounts.Reader],
    chosen: Iterable[ReaderChoice],
    places: Mapping[UserId, Reached],
    known: identity.PersonSummary | None,
) -> Audience:
    """``known``: the patient, where they have no account of their own."""
    wanted = _wanted(ids, asked.kind, chosen)
    recipients = [
        Recipient(
            reader_id=r.contact.user_id,
            email=places[r.contact.user_id].address(r.contact.email),
            language=r.contact.language,
            time_zone=r.contact.time_zone,
            is_patient=r.is_patient,
            wanted=wanted.get(r.contact.user_id, BY_ITSELF if r.is_patient else NOTHING),
            reached=places[r.contact.user_id],
        )
        for r in found
    ]
    own = next((reader for reader in found if reader.is_patient), None)
    if known is not None and not asked.only_patient:
        recipients.append(_without_account(known))
    return Audience(
        person_id=own.person_id if own else ids[0],
        person_ids=ids,
        language=own.contact.language if own else known.language if known else "",
        recipients=tuple(recipients),
        has_reader=bool(found),
    )


def _without_account(known: identity.PersonSummary) -> Recipient:
    return Recipient(
        reader_id=None, email=known.email or "", language=known.language, time_zone=NOT_CHOSEN,
        is_patient=True, wanted=Wanted(email=True, sms=False, push=False), reached=Reached(),
    )  # fmt: skip


def reached(reader_ids: Iterable[UserId]) -> dict[UserId, Reached]:
    """Where and when these readers are reached. One statement, none for nobody."""
    ids = list(reader_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, [ids])
        return {UserId(row[0]): _reached(row) for row in cursor.fetchall()}


def _reached(row: tuple[Any, ...]) -> Reached:
    _, start, end, quiet_email, digest_at, most, has_chosen, sms, email, dead, has_push = row
    hours = (QuietHours(start=start, end=end) if start else None) if has_chosen else USUAL
    return Reached(
        hours=hours,
        quiet_email=bool(quiet_email),
        digest_at=digest_at or USUAL_DIGEST,
        most_per_day=most or 0,
        sms=sms or "",
        email=email or "",
        dead=frozenset(dead),
        has_push=has_push,
    )


def choices(person_ids: tuple[PersonId, ...], kind: Kind) -> Mapping[UUID, Wanted]:
    """What readers chose, by reader; the newest where a merge brought two together. Nobody may decline what
    is about their safety: there the patient's choice is not asked.
    """
    return _wanted(person_ids, kind, _choices_of(person_ids, {kind}))


def _choices_of(person_ids: Iterable[PersonId], kinds: Iterable[Kind]) -> list[ReaderChoice]:
    """What was chosen about these persons, oldest first."""
    asked = {kind for kind in kinds if kind is not Kind.SAFETY}
    if not asked:
        return []
    found = ReaderChoice.objects.filter(person_id__in=list(person_ids), kind__in=asked)
    return list(found.order_by("changed_at"))


def _wanted(
    person_ids: tuple[PersonId, ...], kind: Kind, chosen: Iterable[ReaderChoice]
) -> Mapping[UUID, Wanted]:
    return {
        row.reader_id: wanted_of(row) for row in chosen if row.kind == kind and row.person_id in person_ids
    }


def wanted_of(row: ReaderChoice) -> Wanted:
    """Where a row says nothing about a channel: as one who chose e-mail would have it by itself."""
    return Wanted(
        email=row.email,
        sms=bool(row.sms),
        push=row.email if row.push is None else row.push,
        digest=row.digest,
    )
