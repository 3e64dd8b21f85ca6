"""Appointments written over the API: on the same holds and claims as the portal's, by the same rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.server import documents, slots
from fhir_facade.server.access import Access
from fhir_facade.server.elements import sid
from fhir_facade.server.outcome import failed, stale
from fhir_facade.server.search.matching import named
from fhir_facade.server.search.moments import stretch
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from scheduling import service as scheduling
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId, new_id

_STEPS = {
    "booked": scheduling.approve,
    "arrived": scheduling.arrive,
    "checked-in": scheduling.check_in,
    "fulfilled": scheduling.complete,
    "noshow": scheduling.no_show,
}
_SHOWN = {scheduling.Status.IN_PROGRESS: "arrived"}
# For what scheduling has no word a visit is found by the client's.
WORDS = ("identifier", "appointment-type", "reason-code")


class Visits:
    """The writer of Appointment."""

    def create(self, access: Access, said: Resource) -> Stored:
        if said["status"] not in {"booked", "pending"}:
            raise failed(
                422,
                "business-rule",
                "A new visit is booked or pending. Ask $find for times that are proposed.",
                at="Appointment.status",
            )
        person_id = patient_of(said, access)
        offer = offer_of(said, access)
        with scheduling.Joined():
            visit = scheduling.book_direct(
                actor=access.actor,
                person_id=person_id,
                offer=offer,
                request_key=key_of(access, "book"),
                now=access.now,
                note=text_of(said.get("comment")) or text_of(said.get("description")),
            )
        documents.index_words_again(access, "Appointment", visit.appointment_id, said, WORDS)
        return Stored(key=visit.appointment_id, beside=True)

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        documents.lock("Appointment", key, now=access.now)
        appointment_id = AppointmentId(key)
        now = scheduling.get_appointment(actor=access.actor, appointment_id=appointment_id, now=access.now)
        if version is not None and now.version != version:
            raise stale(str(now.version))
        patient = patient_of(said, access)
        if patient != now.person_id and access.actor.known_as(patient) != access.actor.known_as(
            now.person_id
        ):
            raise failed(
                422, "business-rule", "A visit stays with its patient.", at="Appointment.participant"
            )
        with scheduling.Joined():
            if not (_moved(access, now, said) or _stepped(access, now, said)):
                raise failed(
                    422, "business-rule", "Of a visit, only its status and its time can be changed here."
                )
        documents.index_words_again(access, "Appointment", key, said, WORDS)
        return Stored(key=key, beside=True)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "A visit is not deleted: cancel it.")


WRITER = Visits()


def key_of(access: Access, act: str) -> str:
    """A repeat under the same X-Request-Id answers the same booking."""
    return f"{act}:{access.request_id or new_id()}"


def _moved(access: Access, now: scheduling.Appointment, said: Resource) -> bool:
    start = _instant(said.get("start"))
    if said["status"] not in {"booked", "pending"} or start is None or start == now.starts_at:
        return False
    plain = {**said, "slot": []} if _same_slot(now, said, access) else said
    offer = offer_of(plain, access, otherwise=now)
    scheduling.reschedule(
        actor=access.actor,
        appointment_id=now.appointment_id,
        offer=offer,
        now=access.now,
        request_key=key_of(access, "move"),
        seen_version=now.version,
        reason=_reason(said),
    )
    return True


def _same_slot(now: scheduling.Appointment, said: Resource, access: Access) -> bool:
    """Whoever changes the start and leaves the slot means the start."""
    return any(
        text_of(each.get("reference")).endswith(f"-{int(now.starts_at.timestamp())}")
        for each in mappings(said.get("slot"))
    )


def _stepped(access: Access, now: scheduling.Appointment, said: Resource) -> bool:
    status = said["status"]
    if status == _SHOWN.get(now.status, now.status.value):
        return False
    about: dict[str, Any] = {
        "actor": access.actor,
        "appointment_id": now.appointment_id,
        "now": access.now,
        "request_key": key_of(access, status),
    }
    if status == "cancelled":
        scheduling.cancel(**about, reason=_reason(said))
    elif status == "entered-in-error":
        scheduling.mark_error(**about, reason=_reason(said))
    elif status in _STEPS:
        _STEPS[status](**about)
    else:
        raise failed(422, "business-rule", f"A visit that is {now.status.value} does not become {status}.")
    return True


def _reason(said: Resource) -> str:
    concept = mapping(said.get("cancelationReason"))
    text = text_of(concept.get("text"))
    shown = (
        text_of(each.get("display")) or text_of(each.get("code")) for each in mappings(concept.get("coding"))
    )
    return (text or next((each for each in shown if each), "") or text_of(said.get("comment")))[:200]


def patient_of(said: Resource, access: Access) -> PersonId:
    found = documents.person_of({**said, "resourceType": "Appointment"}, base=access.base)
    if found is None:
        raise failed(
            422, "required", "A visit needs its patient among the participants.", at="Appointment.participant"
        )
    return found


def offer_of(
    said: Resource, access: Access, *, otherwise: scheduling.Appointment | None = None
) -> scheduling.OfferRef:
    """The time that is meant: its slot, else clinician, site, visit type and start."""
    for each in mappings(said.get("slot")):
        kind, key = named(text_of(each.get("reference")), base=access.base)
        ref = slots.offer_of(key, now=access.now) if kind == "Slot" else None
        if ref is None:
            raise failed(422, "not-found", "There is no such slot.", at="Appointment.slot")
        start = _instant(said.get("start"))
        if start is not None and start != ref.starts_at:
            raise failed(422, "invariant", "The start is not that of the slot.", at="Appointment.start")
        return ref
    start = _instant(said.get("start"))
    clinic = scheduling.get_clinic(now=access.now)
    practitioner = _participant(said, "Practitioner", access)
    site = _participant(said, "Location", access)
    codes = {
        text_of(coding.get("code"))
        for each in mappings(said.get("serviceType"))
        for coding in mappings(each.get("coding"))
        if coding.get("system") in {None, sid("visit-type")}
    }
    kind_id = next((k.visit_type_id for k in clinic.visit_types.values() if k.code in codes), None)
    if otherwise is not None:
        practitioner, site = practitioner or otherwise.practitioner_id, site or otherwise.site_id
        kind_id = kind_id or otherwise.visit_type_id
    if start is None or practitioner is None or site is None or kind_id is None:
        raise failed(
            422,
            "required",
            "Name the slot, or clinician, site, service type and start of the visit.",
            at="Appointment.slot",
        )
    return scheduling.OfferRef(
        visit_type_id=kind_id,
        practitioner_id=PractitionerId(practitioner),
        site_id=SiteId(site),
        starts_at=start,
    )


def _participant(said: Resource, kind: str, access: Access) -> UUID | None:
    for each in mappings(said.get("participant")):
        found, key = named(text_of(mapping(each.get("actor")).get("reference")), base=access.base)
        if found == kind:
            try:
                return UUID(key)
            except ValueError:
                return None
    return None


def _instant(value: Any) -> datetime | None:
    found = stretch(text_of(value))
    return found.low if found else None
