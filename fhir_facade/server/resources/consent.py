"""Consent: what patients keep back from apps and systems, as they said it here or elsewhere."""

from __future__ import annotations

from fhir_facade.consents import keeping
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Definition, Kind, Param
from fhir_facade.server.resources.kept_only import ALL

PARAMS = (
    Param(
        name="patient", kind=Kind.REFERENCE, paths=("patient",), targets=("Patient",), url="clinical-patient"
    ),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="scope", kind=Kind.TOKEN, paths=("scope",)),
    Param(name="category", kind=Kind.TOKEN, paths=("category",)),
    Param(name="date", kind=Kind.DATE, paths=("dateTime",), url="clinical-date"),
    Param(name="period", kind=Kind.DATE, paths=("provision.period",)),
    Param(
        name="consentor", kind=Kind.REFERENCE, paths=("performer",),
        targets=("Organization", "Patient", "Practitioner", "RelatedPerson", "PractitionerRole"),
    ),
    Param(
        name="organization", kind=Kind.REFERENCE, paths=("organization",), targets=("Organization",)
    ),
)  # fmt: skip
DEFINITION = Definition(
    type=keeping.KIND,
    origins=(documents(keeping.KIND, PARAMS),),
    params=PARAMS,
    interactions=ALL,
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=keeping.WRITER,
)
