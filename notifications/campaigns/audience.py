"""Who fits, batch by batch: a fixed number of questions for each, whoever they go to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from notifications import ports, readers
from notifications.campaigns.criteria import Account, Criteria, Seen
from notifications.types import Kind
from steadwell.accounts import service as accounts
from steadwell.accounts.service import Contact
from steadwell.identity import service as identity
from steadwell.identity.service import Selected
from steadwell.ids import PersonId, SiteId, VisitTypeId

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """One person who fits, with the language they would be told in and the channels besides the portal."""

    person_id: PersonId
    language: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """``after`` is where the next one begins; None after the last."""

    people: tuple[Fitting, ...]
    after: PersonId | None


def next_batch(criteria: Criteria, *, after: PersonId | None, now: datetime) -> Batch:
    """The next of those who fit now."""
    selected = _select(criteria, after=after, limit=BATCH, now=now)
    fitting, contacts = _fitting(criteria, selected, now)
    return Batch(
        people=tuple(_told(fitting, contacts)),
        after=selected[-1].person_id if len(selected) == BATCH else None,
    )


def who_fit(criteria: Criteria, person_ids: Collection[PersonId], *, now: datetime) -> frozenset[PersonId]:
    """Of these those who fit now, by every id that means them."""
    if not person_ids:
        return frozenset()
    selected = _select(criteria, among=person_ids, limit=len(person_ids), now=now)
    fitting, _ = _fitting(criteria, selected, now)
    return frozenset(each for person in fitting for each in person.person_ids)


def _select(
    criteria: Criteria,
    *,
    limit: int,
    now: datetime,
    after: PersonId | None = None,
    among: Collection[PersonId] | None = None,
) -> list[Selected]:
    born_from, born_until = criteria.born(now.date())
    return identity.select_people(
        born_from=born_from, born_until=born_until, sex=criteria.sex, language=criteria.language,
        after=after, limit=limit, among=among,
    )  # fmt: skip


def _fitting(
    criteria: Criteria, selected: Sequence[Selected], now: datetime
) -> tuple[list[Selected], dict[PersonId, Contact]]:
    """Those of them who fit by what else is asked, and who of them has an account."""
    fitting = _by_visits(criteria, selected, now)
    contacts = accounts.contacts_of([each for person in fitting for each in person.person_ids])
    return [each for each in fitting if _fits_account(criteria, _contact(each, contacts))], contacts


def _by_visits(criteria: Criteria, selected: Sequence[Selected], now: datetime) -> list[Selected]:
    asks_site = criteria.site_id is not None
    if criteria.seen is Seen.ANY and not asks_site and criteria.visit_type_id is None:
        return list(selected)
    if not selected:
        return []
    ids = [each for person in selected for each in person.person_ids]
    site = SiteId(criteria.site_id) if criteria.site_id else None
    kind = VisitTypeId(criteria.visit_type_id) if criteria.visit_type_id else None
    clinic = ports.clinic()
    last = clinic.last_visits(person_ids=ids, site_id=site, visit_type_id=kind, now=now)
    # Of a site's patients those are meant who were there at all, whatever for.
    there = clinic.last_visits(person_ids=ids, site_id=site, visit_type_id=None, now=now) if site else None
    since = _start_of(criteria, clinic.zone_of(site_id=site, now=now))
    return [
        person
        for person in selected
        if (there is None or any(each in there for each in person.person_ids))
        and _fits(criteria, max((last[i] for i in person.person_ids if i in last), default=None), since)
    ]


def _fits(criteria: Criteria, last: datetime | None, since: datetime | None) -> bool:
    if criteria.seen is Seen.ANY or since is None:
        return last is not None or criteria.visit_type_id is None
    was_seen = last is not None and last >= since
    return was_seen if criteria.seen is Seen.AFTER else not was_seen


def _start_of(criteria: Criteria, zone: str) -> datetime | None:
    """Midnight at the clinic of the day that is asked about."""
    if criteria.seen_on is None:
        return None
    return datetime.combine(criteria.seen_on, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _fits_account(criteria: Criteria, contact: Contact | None) -> bool:
    if criteria.account is Account.ANY:
        return True
    return (contact is not None) is (criteria.account is Account.WITH)


def _contact(person: Selected, contacts: dict[PersonId, Contact]) -> Contact | None:
    return next((contacts[each] for each in person.person_ids if each in contacts), None)


def _told(people: Sequence[Selected], contacts: dict[PersonId, Contact]) -> list[Fitting]:
    ids = tuple(each for person in people for each in person.person_ids)
    chosen = readers.choices(ids, Kind.CAMPAIGNS) if contacts else {}
    places = readers.reached([contact.user_id for contact in contacts.values()])
    found = []
    for person in people:
        contact = _contact(person, contacts)
        ways: tuple[str, ...] = ("email",)  # at the clinic's address, where there is one
        language = person.language
        if contact is not None:
            language = contact.language
            ways = _ways(chosen.get(contact.user_id, readers.BY_ITSELF), places[contact.user_id])
        found.append(Fitting(person_id=person.person_id, language=language, ways=ways))
    return found


def _ways(wanted: readers.Wanted, place: readers.Reached) -> tuple[str, ...]:
    by_push = wanted.push and place.has_push
    by_sms = wanted.sms and bool(place.sms) and not by_push
    return tuple(
        way for way, is_used in (("push", by_push), ("sms", by_sms), ("email", wanted.email)) if is_used
    )
