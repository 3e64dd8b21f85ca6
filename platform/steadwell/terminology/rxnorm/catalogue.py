"""Every name of a release and what it means, ready to be asked. Immutable once built; one per process."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from steadwell.terminology.rxnorm import official
from steadwell.terminology.rxnorm.official import Official
from steadwell.terminology.rxnorm.types import Ingredient
from steadwell.terminology.rxnorm.words import fold, rows

Bases = frozenset[str]  # ingredients, each by its folded name
CLINICAL = frozenset({"SCD", "GPCK"})
BRANDED = frozenset({"SBD", "BPCK"})
PRODUCTS = CLINICAL | BRANDED
PACKS = frozenset({"GPCK", "BPCK"})
SUGGESTED = frozenset({"IN", "PIN", "MIN", "BN"})  # beside the products
MOST_LOOKED_AT = 2000  # names with one beginning, before the best of them are taken


def as_written(name: str) -> str:
    """A name as ``exact`` keeps it: case, spaces and one in front of a pack's bracket do not count."""
    return " ".join(name.split()).casefold().replace(" }", "}")


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
        pairs = sorted({*self._own_names(), *self._brand_names()})
        return [name for name, _ in pairs], [rxcui for _, rxcui in pairs]

    def _own_names(self) -> Iterator[tuple[str, str]]:
        for concept in self.concepts.values():
            if concept.term_type in PRODUCTS | SUGGESTED:
                yield concept.name.casefold(), concept.rxcui
                if concept.term_type in PACKS and (parts := concept.parts):
                    yield from ((name.casefold(), concept.rxcui) for _, name in parts.parts)
                if concept.term_type in BRANDED and concept.name.endswith("]"):
                    yield concept.name[concept.name.rindex("[") + 1 : -1].casefold(), concept.rxcui

    def _brand_names(self) -> Iterator[tuple[str, str]]:
        """Common brands that have no code here lead to the clinical drugs of their ingredients."""
        for brand, *_ in rows("drug_brands.tsv"):
            for meaning in self.phrases.get(" ".join(fold(brand)), ()):
                for code in self.groups.get(meaning.bases, ()) if meaning.brand == brand else ():
                    if self.concepts[code].term_type in CLINICAL:
                        yield brand.casefold(), code

    def starting_with(self, prefix: str, limit: int) -> list[str]:
        """Codes whose name or brand starts so, ingredients and brands before products, short names first."""
        names, codes = self._sorted
        start = prefix.casefold().strip()
        at = bisect_left(names, start)
        found: dict[str, tuple[bool, int, str]] = {}
        while at < len(names) and names[at].startswith(start) and len(found) < MOST_LOOKED_AT:
            concept = self.concepts[codes[at]]
            found[codes[at]] = concept.term_type in PRODUCTS, len(concept.name), concept.name.casefold()
            at += 1
        return sorted(found, key=lambda code: found[code])[:limit]
