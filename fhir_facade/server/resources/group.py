"""Group: who belongs together, as an EHR or an operator says; a bulk export is asked for by it."""

from __future__ import annotations

from fhir_facade.server.registry import Kind, Param
from fhir_facade.server.resources.kept_only import kept

DEFINITION = kept(
    "Group",
    (
        Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
        Param(name="type", kind=Kind.TOKEN, paths=("type",)),
        Param(name="actual", kind=Kind.TOKEN, paths=("actual",)),
        Param(name="code", kind=Kind.TOKEN, paths=("code",)),
        Param(name="member", kind=Kind.REFERENCE, paths=("member.entity",), targets=("Patient",)),
    ),
    roster=True,
)
