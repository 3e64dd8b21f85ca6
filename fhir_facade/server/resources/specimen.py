"""Specimen: as laboratories and EHRs write it. A report of labs names its specimen in words."""

from __future__ import annotations

from fhir_facade.server.elements import US_CORE
from fhir_facade.server.registry import Kind, Param
from fhir_facade.server.resources.kept_only import kept

DEFINITION = kept(
    "Specimen",
    (
        Param(name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
        Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient", "Location")),
        Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
        Param(name="accession", kind=Kind.TOKEN, paths=("accessionIdentifier",)),
        Param(name="type", kind=Kind.TOKEN, paths=("type",)),
        Param(name="status", kind=Kind.TOKEN, paths=("status",)),
        Param(name="collected", kind=Kind.DATE, paths=("collection.collected[x]",)),
    ),
    profile=f"{US_CORE}us-core-specimen",
    compartment=("patient",),
)
