"""What there is to subscribe to: each topic is made from an event that an app publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fhir_facade.oauth import addresses
from fhir_facade.server.registry import registry
from steadwell import events


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """``types``: of which the focus may be. ``told``: the events, each with its field for the focus' id.
    ``whole``: a reader of the patient's side hears of it only when nothing of the focus is held back.
    """

    code: str
    words: Promise
    types: tuple[str, ...]
    told: Mapping[type[events.Event], str]
    whole: bool = False

    @property
    def url(self) -> str:
        return f"{addresses.fhir_base()}/SubscriptionTopic/{self.code}"


TOPICS: Mapping[str, Topic] = {
    each.code: each
    for each in (
        Topic(
            code="appointment-booked", words=_("a visit is booked"), types=("Appointment",),
            told={events.AppointmentBooked: "appointment_id"},
        ),
        Topic(
            code="appointment-moved", words=_("a visit is moved"), types=("Appointment",),
            told={events.AppointmentMoved: "appointment_id"},
        ),
        Topic(
            code="appointment-cancelled", words=_("a visit is cancelled"), types=("Appointment",),
            told={events.AppointmentCancelled: "appointment_id"},
        ),
        Topic(
            code="result-released", words=_("a result is there to read"), types=("DiagnosticReport",),
            told={events.LabReportReleased: "report_id"},
        ),
        # A correction of a test that is held back is news of that test: it waits for the release.
        Topic(
            code="result-corrected", words=_("a result is corrected"), types=("DiagnosticReport",),
            told={events.LabReportCorrected: "report_id"}, whole=True,
        ),
        Topic(
            code="medication-changed", words=_("a medicine changes"),
            types=("MedicationStatement", "MedicationRequest"),
            told={events.MedicationListChanged: "entity_id"},
        ),
        # Of a visit that nobody came to there is no encounter: of that there is no news here.
        Topic(
            code="encounter-changed", words=_("a visit or a hospital stay begins, changes or ends"),
            types=("Encounter",),
            told={
                events.EncounterWritten: "encounter_id", events.AppointmentProgressed: "appointment_id",
                events.AppointmentCancelled: "appointment_id",
            },
        ),
    )
}  # fmt: skip


def served() -> list[Topic]:
    """Those whose focus can be read here."""
    return [each for each in TOPICS.values() if any(registry().find(kind) for kind in each.types)]


def find(canonical: str) -> Topic | None:
    """By its canonical, with or without a version."""
    url = canonical.partition("|")[0]
    return next((each for each in served() if each.url == url), None)


def of_type(kind: str) -> list[Topic]:
    return [each for each in served() if kind in each.types]


def focus_of(topic: Topic, event: events.Event) -> tuple[UUID, UUID]:
    """The ids of the focus and of the patient, as the event has them."""
    return getattr(event, topic.told[type(event)]), event.person_id  # type: ignore[attr-defined]
