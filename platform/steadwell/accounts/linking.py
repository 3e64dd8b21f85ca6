"""A patient who signed up says which record is theirs: the record number and the birth date, both exactly."""

from __future__ import annotations

from datetime import date, datetime

from steadwell.accounts import auditing, portal_access
from steadwell.accounts.errors import AlreadyLinked, RecordNotMatched
from steadwell.accounts.people import link_person
from steadwell.actor import Actor, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId


def link_by_number(
    *, actor: Actor, user_id: UserId, number: str, birth_date: date, now: datetime
) -> PersonId:
    """Link the signed-in user to the one patient with this record number and birth date.

    Raises RecordNotMatched when there is none, when the record has an account already (who holds it is
    nobody's business), and when the clinic ended an account's access. Tries are limited at the door, and each
    is recorded.
    """
    found = [
        person.person_id
        for person in identity.search(actor=system("accounts.link"), text=number, now=now, limit=5)
        if _same(person.number, number) and person.birth_date == birth_date
    ]
    if len(found) == 1 and not portal_access.only_the_clinic_links(found[0]):
        try:
            link_person(actor=actor, user_id=user_id, person_id=found[0], now=now)
        except AlreadyLinked:
            pass
        else:
            return found[0]
    auditing.record(actor=actor, action="link_refused", now=now, user_id=user_id)
    raise RecordNotMatched


def _same(held: str | None, given: str) -> bool:
    def bare(text: str) -> str:
        return "".join(character for character in text if character.isalnum()).upper()

    return bool(held) and bare(held or "") == bare(given)
