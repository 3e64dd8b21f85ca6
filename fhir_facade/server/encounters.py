"""Encounters written over the API: what another system keeps of a stay or a visit there, in its own words
(ADR 0180). What happens at a visit of the clinic's own is noted in the clinic, or on its Appointment.
"""

from __future__ import annotations

from uuid import UUID

from fhir_facade.consents import deciding
from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server import documents, sources
from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.outcome import Failed, failed
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from scheduling import service as scheduling
from steadwell.errors import NotFound
from steadwell.events import EncounterWritten
from steadwell.identity import service as identity
from steadwell.ids import AppointmentId, PersonId
from steadwell.outbox import service as outbox


class Encounters:
    """The writer of Encounter."""

    def __init__(self) -> None:
        self._documents = Documents("Encounter")

    def create(self, access: Access, said: Resource) -> Stored:
        person_id = _checked(access, said)
        return _told(access, self._documents.create(access, said), person_id)

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        known = documents.find("Encounter", key)
        if known is None or known.person_id is None:  # whoever comes here may see it: it is a visit's
            raise failed(
                409, "business-rule", "This is a visit of the clinic: what happens at it is said of its"
                " Appointment.",
            )  # fmt: skip
        if known.client_id != access.grant.client_id:
            raise sources.not_theirs()
        person_id = _checked(access, said)
        sources.same_patient(access, PersonId(known.person_id), said)
        return _told(access, self._documents.update(access, key, said, version), person_id)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "An encounter is not deleted: update it to entered-in-error.")


WRITER = Encounters()


def _told(access: Access, stored: Stored, person_id: PersonId) -> Stored:
    outbox.publish(EncounterWritten(encounter_id=stored.key, person_id=person_id), now=access.now)
    return stored


def _checked(access: Access, said: Resource) -> PersonId:
    """Whose it is."""
    if not access.reads_everybody:
        raise failed(403, "forbidden", "Those who look after a patient note encounters, not the patient.")
    person_id = sources.patient_of(access, said)
    for each in mappings(said.get("appointment")):
        _of_patient(access, person_id, text_of(each.get("reference")))
    return person_id


def _of_patient(access: Access, person_id: PersonId, reference: str) -> None:
    """A visit that it names is one of the patient's; how another system calls a visit of its own is its
    business, and an identifier.
    """
    kind, key = named(reference, base=access.base)
    if kind != "Appointment":
        return
    try:
        visit = scheduling.get_appointment(
            actor=access.actor, appointment_id=AppointmentId(UUID(key)), now=access.now
        )
    except (ValueError, NotFound):
        raise _no_such_visit() from None
    kept_back = deciding.hidden(access, "Appointment", [deciding.Seen(person_id=visit.person_id)])
    if kept_back or not identity.same_person(visit.person_id, person_id):
        raise _no_such_visit()


def _no_such_visit() -> Failed:
    return failed(422, "not-found", "The patient has no such visit.", at="Encounter.appointment")
