"""Slots have no rows: they are what the clinic's hours leave open (ADR 0040). A slot's id names its visit
type, clinician and site by the beginnings of their digests, and its start.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fhir_facade.server import slot_matching
from fhir_facade.server.access import Access
from fhir_facade.server.elements import reference, resource
from fhir_facade.server.registry import Definition
from fhir_facade.server.resources.healthcare_service import VISIT_TYPE
from fhir_facade.server.resources.practitioner_role import specialities
from fhir_facade.server.resources.set_up import version_of
from fhir_facade.server.search import running
from fhir_facade.server.search.clauses import MOST_COUNT, Clause, Query
from fhir_facade.server.search.matching import named
from fhir_facade.server.search.moments import Stretch
from fhir_facade.server.wire import Resource, instant
from scheduling import service as scheduling
from steadwell.ids import PractitionerId, SiteId

_FORM = re.compile(r"([0-9a-f]{12})([0-9a-f]{12})([0-9a-f]{12})-(\d{1,12})")
LONGEST = timedelta(days=62)  # of one search
DEFAULT = timedelta(days=14)
FARTHEST = timedelta(days=3_650)
MOST = 2_000
# The same in SQL, of a visit's row.
SQL = (
    "(left(md5(t.visit_type_id::text), 12) || left(md5(t.practitioner_id::text), 12)"
    " || left(md5(t.site_id::text), 12) || '-' || extract(epoch FROM t.starts_at)::bigint)"
)


def digest(key: UUID) -> str:
    return hashlib.md5(str(key).encode(), usedforsecurity=False).hexdigest()[:12]


def schedule_id(practitioner_id: UUID, site_id: UUID) -> UUID:
    """As the relation of places has it."""
    text = f"{practitioner_id}{site_id}".encode()
    return UUID(hashlib.md5(text, usedforsecurity=False).hexdigest())


def slot_id(ref: scheduling.OfferRef) -> str:
    parts = (ref.visit_type_id, ref.practitioner_id, ref.site_id)
    return "".join(digest(each) for each in parts) + f"-{int(ref.starts_at.timestamp())}"


def offer_of(key: str, *, now: datetime) -> scheduling.OfferRef | None:
    """What a slot's id names; None for one that names nothing here."""
    match = _FORM.fullmatch(key)
    if match is None:
        return None
    clinic = scheduling.get_clinic(now=now)
    kind, clinician, site, start = match.groups()
    kinds = [each for each in clinic.visit_types if digest(each) == kind]
    clinicians = [each for each in clinic.practitioners if digest(each) == clinician]
    sites = [each for each in clinic.sites if digest(each) == site]
    if not (len(kinds) == len(clinicians) == len(sites) == 1):
        return None
    try:
        starts_at = datetime.fromtimestamp(int(start), UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return scheduling.OfferRef(
        visit_type_id=kinds[0], practitioner_id=clinicians[0], site_id=sites[0], starts_at=starts_at
    )


def find(access: Access, query: Query) -> list[Resource]:
    """Free times in order. Busy ones are not listed: whose visit it is stands in Appointment."""
    if any(clause.has for clause in query.clauses):
        return []  # what would point at it is a visit, and then it is not free
    within = stretch_of(query, now=access.now)
    asked = [(clause, _schedules(access, clause)) for clause in query.clauses]
    found = []
    for offer in offers(access, query, within):
        if within.low <= offer.starts_at < within.high:
            slot = _slot(offer, "free", access)
            if all(slot_matching.holds(clause, slot, offer, keys) for clause, keys in asked):
                found.append(slot)
    return sorted(found, key=lambda each: (each["start"], each["id"]))[:MOST]


def _schedules(access: Access, clause: Clause) -> frozenset[str] | None:
    """Of a clause about schedules, which those are; None for any other."""
    if clause.param.name != "schedule" or clause.modifier:
        return None
    if not clause.chain:
        return frozenset(named(value, base=access.base)[1] for value in clause.values)
    return frozenset(
        str(each.resource["id"])
        for target, inner in clause.chain
        if access.rules(target.type, "s")
        for each in running.search(access, _of(target, inner)).matches
    )


def _of(target: Definition, inner: Clause) -> Query:
    return Query(definition=target, clauses=(inner,), count=MOST_COUNT)


def offers(access: Access, query: Query, within: Stretch) -> Iterator[scheduling.Offer]:
    clinic = scheduling.get_clinic(now=access.now)
    practitioners, sites = _places(query.first("schedule"), access, clinic)
    if practitioners == [] or sites == [] or within.low >= within.high:
        return
    for kind in clinic.visit_types.values():
        if not _of_kind(query, kind):
            continue
        found = scheduling.search(
            actor=access.actor,
            visit_type_id=kind.visit_type_id,
            now=access.now,
            from_on=within.low.date() - timedelta(days=1),
            until_on=within.high.date(),
            limit=MOST,
            practitioner_ids=practitioners or (),
            site_ids=sites or (),
        )
        for offer in found.offers:
            if not practitioners or (
                offer.practitioner_id in practitioners and offer.site_id in (sites or ())
            ):
                yield offer


def _of_kind(query: Query, kind: scheduling.VisitTypeInfo) -> bool:
    clause = query.first("service-type")
    if clause is None or clause.modifier:
        return True
    return any(
        value in {kind.code, f"{VISIT_TYPE}|{kind.code}", f"{VISIT_TYPE}|", str(kind.visit_type_id)}
        for value in clause.values
    )


def _places(
    clause: Clause | None, access: Access, clinic: scheduling.ClinicInfo
) -> tuple[list[PractitionerId] | None, list[SiteId] | None]:
    if clause is None or clause.modifier:
        return None, None
    wanted = {named(value, base=access.base)[1] for value in clause.values}
    pairs = [
        (each.practitioner_id, site)
        for each in clinic.practitioners.values()
        for site in each.site_ids
        if str(schedule_id(each.practitioner_id, site)) in wanted
    ]
    return sorted({p for p, _ in pairs}), sorted({s for _, s in pairs})


def stretch_of(query: Query, *, now: datetime) -> Stretch:
    """Where slots must begin; by default the next two weeks, at most two months. What is over is not free,
    and no calendar reaches ten years ahead.
    """
    low: datetime | None = None
    high: datetime | None = None
    for clause in query.clauses:
        if clause.param.name != "start" or clause.modifier:
            continue
        several = [slot_matching.bounds(value) for value in clause.values]
        begins, ends = [begin for begin, _ in several], [end for _, end in several]
        if None not in begins:  # one of its values is enough: the earliest
            begin = min(each for each in begins if each)
            low = max(low, begin) if low else begin
        if None not in ends:
            end = max(each for each in ends if each)
            high = min(high, end) if high else end
    start = max(low or now, now)
    if start > now + FARTHEST:
        return Stretch(now, now)
    return Stretch(start, min(high or start + DEFAULT, start + LONGEST))


def get(access: Access, key: str) -> Resource | None:
    """A slot by id, free or busy."""
    ref = offer_of(key, now=access.now)
    if ref is None:
        return None
    try:
        offer = scheduling.describe_offer(ref=ref, now=access.now)
    except scheduling.OutsideAvailability:
        return None
    on = ref.starts_at.date()
    found = scheduling.search(
        actor=access.actor,
        visit_type_id=ref.visit_type_id,
        now=access.now,
        from_on=on - timedelta(days=1),
        until_on=on + timedelta(days=1),
        limit=MOST,
        practitioner_ids=[ref.practitioner_id],
        site_ids=[ref.site_id],
    )
    free = any(each.ref == ref for each in found.offers)
    return _slot(offer, "free" if free else "busy", access)


def _slot(offer: scheduling.Offer, status: str, access: Access) -> Resource:
    kind = scheduling.get_clinic(now=access.now, searching=offer.visit_type_id).visit_type(
        offer.visit_type_id
    )
    made = {
        "serviceType": [service_type(kind.code, kind.name)],
        "specialty": specialities([kind.speciality]),
        "schedule": reference("Schedule", schedule_id(offer.practitioner_id, offer.site_id)),
        "status": status,
        "start": instant(offer.starts_at),
        "end": instant(offer.ends_at),
        "comment": f"{offer.visit_type_name}, {offer.practitioner_name}, {offer.site_name}",
    }
    return resource("Slot", slot_id(offer.ref), {"meta": version_of(made), **made})


def service_type(code: str, name: str) -> dict[str, object]:
    return {"coding": [{"system": VISIT_TYPE, "code": code, "display": name}], "text": name}
