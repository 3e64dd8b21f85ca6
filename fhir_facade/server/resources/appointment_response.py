"""AppointmentResponse: an answer to a visit, which also does what it says."""

from __future__ import annotations

from fhir_facade.server import answers
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Definition, Kind, Param

PARAMS = (
    Param(name="appointment", kind=Kind.REFERENCE, paths=("appointment",), targets=("Appointment",)),
    Param(name="patient", kind=Kind.REFERENCE, paths=("actor",), targets=("Patient",)),
    Param(
        name="actor",
        kind=Kind.REFERENCE,
        paths=("actor",),
        targets=(
            "Patient",
            "Practitioner",
            "PractitionerRole",
            "RelatedPerson",
            "Location",
            "HealthcareService",
        ),
    ),
    Param(name="part-status", kind=Kind.TOKEN, paths=("participantStatus",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
)
DEFINITION = Definition(
    type="AppointmentResponse",
    origins=(documents("AppointmentResponse", PARAMS),),
    params=PARAMS,
    interactions=frozenset({"read", "vread", "history-instance", "search-type", "create"}),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=answers.WRITER,
)
