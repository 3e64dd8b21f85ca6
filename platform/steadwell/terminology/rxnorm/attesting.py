"""Which names of a list are ingredients by themselves, and which are an ingredient with its salt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from steadwell.terminology.rxnorm import forms, official
from steadwell.terminology.rxnorm.catalogue import PRODUCTS, Concept
from steadwell.terminology.rxnorm.naming import base_of, equals, split_salt
from steadwell.terminology.rxnorm.types import Ingredient
from steadwell.terminology.rxnorm.words import Phrase, fold, salts

ALONE = frozenset({"IN", "ING"})
_WITH_FORM = frozenset({"SCDF", "SCDG", "SBDF", "SBDG"})
_WITH_STRENGTH = frozenset({"SCDC", "SBDC"})
INERT = "inert ingredients"  # the pills of a pack that hold nothing
_GROUPS = frozenset({"product", "pill"})  # RxNorm's words for a group of forms


@dataclass
class Attested:
    """``names`` are ingredients, ``numbered`` those with a code. ``same`` leads from a name to the one of
    that substance which is kept, ``precise`` from a salt's name to its ingredient where a release says so.
    """

    names: set[Phrase] = field(default_factory=set)
    numbered: dict[Phrase, Ingredient] = field(default_factory=dict)
    same: dict[Phrase, Phrase] = field(default_factory=dict)
    precise: dict[Phrase, tuple[Phrase, str]] = field(default_factory=dict)

    def base(self, name: str) -> tuple[Phrase, str]:
        """The ingredient that a name stands for, and the salt that it says."""
        phrase = fold(name)
        known = self.precise.get(phrase)
        if known is not None:
            return known
        base, salt = base_of(phrase, self.names)
        return self.same.get(base, base), salt


def of_release(concepts: Iterable[Concept], ingredient_of: dict[str, str]) -> Attested:
    """From a release's own words: its ingredients, and the ingredient of every precise one."""
    found = Attested()
    precise: list[Concept] = []
    for concept in concepts:
        if concept.term_type == "IN":
            phrase = fold(concept.name)
            found.names.add(phrase)
            found.numbered[phrase] = Ingredient(concept.rxcui, concept.name)
        elif concept.term_type == "PIN":
            precise.append(concept)
    by_code = {one.rxcui: phrase for phrase, one in found.numbered.items()}
    for concept in precise:
        base = by_code.get(ingredient_of.get(concept.rxcui, ""))
        if base is not None:
            phrase = fold(concept.name)
            found.precise[phrase] = base, _salt(phrase, base)
    return found


def of_names(concepts: Iterable[Concept]) -> Attested:
    """Read out of the names alone: a salt is one where its base is there as well."""
    found = Attested()
    uses: Counter[Phrase] = Counter()
    for concept in concepts:
        phrase = fold(concept.name)
        if concept.term_type in ALONE:
            found.names.add(phrase)
            if concept.term_type == "IN" or phrase not in found.numbered:
                found.numbered[phrase] = Ingredient(concept.rxcui, concept.name)
        elif concept.term_type in {"SCDF", "SCDG", "MIN"}:
            found.names.update(map(fold, parts_of(concept)))
        elif concept.term_type in PRODUCTS or concept.term_type in _WITH_STRENGTH:
            uses.update(map(fold, parts_of(concept)))
    every = found.names | uses.keys()
    bare = {phrase for phrase in every if base_of(phrase, every - {phrase}, alone=True)[0] == phrase}
    # A product's name for it may be the only one there is, with its salt: that is taken off as well.
    found.names = {phrase for phrase in bare if phrase in found.names or not split_salt(phrase)[1]}
    for phrase in sorted(found.names):
        names = [phrase, *(other for other in equals().get(phrase, ()) if other in found.names)]
        kept = max(names, key=lambda name: (uses[name], name in found.numbered, name))
        if kept != phrase:
            found.same[phrase] = kept
    return found


def parts_of(concept: Concept) -> list[str]:
    """The ingredients that a product's, a form's, a group's or a combination's name lists."""
    if concept.term_type in PRODUCTS or concept.term_type in _WITH_STRENGTH:
        parts = official.read(concept.name)
        names = [each.name for each in parts.components] if parts else []
        return [name for name in names if name.casefold() != INERT] or names
    name, _ = official.without_brand(concept.name)
    pieces = [piece.strip() for piece in name.split(" / ")]
    if concept.term_type in _WITH_FORM:
        pieces[-1] = _without_form(pieces[-1])
    return [piece for piece in pieces if piece]


def _without_form(name: str) -> str:
    """Cut a form off the end: as many words as are all words of forms."""
    words = name.split(" ")
    for start in range(1, len(words)):
        tail = [word for word in fold(" ".join(words[start:])) if word not in _GROUPS]
        if all(pair is not None and pair[0] != "noise" for pair in forms.scan(tuple(tail))):
            return " ".join(words[:start])
    return name


def _salt(precise: Phrase, base: Phrase) -> str:
    rest = [word for word in precise if word not in base]
    return " ".join(salts().get(word, word) for word in rest)
