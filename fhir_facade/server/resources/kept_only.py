"""Types that no app of ours owns: what other systems wrote is all there is."""

from __future__ import annotations

from collections.abc import Iterable

from fhir_facade.server.documents import Documents
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Definition, Param

ALL = frozenset({"read", "vread", "history-instance", "search-type", "create", "update", "patch", "delete"})


def kept(
    kind: str,
    params: Iterable[Param],
    *,
    profile: str = "",
    compartment: tuple[str, ...] = (),
    roster: bool = False,
) -> Definition:
    several = tuple(params)
    return Definition(
        type=kind, origins=(documents(kind, several, roster=roster),), params=several,
        profiles=(profile,) if profile else (), interactions=ALL, compartment=compartment,
        rev_includes=("Provenance:target",), writer=Documents(kind),
    )  # fmt: skip
