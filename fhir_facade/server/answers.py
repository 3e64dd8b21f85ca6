"""AppointmentResponses: what the answer means is done to the visit, and the answer is kept."""

from __future__ import annotations

from uuid import UUID

from fhir_facade.consents import deciding
from fhir_facade.fhir_json import mapping, text_of
from fhir_facade.server import visits
from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.outcome import failed
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from scheduling import service as scheduling
from steadwell.ids import AppointmentId


class Answers:
    """The writer of AppointmentResponse."""

    def __init__(self) -> None:
        self._documents = Documents("AppointmentResponse")

    def create(self, access: Access, said: Resource) -> Stored:
        kind, key = named(text_of(mapping(said.get("appointment")).get("reference")), base=access.base)
        try:
            appointment_id = AppointmentId(UUID(key if kind == "Appointment" else ""))
        except ValueError:
            raise failed(
                422, "not-found", "There is no such visit.", at="AppointmentResponse.appointment"
            ) from None
        now = scheduling.get_appointment(actor=access.actor, appointment_id=appointment_id, now=access.now)
        if deciding.hidden(access, "Appointment", [deciding.Seen(person_id=now.person_id)]):
            raise failed(422, "not-found", "There is no such visit.", at="AppointmentResponse.appointment")
        with scheduling.Joined():
            self._act(access, now, said["participantStatus"], text_of(said.get("comment")))
        if text_of(mapping(said.get("actor")).get("reference")) == "":
            said = {**said, "actor": {"reference": f"Patient/{now.person_id}"}}
        return self._documents.create(access, said)

    def _act(self, access: Access, now: scheduling.Appointment, answer: str, comment: str) -> None:
        about = {
            "actor": access.actor, "appointment_id": now.appointment_id, "now": access.now,
            "request_key": visits.key_of(access, answer),
        }  # fmt: skip
        if answer == "accepted":
            if now.status is scheduling.Status.PENDING:
                scheduling.approve(**about)  # type: ignore[arg-type]
            elif now.status is not scheduling.Status.BOOKED:
                raise scheduling.MoveNotAllowed
        elif answer == "declined":
            if now.status is scheduling.Status.PENDING and access.actor.roles_at(now.site_id):
                scheduling.decline(**about, reason=comment or "declined")  # type: ignore[arg-type]
            else:
                scheduling.cancel(**about, reason=comment[:200] or "declined")  # type: ignore[arg-type]
        elif answer not in {"tentative", "needs-action"}:
            raise failed(422, "business-rule", "This answer means nothing for a visit here.")

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        raise failed(405, "not-supported", "An answer is not changed: give another one.")

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        raise failed(405, "not-supported", "An answer is not deleted.")


WRITER = Answers()
