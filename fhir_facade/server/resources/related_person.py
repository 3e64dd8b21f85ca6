"""RelatedPerson: whom an EHR names beside a patient."""

from __future__ import annotations

from fhir_facade.server.elements import US_CORE
from fhir_facade.server.registry import Kind, Param
from fhir_facade.server.resources.kept_only import kept

DEFINITION = kept(
    "RelatedPerson",
    (
        Param(name="patient", kind=Kind.REFERENCE, paths=("patient",), targets=("Patient",)),
        Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
        Param(name="name", kind=Kind.STRING, paths=("name",)),
        Param(name="birthdate", kind=Kind.DATE, paths=("birthDate",), url="individual-birthdate"),
        Param(name="gender", kind=Kind.TOKEN, paths=("gender",), url="individual-gender"),
        Param(name="relationship", kind=Kind.TOKEN, paths=("relationship",)),
        Param(name="active", kind=Kind.TOKEN, paths=("active",)),
    ),
    profile=f"{US_CORE}us-core-relatedperson",
    compartment=("patient",),
)
