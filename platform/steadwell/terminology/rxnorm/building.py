"""Builds a catalogue out of a list of names, and of relations where there are any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from steadwell.terminology.rxnorm import forms, official
from steadwell.terminology.rxnorm.catalogue import (
    BRANDED,
    PRODUCTS,
    Bases,
    Catalogue,
    Concept,
    Meaning,
)
from steadwell.terminology.rxnorm.naming import base_of, equals
from steadwell.terminology.rxnorm.types import Ingredient, NameRow
from steadwell.terminology.rxnorm.words import Phrase, fold, rows

# Term types whose names list base ingredients: a form, a group of forms, a combination.
_OF_BASES = frozenset({"SCDF", "SCDG", "SBDF", "SBDG", "SBDC", "SCDC", "MIN"})
_ALONE = frozenset({"IN", "ING"})
_SYNONYMS = frozenset({"SY", "TMSY", "PSN", "ET", "FN"})
_GROUP_WORDS = ("Oral Product", "Pill", "Injectable Product", "Topical Product", "Inhalant Product",
                "Ophthalmic Product", "Rectal Product", "Vaginal Product", "Nasal Product", "Chewable Product",
                "Oral Liquid Product", "Transdermal Product", "Otic Product", "Oral Gel Product",
                "Oral Powder Product", "Oral Spray Product", "Buccal Product", "Sublingual Product",
                "Disintegrating Oral Product", "Effervescent Oral Product", "Drug Implant Product",
                "Mucosal Product", "Dental Product", "Irrigation Product", "Granule Product",
                "Oral Pellet Product", "Lozenge Product", "Flake Product", "Prefilled Syringe Product",
                "Shampoo Product", "Soap Product", "Toothpaste Product", "Paste Product", "Gas for Inhalation Product",
                "Medicated Pad or Tape", "Wafer Product", "Bar Product", "Oral Ointment Product",
                "Oral Cream Product", "Urethral Product", "Intraperitoneal Product", "Pyelocalyceal Product")  # fmt: skip


@dataclass
class Relations:
    """What a release says itself: the ingredients of each concept, and the clinical drug of each brand.

    Ingredients by their code; ``precise`` gives the ingredient of a salt.
    """

    ingredients: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    generic: Mapping[str, str] = field(default_factory=dict)


def build(names: Iterable[NameRow], *, release: str, relations: Relations | None = None) -> Catalogue:
    """A catalogue of these names. A name without term type is taken for what its shape says."""
    return _Building(release, relations or Relations(), list(names)).done()


class _Building:
    def __init__(self, release: str, relations: Relations, names: list[NameRow]) -> None:
        self.release, self.relations, self.names = release, relations, names
        self.concepts: dict[str, Concept] = {}
        self.exact: dict[str, dict[str, None]] = defaultdict(dict)
        self.attested: set[Phrase] = set()
        self.numbered: dict[Phrase, Ingredient] = {}
        self.phrases: dict[Phrase, dict[Meaning, None]] = defaultdict(dict)
        self.groups: dict[Bases, list[str]] = defaultdict(list)
        self.bases: dict[str, Bases] = {}
        self.components: dict[str, tuple[str, str]] = {}
        self.several: dict[Bases, tuple[str, str]] = {}
        self.brands: dict[str, set[Bases]] = defaultdict(set)

    def done(self) -> Catalogue:
        self._sort_out()
        self._attest()
        self._products()
        self._other_concepts()
        self._synonyms()
        self._abbreviations()
        return Catalogue(
            release=self.release, concepts=self.concepts,
            phrases={phrase: tuple(meanings) for phrase, meanings in self.phrases.items()},
            ingredients=self._ingredients(), several=self.several,
            groups={bases: tuple(codes) for bases, codes in self.groups.items()},
            exact={name: tuple(codes) for name, codes in self.exact.items()},
            bases=self.bases, components=self.components, generic=self._generic(),
            names=len(self.names), longest=max(map(len, self.phrases), default=1),
        )  # fmt: skip

    def _sort_out(self) -> None:
        """One concept a code, under its official name; every other name finds it, too."""
        later: list[NameRow] = []
        for row in self.names:
            term_type = row.term_type or _guess(row.name)
            if not term_type or not row.name.strip():
                continue
            if term_type in _SYNONYMS or not row.term_type:
                later.append(NameRow(row.rxcui, term_type, row.name))
                continue
            self.concepts.setdefault(row.rxcui, Concept(row.rxcui, term_type, row.name))
            if term_type in PRODUCTS:
                self.exact[row.name.casefold()][row.rxcui] = None
        for row in later:
            if row.term_type not in _SYNONYMS:
                self.concepts.setdefault(row.rxcui, Concept(row.rxcui, row.term_type, row.name))
            known = self.concepts.get(row.rxcui)
            if known is not None and known.term_type in PRODUCTS:
                self.exact[row.name.casefold()][row.rxcui] = None
        self.later = later

    def _attest(self) -> None:
        """Collect what is an ingredient by itself, surest first."""
        for concept in self.concepts.values():
            if concept.term_type in _ALONE:
                phrase = fold(concept.name)
                self.attested.add(phrase)
                if concept.term_type == "IN" or phrase not in self.numbered:
                    self.numbered[phrase] = Ingredient(concept.rxcui, concept.name)
            elif concept.term_type in {"SCDF", "SCDG", "MIN"}:
                self.attested.update(fold(part) for part in _base_parts(concept))
        singles: set[Phrase] = set()
        for concept in self.concepts.values():
            parts = concept.parts if concept.term_type in PRODUCTS or concept.term_type == "SCDC" else None
            for each in parts.components if parts else ():
                singles.add(fold(each.name))
        if not self.relations.ingredients:
            ing = {fold(c.name) for c in self.concepts.values() if c.term_type == "ING"}
            strict = {p for p in self.attested if p not in ing or (self.numbered[p].rxcui in self.concepts
                      and self.concepts[self.numbered[p].rxcui].term_type == "IN")}  # fmt: skip
            # A salt that is listed as an ingredient is still a salt where its base is listed as well.
            for phrase in [*(self.attested - strict)]:
                if base_of(phrase, (self.attested | singles) - {phrase})[1]:
                    self.attested.discard(phrase)
            self.attested |= {p for p in singles if not base_of(p, (self.attested | singles) - {p})[1]}

    def _base(self, name: str) -> tuple[str, str]:
        found = self.components.get(name)
        if found is None:
            base, salt = base_of(fold(name), self.attested)
            found = self.components[name] = (" ".join(base), salt)
        return found

    def _products(self) -> None:
        for concept in self.concepts.values():
            if concept.term_type not in PRODUCTS:
                continue
            parts = concept.parts
            if parts is None:
                continue
            bases: set[str] = set()
            for each in parts.components:
                base, salt = self._base(each.name)
                bases.add(base)
                self._mean(fold(each.name), Meaning(frozenset({base}), salt))
                self._mean(tuple(base.split()), Meaning(frozenset({base})))
            key = frozenset(bases)
            self.bases[concept.rxcui] = key
            self.groups[key].append(concept.rxcui)
            if parts.brand:
                self.brands[parts.brand].add(key)

    def _mean(self, phrase: Phrase, meaning: Meaning) -> None:
        if phrase:
            self.phrases[phrase][meaning] = None

    def _other_concepts(self) -> None:
        for concept in self.concepts.values():
            phrase = fold(concept.name)
            if concept.term_type in _ALONE | {"PIN"}:
                base, salt = self._base(concept.name)
                self._mean(phrase, Meaning(frozenset({base}), salt))
                self.bases[concept.rxcui] = frozenset({base})
            elif concept.term_type == "MIN":
                key = frozenset(self._base(part)[0] for part in _base_parts(concept))
                self.several.setdefault(key, (concept.rxcui, concept.name))
                self.bases[concept.rxcui] = key
            elif concept.term_type in {"SCDF", "SCDG", "SBDF", "SBDC"}:
                bases = [self._base(part) for part in _base_parts(concept)]
                for base, _ in bases:
                    self._mean(tuple(base.split()), Meaning(frozenset({base})))
                brand = official._BRAND.search(concept.name)
                if brand:
                    self.brands[brand[1]].add(frozenset(base for base, _ in bases))
        for brand_name, keys in self.brands.items():
            for key in keys:
                self._mean(fold(brand_name), Meaning(key, "", brand_name))
        for concept in self.concepts.values():
            if concept.term_type == "BN":
                meant = self.brands.get(concept.name, set())
                if len(meant) == 1:
                    self.bases[concept.rxcui] = next(iter(meant))

    def _synonyms(self) -> None:
        for phrase, others in equals().items():
            if phrase in self.phrases:
                continue
            for other in others:
                for meaning in self.phrases.get(other, ()):
                    self._mean(phrase, meaning)

    def _abbreviations(self) -> None:
        for short, *meant in rows("drug_abbreviations.tsv"):
            phrase = fold(short)
            for name in meant:
                bases: set[str] = set()
                salt = ""
                for part in name.split(" / "):
                    found = next(iter(self.phrases.get(fold(part), ())), None)
                    if found is None:
                        base, salt = base_of(fold(part), self.attested)
                        found = next(iter(self.phrases.get(base, ())), None)
                    if found is None:
                        break
                    bases |= found.bases
                    salt = found.salt or salt
                else:
                    self._mean(phrase, Meaning(frozenset(bases), salt if len(bases) == 1 else ""))

    def _ingredients(self) -> dict[str, Ingredient]:
        found = {" ".join(phrase): one for phrase, one in self.numbered.items()}
        for row in self.later:  # a bare name without term type still gives an ingredient its code
            key = " ".join(fold(row.name))
            if row.term_type == "ING" and key not in found:
                found[key] = Ingredient(row.rxcui, row.name)
        for name, (base, salt) in self.components.items():
            if not salt and base not in found:
                found[base] = Ingredient("", name)
        return found

    def _generic(self) -> dict[str, str]:
        found = dict(self.relations.generic)
        for code, concept in self.concepts.items():
            if concept.term_type in BRANDED and code not in found:
                bare = official._BRAND.sub("", concept.name).casefold()
                other = next((c for c in self.exact.get(bare, ()) if c != code), "")
                if other:
                    found[code] = other
        return found


def _guess(name: str) -> str:
    """The term type of a name that comes without one, from its shape."""
    parts = official.read(name)
    if parts is None:
        return "ING" if len(name) < 60 and "[" not in name and not any(c.isdigit() for c in name) else ""
    if parts.parts:
        return "BPCK" if parts.brand else "GPCK"
    if not parts.form.stated:
        return ""
    return "SBD" if parts.brand else "SCD"


def _base_parts(concept: Concept) -> list[str]:
    """The ingredients that a form's, a group's or a combination's name lists."""
    name = official._BRAND.sub("", concept.name)
    if concept.term_type in {"SCDG", "SBDG"}:
        for word in _GROUP_WORDS:
            if name.lower().endswith(" " + word.lower()):
                name = name[: -len(word) - 1]
                break
    if concept.term_type in {"SCDC", "SBDC"}:
        parts = official.read(name)
        return [each.name for each in parts.components] if parts else []
    pieces = [piece.strip() for piece in name.split(" / ")]
    if concept.term_type in {"SCDF", "SBDF"}:
        words = pieces[-1].split(" ")
        for start in range(1, len(words)):
            if all(forms.scan(fold(" ".join(words[start:])))):
                pieces[-1] = " ".join(words[:start])
                break
    return [piece for piece in pieces if piece]
