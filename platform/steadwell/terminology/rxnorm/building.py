"""Builds a catalogue out of a list of names, and of relations where there are any."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from steadwell.terminology.rxnorm import attesting, official
from steadwell.terminology.rxnorm.attesting import ALONE, parts_of
from steadwell.terminology.rxnorm.catalogue import (
    BRANDED,
    PRODUCTS,
    Bases,
    Catalogue,
    Concept,
    Meaning,
    as_written,
)
from steadwell.terminology.rxnorm.naming import equals
from steadwell.terminology.rxnorm.types import Ingredient, NameRow
from steadwell.terminology.rxnorm.words import fold, rows

# "Norinyl 1+50 28 Day" is called Norinyl 1+50 as well; its numbers tell it from its sisters and stay.
_OF_DAYS = re.compile(r" \d+ Day$", re.IGNORECASE)
SYNONYMS = frozenset({"SY", "TMSY", "PSN", "DP"})


@dataclass(frozen=True, slots=True)
class Relations:
    """What a release says itself, all by code: the ingredients of each drug and brand, the ingredient of each
    salt, and the clinical drug of each branded one.
    """

    ingredients: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ingredient_of: dict[str, str] = field(default_factory=dict)
    generic: Mapping[str, str] = field(default_factory=dict)


def build(names: Iterable[NameRow], *, release: str, relations: Relations | None = None) -> Catalogue:
    """A catalogue of these names. A name without term type is taken for what its shape says. With relations
    they decide, without them they are read out of the names.
    """
    return _Building(release, relations, list(names)).done()


class _Building:
    def __init__(self, release: str, relations: Relations | None, names: list[NameRow]) -> None:
        self.release, self.names = release, len(names)
        self.relations = relations or Relations()
        self.concepts: dict[str, Concept] = {}
        self.exact: dict[str, dict[str, None]] = defaultdict(dict)
        self.numbers: dict[str, Ingredient] = {}
        self._sort_out(names)
        concepts = self.concepts.values()
        self.attested = (
            attesting.of_release(concepts, relations.ingredient_of)
            if relations is not None
            else attesting.of_names(concepts)
        )
        self.phrases: dict[str, dict[Meaning, None]] = defaultdict(dict)
        self.groups: dict[Bases, list[str]] = defaultdict(list)
        self.bases: dict[str, Bases] = {}
        self.components: dict[str, tuple[str, str]] = {}
        self.several: dict[Bases, tuple[str, str]] = {}
        self.brands: dict[str, dict[Bases, None]] = defaultdict(dict)

    def done(self) -> Catalogue:
        for concept in self.concepts.values():
            if concept.term_type in PRODUCTS:
                self._product(concept)
            elif concept.term_type in ALONE or concept.term_type == "PIN":
                self._ingredient(concept)
            elif concept.term_type == "MIN":
                self._several(concept)
            elif concept.term_type in {"SCDF", "SCDG", "SBDF", "SBDC"}:
                self._form(concept)
        self._brands()
        self._synonyms()
        self._abbreviations()
        self._known_brands()
        return Catalogue(
            release=self.release, concepts=self.concepts, ingredients=self._ingredients(),
            phrases={phrase: tuple(meanings) for phrase, meanings in self.phrases.items()},
            several=self.several, groups={bases: tuple(codes) for bases, codes in self.groups.items()},
            exact={name: tuple(codes) for name, codes in self.exact.items()}, bases=self.bases,
            components=self.components, generic=self._generic(), names=self.names,
            products=sum(map(len, self.groups.values())),
            longest=max((phrase.count(" ") + 1 for phrase in self.phrases), default=1),
        )  # fmt: skip

    def _sort_out(self, names: list[NameRow]) -> None:
        """One concept a code, under its official name; every other name of a product finds it, too."""
        later: list[NameRow] = []
        for row in names:
            term_type = row.term_type or _guess(row.name)
            if not term_type or not row.name.strip():
                continue
            if term_type in SYNONYMS or not row.term_type:
                later.append(NameRow(row.rxcui, term_type, row.name))
                continue
            self.concepts.setdefault(row.rxcui, Concept(row.rxcui, term_type, row.name))
            if term_type in PRODUCTS:
                self.exact[as_written(row.name)][row.rxcui] = None
        for row in later:
            if row.term_type not in SYNONYMS:
                self.concepts.setdefault(row.rxcui, Concept(row.rxcui, row.term_type, row.name))
                if row.term_type == "ING":
                    self.numbers.setdefault(" ".join(fold(row.name)), Ingredient(row.rxcui, row.name))
            known = self.concepts.get(row.rxcui)
            if known is not None and known.term_type in PRODUCTS and any(map(str.isdigit, row.name)):
                self.exact[as_written(row.name)][row.rxcui] = None

    def _base(self, name: str) -> tuple[str, str]:
        found = self.components.get(name)
        if found is None:
            base, salt = self.attested.base(name)
            found = self.components[name] = (" ".join(base), salt)
        return found

    def _mean(self, phrase: str, meaning: Meaning) -> None:
        if phrase:
            self.phrases[phrase][meaning] = None

    def _mean_name(self, name: str) -> str:
        """Let a name and the ingredient in it be found; returns the ingredient."""
        base, salt = self._base(name)
        self._mean(" ".join(fold(name)), Meaning(frozenset({base}), salt))
        self._mean(base, Meaning(frozenset({base})))
        return base

    def _said(self, concept: Concept) -> Bases | None:
        """The ingredients that the release's relations give."""
        names = [self.concepts.get(code) for code in self.relations.ingredients.get(concept.rxcui, ())]
        return frozenset(" ".join(fold(each.name)) for each in names if each is not None) or None

    def _product(self, concept: Concept) -> None:
        named = [self._mean_name(name) for name in parts_of(concept)]
        if not named:
            return
        key = self._said(concept)
        if key is None or len(key) != len(set(named)):
            key = frozenset(named)
        self.bases[concept.rxcui] = key
        self.groups[key].append(concept.rxcui)
        parts = concept.parts
        if parts is not None and parts.brand:
            self.brands[parts.brand][key] = None

    def _ingredient(self, concept: Concept) -> None:
        self.bases[concept.rxcui] = frozenset({self._mean_name(concept.name)})

    def _several(self, concept: Concept) -> None:
        key = self._said(concept) or frozenset(self._base(part)[0] for part in parts_of(concept))
        self.several.setdefault(key, (concept.rxcui, concept.name))
        self.bases[concept.rxcui] = key

    def _form(self, concept: Concept) -> None:
        bases = frozenset(self._mean_name(name) for name in parts_of(concept))
        _, brand = official.without_brand(concept.name)
        if brand:
            self.brands[brand][bases] = None

    def _brands(self) -> None:
        for name, keys in self.brands.items():
            for key in keys:
                for said in (name, _OF_DAYS.sub("", name)):
                    self._mean(" ".join(fold(said)), Meaning(key, "", name))
        for concept in self.concepts.values():
            if concept.term_type == "BN":
                meant = self.brands.get(concept.name)
                if meant is not None and len(meant) == 1:
                    self.bases[concept.rxcui] = next(iter(meant))

    def _synonyms(self) -> None:
        for phrase, others in equals().items():
            name = " ".join(phrase)
            if name not in self.phrases:
                for other in others:
                    for meaning in tuple(self.phrases.get(" ".join(other), ())):
                        self._mean(name, meaning)

    def _abbreviations(self) -> None:
        for short, *meant in rows("drug_abbreviations.tsv"):
            for name in meant:
                found = [self._first(part) for part in name.split(" / ")]
                if all(found):
                    bases = frozenset[str]().union(*(each.bases for each in found if each))
                    salt = found[0].salt if len(found) == 1 and found[0] else ""
                    self._mean(" ".join(fold(short)), Meaning(bases, salt))

    def _known_brands(self) -> None:
        """Common brands that the list lacks stand for their ingredients, where it has those."""
        for brand, names in rows("drug_brands.tsv"):
            phrase = " ".join(fold(brand))
            found = [self._first(part) for part in names.split(" / ")]
            if phrase not in self.phrases and all(found):
                bases = frozenset[str]().union(*(each.bases for each in found if each))
                self._mean(phrase, Meaning(bases, "", brand))

    def _first(self, name: str) -> Meaning | None:
        for phrase in (" ".join(fold(name)), " ".join(self.attested.base(name)[0])):
            if phrase in self.phrases:
                return next(iter(self.phrases[phrase]))
        return None

    def _ingredients(self) -> dict[str, Ingredient]:
        found = {" ".join(phrase): one for phrase, one in self.attested.numbered.items()}
        for phrase, kept in self.attested.same.items():
            if phrase in self.attested.numbered:
                found.setdefault(" ".join(kept), self.attested.numbered[phrase])
        for base, one in self.numbers.items():  # a bare name without term type still gives its code
            found.setdefault(base, one)
        for name, (base, salt) in self.components.items():
            if not salt:
                found.setdefault(base, Ingredient("", name))
        for base in {base for bases in self.groups for base in bases}:
            found.setdefault(base, Ingredient("", base))
        return found

    def _packs(self) -> dict[frozenset[tuple[int, str]], list[str]]:
        """The clinical packs by what they hold."""
        found: dict[frozenset[tuple[int, str]], list[str]] = defaultdict(list)
        for code, concept in self.concepts.items():
            if concept.term_type == "GPCK" and (contents := _contents(concept)):
                found[contents].append(code)
        return found

    def _generic(self) -> dict[str, str]:
        found = dict(self.relations.generic)
        packs = self._packs()
        for code, concept in self.concepts.items():
            if concept.term_type in BRANDED and code not in found:
                bare = as_written(official.without_brand(concept.name)[0])
                other = next((each for each in self.exact.get(bare, ()) if each != code), "")
                if not other and len(same := packs.get(_contents(concept), [])) == 1:
                    other = same[0]
                if other:
                    found[code] = other
        return found


def _contents(concept: Concept) -> frozenset[tuple[int, str]]:
    """How many of which drug a pack holds, none for what is no pack. The name of a branded one as a whole is
    not that of the other: each piece has its brand there as well.
    """
    parts = concept.parts
    return frozenset((count, name.casefold()) for count, name in parts.parts) if parts else frozenset()


def _guess(name: str) -> str:
    """The term type of a name that comes without one, from its shape."""
    parts = official.read(name)
    if parts is None:
        return "ING" if len(name) < 60 and "[" not in name and not any(map(str.isdigit, name)) else ""
    if parts.parts:
        return "BPCK" if parts.brand else "GPCK"
    if not parts.form.stated:
        return ""
    return "SBD" if parts.brand else "SCD"
