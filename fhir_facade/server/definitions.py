"""What FHIR 4.0.1 says about its types: read once from r4.json (made by data/generate.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Element:
    """``types`` are FHIR type names, or ``=path`` for a definition that is repeated; ``codes`` the only ones
    allowed, ``targets`` the types that a reference may name (empty: any).
    """

    name: str
    types: tuple[str, ...]
    least: int
    most: str
    codes: frozenset[str]
    targets: frozenset[str]

    @property
    def repeats(self) -> bool:
        return self.most == "*"


@cache
def _read() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((Path(__file__).parent / "data" / "r4.json").read_bytes())
    return found


def is_type(name: str) -> bool:
    return name in _read()["types"]


def patient_params(resource: str) -> tuple[str, ...]:
    """The search parameters that put a resource into a patient's compartment; none for what is nobody's."""
    return tuple(_read()["patient"].get(resource, ()))


@cache
def children(path: str) -> Mapping[str, Element]:
    """The elements directly under a path such as ``Observation`` or ``Observation.component``, by the name
    that they have in JSON: a choice has one entry per type (``valueQuantity``).
    """
    root = path.split(".")[0]
    found: dict[str, Element] = {}
    for full, (types, least, most, codes, targets) in _read()["types"].get(root, {}).items():
        parent, _, name = full.rpartition(".")
        if parent != path:
            continue
        allowed = frozenset(_read()["codes"][codes]) if codes else frozenset()
        for kind in types or ["Element"]:
            own = name.replace("[x]", kind[0].upper() + kind[1:]) if name.endswith("[x]") else name
            found[own] = Element(
                name=name, types=(kind,), least=least, most=most, codes=allowed, targets=frozenset(targets)
            )
    return found


@cache
def required(path: str) -> tuple[str, ...]:
    """Names under a path that must be there; a choice by its name with [x]."""
    return tuple(sorted({each.name for each in children(path).values() if each.least}))


def summary(resource: str) -> frozenset[str]:
    """The elements of its summary; a choice by its name with [x]."""
    return frozenset(_read()["summary"].get(resource, ()))
