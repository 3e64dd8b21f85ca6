"""Who reads what is told about a person, and by which channels they want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifications.models import ReaderChoice
from notifications.types import Kind
from steadwell.accounts import service as accounts
from steadwell.actor import system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

_ACTOR = system("notifications")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Where one reader's mail goes. ``reader_id`` is None for a patient who has no account."""

    reader_id: UserId | None
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody to tell. ``person_id`` is the id under which the patient's own account knows them."""

    person_id: PersonId
    language: str
    by_email: tuple[Recipient, ...]
    has_reader: bool


def audience_of(person_id: PersonId, kind: Kind, *, now: datetime, only_patient: bool = False) -> Audience:
    """Patient and proxies with their choices. A patient without an account is written to at the clinic's
    address; not with ``only_patient``, for that address may be a parent's.
    """
    ids = identity.person_ids_of(person_id)
    if not ids:
        raise NotFound
    readers = accounts.readers_of(ids, now=now)
    wanted = email_choices(ids, kind) if kind is not Kind.SAFETY else {}
    own = next((reader for reader in readers if reader.is_patient), None)
    by_email = [
        Recipient(reader_id=r.contact.user_id, email=r.contact.email, language=r.contact.language)
        for r in readers
        if wanted.get(r.contact.user_id, r.is_patient) and (r.is_patient or not only_patient)
    ]
    language = own.contact.language if own else ""
    if own is None:
        known = identity.get_person(actor=_ACTOR, person_id=person_id, now=now)
        language = known.language
        if not only_patient:
            by_email.append(Recipient(reader_id=None, email=known.email or "", language=language))
    return Audience(
        person_id=own.person_id if own else ids[0],
        language=language,
        by_email=tuple(by_email),
        has_reader=bool(readers),
    )


def address_of(person_id: PersonId, reader_id: UserId | None, *, now: datetime) -> str:
    """The reader's address as it is now, or empty. A proxy whose right ended meanwhile has none."""
    if reader_id is None:
        return identity.get_person(actor=_ACTOR, person_id=person_id, now=now).email or ""
    readers = accounts.readers_of(identity.person_ids_of(person_id), now=now)
    return next((r.contact.email for r in readers if r.contact.user_id == reader_id), "")


def staff_address(reader_id: UserId | None) -> str:
    """The address of a member of staff as it is now; empty for one whose account was disabled meanwhile."""
    contact = accounts.contacts_of_users([reader_id]).get(reader_id) if reader_id else None
    return contact.email if contact else ""


def email_choices(person_ids: tuple[PersonId, ...], kind: Kind) -> Mapping[UUID, bool]:
    """What readers chose, by reader; the newest where a merge brought two together."""
    rows = ReaderChoice.objects.filter(person_id__in=person_ids, kind=kind).order_by("changed_at")
    return dict(rows.values_list("reader_id", "email"))
