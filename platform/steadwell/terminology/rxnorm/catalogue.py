"""Every name of a release and what it means, ready to be asked. Immutable once built; one per process."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from steadwell.terminology.rxnorm import official
from steadwell.terminology.rxnorm.official import Official
from steadwell.terminology.rxnorm.types import Ingredient

Bases = frozenset[str]  # ingredients, each by its folded name
CLINICAL = frozenset({"SCD", "GPCK"})
BRANDED = frozenset({"SBD", "BPCK"})
PRODUCTS = CLINICAL | BRANDED


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase stands for: an ingredient (with the salt that the phrase says), several, or a brand."""

    bases: Bases
    salt: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    rxcui: str
    term_type: str
    name: str

    @property
    def parts(self) -> Official | None:
        return official.read(self.name)


@dataclass(kw_only=True)
class Catalogue:
    """``groups`` holds the products of each set of ingredients, ``exact`` the codes of every official name.

    ``generic`` gives the clinical drug of a branded one, ``bases`` the ingredients of every concept, and
    ``components`` the ingredient that each component's name stands for.
    """

    release: str
    concepts: Mapping[str, Concept]
    phrases: Mapping[str, tuple[Meaning, ...]]
    ingredients: Mapping[str, Ingredient]
    several: Mapping[Bases, tuple[str, str]]
    groups: Mapping[Bases, tuple[str, ...]]
    exact: Mapping[str, tuple[str, ...]]
    bases: Mapping[str, Bases]
    components: Mapping[str, tuple[str, str]]
    generic: Mapping[str, str]
    retired: Mapping[str, str] = field(default_factory=dict)
    loaded_at: datetime | None = None
    names: int = 0
    products: int = 0
    longest: int = 1
    # Products taken apart, as far as somebody asked for them.
    compared: dict[Bases, list[Any]] = field(default_factory=dict)

    def ingredients_of(self, bases: Iterable[str]) -> tuple[Ingredient, ...]:
        return tuple(self.ingredients.get(base, Ingredient("", base)) for base in sorted(bases))

    def branded_of(self, rxcui: str) -> list[Concept]:
        """The branded drugs of a clinical drug."""
        group = self.groups.get(self.bases.get(rxcui, frozenset()), ())
        return [self.concepts[code] for code in group if self.generic.get(code) == rxcui]

    @cached_property
    def bags(self) -> Mapping[str, str]:
        """Names of several words with their words in the order of the alphabet, each to the name itself."""
        return {" ".join(sorted(name.split(" "))): name for name in self.phrases if " " in name}

    @cached_property
    def _sorted(self) -> tuple[list[str], list[str]]:
        pairs = sorted(
            (concept.name.casefold(), concept.rxcui)
            for concept in self.concepts.values()
            if concept.term_type in PRODUCTS or concept.term_type in {"IN", "BN", "MIN", "PIN"}
        )
        return [name for name, _ in pairs], [rxcui for _, rxcui in pairs]

    def starting_with(self, prefix: str, limit: int) -> list[str]:
        """Codes whose name starts so, ingredients and brands before products, short names first."""
        names, codes = self._sorted
        start = prefix.casefold().strip()
        at = bisect_left(names, start)
        found: list[tuple[bool, int, str, str]] = []
        while at < len(names) and names[at].startswith(start) and len(found) < 2000:
            term_type = self.concepts[codes[at]].term_type
            found.append((term_type in PRODUCTS, len(names[at]), names[at], codes[at]))
            at += 1
        return [code for *_, code in sorted(found)[:limit]]
