"""IHE Scheduling: $find, $hold and $book on an Appointment, on the holds that the portal uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from fhir_facade.consents import deciding, masking
from fhir_facade.server import auditing, slots, visits
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.elements import reference, resource, sid
from fhir_facade.server.operations import parameters
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition, registry
from fhir_facade.server.search import running
from fhir_facade.server.search.clauses import Query, clause_of
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource, instant
from scheduling import service as scheduling
from steadwell.actor import Actor
from steadwell.ids import HoldId, PersonId, UserId, new_id

EXPIRES = sid("hold-expires")


def find(access: Access, definition: Definition, call: Call) -> Answer:
    """Times that could be had, as proposed appointments."""
    access.need("Slot", "s")
    said = parameters.read(call)
    start, end = parameters.one(said, "start"), parameters.one(said, "end")
    if not start or not end:
        raise failed(400, "required", "$find needs start and end.")
    slot = registry().find("Slot")
    assert slot is not None  # noqa: S101 - it is ours
    several = [clause_of(slot, "start", f"ge{start}"), clause_of(slot, "start", f"lt{end}")]
    kind = parameters.one(said, "service-type", "visit-type")
    if kind:
        several.append(clause_of(slot, "service-type", str(kind)))
    query = Query(definition=slot, clauses=tuple(each for each in several if each))
    within = slots.stretch_of(query, now=access.now)
    wanted = _wanted(said, access)
    found = [
        _proposed(offer, access)
        for offer in slots.offers(access, query, within)
        if within.low <= offer.starts_at < within.high and _fits(offer, wanted)
    ]
    found.sort(key=lambda each: (each["start"], each["id"]))
    auditing.record(access, "find", "Appointment", [])
    return _bundle(access, found[:200])


def _wanted(said: dict[str, list[Any]], access: Access) -> dict[str, set[str]]:
    names = {"practitioner": "Practitioner", "location": "Location", "location-reference": "Location"}
    found: dict[str, set[str]] = {}
    for name, kind in names.items():
        for value in said.get(name, []):
            found.setdefault(kind, set()).add(named(str(value), base=access.base)[1])
    return found


def _fits(offer: scheduling.Offer, wanted: dict[str, set[str]]) -> bool:
    own = {"Practitioner": str(offer.practitioner_id), "Location": str(offer.site_id)}
    return all(own[kind] in keys for kind, keys in wanted.items())


def hold(access: Access, definition: Definition, call: Call) -> Answer:
    """Keep a proposed time for a patient for some minutes."""
    access.need("Appointment", "c")
    said = parameters.read(call)
    person_id = _patient(said, access)
    ref = _offer(said, access)
    held = scheduling.hold(actor=_holder(access), person_id=person_id, offer=ref, now=access.now)
    auditing.record(access, "hold", "Appointment", [person_id], entity=str(held.hold_id))
    return _bundle(access, [_held(held, access)])


def book(access: Access, definition: Definition, call: Call) -> Answer:
    """Book what is held."""
    access.need("Appointment", "c")
    said = parameters.read(call)
    proposed = parameters.one(said, "appt-resource", "appointment")
    key = (
        proposed.get("id", "")
        if isinstance(proposed, dict)
        else str(parameters.one(said, "appt-id", "appointment-reference", "appointment") or "")
    )
    try:
        hold_id = HoldId(UUID(named(str(key), base=access.base)[1]))
    except ValueError:
        raise failed(422, "not-found", "$book needs the id of an appointment that is held.") from None
    visit = scheduling.book(
        actor=_holder(access),
        hold_id=hold_id,
        now=access.now,
        request_key=visits.key_of(access, f"book:{hold_id}"),
        note=str(parameters.one(said, "comment") or ""),
    )
    found = running.read(access, definition, str(visit.appointment_id), letter="c")
    if found is None:
        raise failed(403, "forbidden", "The token's scopes do not reach this visit.")
    auditing.record(access, "book", "Appointment", [visit.person_id], entity=str(visit.appointment_id))
    told = masking.own_words(access, definition, found)
    return _bundle(access, [told] if told else [])


def _holder(access: Access) -> Actor:
    """A hold is somebody's: a client without a user holds in its own name."""
    if access.actor.user_id is not None:
        return access.actor
    return replace(access.actor, user_id=UserId(uuid5(NAMESPACE_URL, f"fhir:{access.grant.client_id}")))


def _patient(said: dict[str, list[Any]], access: Access) -> PersonId:
    proposed = parameters.one(said, "appt-resource", "appointment")
    text = parameters.one(said, "patient-id", "patient", "patient-reference")
    actor: Resource = {
        "participant": [{"actor": {"reference": f"Patient/{named(str(text), base=access.base)[1]}"}}]
    }
    asked = proposed if isinstance(proposed, dict) and text is None else actor
    person_id = visits.patient_of(asked, access)
    if (
        all(rule.in_context for rule in access.rules("Appointment", "c"))
        and person_id not in access.context_ids()
    ):
        raise failed(403, "forbidden", "The token is for another patient.")
    if deciding.hidden(access, "Appointment", [deciding.Seen(person_id=person_id)]):
        raise failed(422, "not-found", "It is about a patient who is not known here.")
    return person_id


def _offer(said: dict[str, list[Any]], access: Access) -> scheduling.OfferRef:
    proposed = parameters.one(said, "appt-resource", "appointment")
    if isinstance(proposed, dict):
        return visits.offer_of(proposed, access)
    key = named(str(parameters.one(said, "appt-id", "slot", "slot-reference") or ""), base=access.base)[1]
    ref = slots.offer_of(key, now=access.now)
    if ref is None:
        raise failed(422, "not-found", "$hold needs an appointment that $find proposed.")
    return ref


def _proposed(offer: scheduling.Offer, access: Access) -> Resource:
    return _appointment(slots.slot_id(offer.ref), offer, "proposed", None, access)


def _held(held: scheduling.Hold, access: Access) -> Resource:
    made = _appointment(str(held.hold_id), held.offer, "pending", held.person_id, access)
    made["extension"] = [{"url": EXPIRES, "valueDateTime": instant(held.expires_at)}]
    return made


def _appointment(
    key: str, offer: scheduling.Offer, status: str, person_id: PersonId | None, access: Access
) -> Resource:
    kind = scheduling.get_clinic(now=access.now, searching=offer.visit_type_id).visit_type(
        offer.visit_type_id
    )
    people = [
        ("Practitioner", offer.practitioner_id, offer.practitioner_name),
        ("Location", offer.site_id, offer.site_name),
    ]
    participants = [
        {
            "actor": reference(name, each, shown),
            "required": "required",
            "status": "accepted" if person_id else "needs-action",
        }
        for name, each, shown in people
    ]
    if person_id:
        participants.insert(
            0, {"actor": reference("Patient", person_id), "required": "required", "status": "accepted"}
        )
    return resource(
        "Appointment",
        key,
        {
            "status": status,
            "serviceType": [slots.service_type(kind.code, kind.name)],
            "start": instant(offer.starts_at),
            "end": instant(offer.ends_at),
            "slot": [reference("Slot", slots.slot_id(offer.ref))],
            "participant": participants,
        },
    )


def _bundle(access: Access, found: list[Resource]) -> Answer:
    made: Resource = {"resourceType": "Bundle", "id": str(new_id()), "type": "searchset"}
    if found:
        made["entry"] = [
            {
                "fullUrl": f"{access.base}/Appointment/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in found
        ]
    return Answer(status=200, resource=made)
