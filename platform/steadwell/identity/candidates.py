"""Who a record may be: equal identifiers, and until an engine is bound, the same name and birth date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from steadwell.identity import spelling
from steadwell.identity.models import Link, Person, RecordIdentifier, SearchKey
from steadwell.identity.ports import bound_matcher
from steadwell.identity.types import Candidate, Demographics, Identifier, IdentifierType
from steadwell.ids import PersonId

# One number for a whole household: with another birth date or given name it is the rest of the family, not a
# doubt.
SHARED_TYPES = frozenset({IdentifierType.INSURANCE_MEMBER})


def exact_identifiers(identifiers: Sequence[Identifier]) -> list[tuple[str, str, str]]:
    """(system, type, plain value) of those that say something."""
    return sorted(
        {
            (i.system, i.type, spelling.identifier_value(i.value))
            for i in identifiers
            if not spelling.is_placeholder(i.value)
        }
    )


def words_to_lock(demographics: Demographics, identifiers: Sequence[Identifier]) -> list[str]:
    """What two registrations of the same person have in common."""
    found = ["|".join(i) for i in exact_identifiers(identifiers)]
    if demographics.birth_date:
        found.append(f"{demographics.birth_date}|{'-'.join(spelling.words(demographics.family_name))}")
    return found


def find(*, demographics: Demographics, identifiers: Sequence[Identifier], now: datetime) -> list[Candidate]:
    """Each person once, certain ones first. ``person_id`` is whom the matching record is linked to, also
    after a merge: so a new record goes with it when the merge is undone.
    """
    matcher = bound_matcher(_same_name_and_birth)
    proposed = [
        *_same_identifier(demographics, identifiers),
        *matcher(demographics=demographics, identifiers=identifiers, now=now),
    ]
    current = dict(
        Person.objects.filter(pk__in={c.person_id for c in proposed}).values_list("pk", "current_id")
    )
    found: dict[UUID, Candidate] = {}
    for candidate in proposed:
        who = current[candidate.person_id]
        found[who] = _together(found[who], candidate) if who in found else candidate
    return sorted(found.values(), key=lambda c: (not c.certain, -c.weight, c.person_id))


def _together(one: Candidate, other: Candidate) -> Candidate:
    """Two proposals of the same person. A conflict found with one record is not outweighed by another
    proposal.
    """
    reasons = tuple(dict.fromkeys((*one.reasons, *other.reasons)))
    certain = (one.certain or other.certain) and not any(r.startswith("conflict") for r in reasons)
    return replace(
        other if other.certain and not one.certain else one,
        reasons=reasons,
        weight=max(one.weight, other.weight),
        certain=certain,
    )


def _same_identifier(demographics: Demographics, identifiers: Sequence[Identifier]) -> list[Candidate]:
    exact = exact_identifiers(identifiers)
    if not exact:
        return []
    wanted = Q()
    for system, kind, plain in exact:
        wanted |= Q(system=system, type=kind, plain=plain)
    hits: dict[UUID, list[str]] = {}
    for record_id, kind in (
        RecordIdentifier.objects.filter(wanted, counts=True)
        .values_list("record_id", "type")
        .order_by("pk")[:50]
    ):
        hits.setdefault(record_id, []).append(f"identifier:{kind}")
    if not hits:
        return []
    found: list[Candidate] = []
    links = Link.objects.filter(record_id__in=list(hits), closed_at__isnull=True)
    for link in links.select_related("person").order_by("pk"):
        conflicts = _conflicts(demographics, link.person, link.record_id)
        kinds = {reason.partition(":")[2] for reason in hits[link.record_id]}
        if conflicts and kinds <= SHARED_TYPES:
            continue
        found.append(
            Candidate(
                person_id=PersonId(link.person_id),
                reasons=(*sorted(set(hits[link.record_id])), *conflicts),
                certain=not conflicts,
            )
        )
    return found


def _conflicts(said: Demographics, person: Person, record_id: UUID) -> tuple[str, ...]:
    """Why an equal identifier is not enough: another birth date, or a given name that record never had.

    A changed family name is no conflict (marriage); a changed given name at an equal birth date is how a
    twin looks. Names are compared with everything the record is found by, so that swapped names agree; a
    placeholder on either side neither supports nor contradicts.
    """
    conflicts: list[str] = []
    if said.birth_date and person.birth_date and said.birth_date != person.birth_date:
        conflicts.append("conflict:birth-date")
    if spelling.is_placeholder_name(said.family_name, said.given_name) or spelling.is_placeholder_name(
        person.family_name, person.given_name
    ):
        return tuple(conflicts)
    rows = SearchKey.objects.filter(record_id=record_id).values_list("family", "given")
    known = {word for pair in rows for name in pair for word in name.split()}
    if known and not _have_something_in_common(known, set(spelling.words(said.given_name))):
        conflicts.append("conflict:given-name")
    return tuple(conflicts)


def _have_something_in_common(known: set[str], new: set[str]) -> bool:
    """One word equal, an initial, or one letter apart."""
    if known & new or {w[0] for w in known | new if len(w) == 1} & {w[0] for w in known} & {
        w[0] for w in new
    }:
        return True
    return any(
        set(spelling.shorter_by_one(one)) & set(spelling.shorter_by_one(other))
        for one in known
        for other in new
        if min(len(one), len(other)) > 2 and max(len(one), len(other)) > 3
    )


def _same_name_and_birth(
    *, demographics: Demographics, identifiers: Sequence[Identifier], now: datetime
) -> Sequence[Candidate]:
    """The built-in rule: same birth date, family and given name. Worth a look by a person, never a link."""
    family, given = spelling.words(demographics.family_name), spelling.words(demographics.given_name)
    if not demographics.birth_date or spelling.is_placeholder_name(
        demographics.family_name, demographics.given_name
    ):
        return []
    rows = SearchKey.objects.filter(birth_date=demographics.birth_date, family=" ".join(family))
    same = [
        person_id
        for person_id, found in rows.values_list("person_id", "given")[:50]
        if found.split()[: len(given)] == given
    ]
    return [
        Candidate(person_id=PersonId(person_id), reasons=("name-and-birth-date",))
        for person_id in dict.fromkeys(same)
    ]
