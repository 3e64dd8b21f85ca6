"""From a text to one drug, or to the reason why not. Never a guess between two.

The steps: the official name word for word; else the ingredients, then of their products those whose strength,
form, salt and brand are not contradicted. What is left is one drug, or several (ambiguous), or none (then the
ingredients alone are the answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product

from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Concept
from steadwell.terminology.rxnorm.choosing import DOUBTFUL, is_plain, narrow, of_brand, same_salt
from steadwell.terminology.rxnorm.matching import (
    Candidate,
    Said,
    amounts,
    candidates,
    form_fits,
    is_range,
    strengths_fit,
)
from steadwell.terminology.rxnorm.reading import Mention, Named, Reader
from steadwell.terminology.rxnorm.types import DrugReading, Grade

BUFFERS = frozenset(
    {"aluminum hydroxide", "magnesium hydroxide", "magnesium oxide", "magnesium carbonate"}
)  # of aspirin
MOST_CANDIDATES = 12
_MOST_MEANINGS = 32


@dataclass(frozen=True, slots=True)
class Sense:
    """One way to understand the names in a text."""

    bases: Bases
    brands: frozenset[str]
    order: tuple[str, ...]


class Normaliser:
    """Reads texts against one catalogue. Keeps nothing of what it read."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._reader = Reader(catalogue)

    def read(self, text: str) -> DrugReading:
        """What the text names; never raises."""
        exact = self._exact(text)
        if exact is not None:
            return exact
        mention = self._reader.read(text)
        if not mention.named:
            return self._answer(text, Grade.NONE, "No ingredient and no brand is known in it.")
        if mention.unknown:
            return self._unknown(text, mention)
        senses = self._senses(mention)
        if not senses:
            return self._answer(text, Grade.NONE, "The names in it contradict each other.")
        if len({sense.bases for sense in senses}) > 1:
            senses = self._likely(senses, mention)
        if len({sense.bases for sense in senses}) > 1:
            return self._several(text, senses)
        if "aspirin" in senses[0].bases and _buffered(senses[0].bases):
            return self._aspirin_with_buffers(text, mention, senses)
        if len(senses[0].bases) > 1 and senses[0].bases not in self.catalogue.groups:
            return self._unsold(text, senses[0].bases)
        return self._one(text, mention, senses)

    def _exact(self, text: str) -> DrugReading | None:
        codes = self.catalogue.exact.get(" ".join(text.split()).casefold())
        if not codes:
            return None
        concepts = [self.catalogue.concepts[code] for code in codes]
        if any(self._doubtful(concept) for concept in concepts):
            return None
        if len(concepts) > 1:
            return self._ambiguous(text, concepts, "More than one code has this name.")
        return self._found(text, concepts[0], Grade.EXACT, "It is an official name.")

    def _doubtful(self, concept: Concept) -> bool:
        """Whether the plain official name is what people also write for the coated or the long-acting drug."""
        parts = concept.parts
        if parts is None or parts.brand or parts.form.release or len(parts.components) != 1:
            return False
        base, salt = self.catalogue.components.get(parts.components[0].name, ("", ""))
        return base in DOUBTFUL or (base == "metformin" and not salt)

    def _senses(self, mention: Mention) -> list[Sense]:
        found: dict[Sense, None] = {}
        meanings = [named.meanings for named in self._told_apart(mention)]
        for turn in islice(product(*meanings), _MOST_MEANINGS):
            alone = [each for each in turn if not each.brand]
            branded = [each for each in turn if each.brand]
            bases = frozenset[str]().union(*(each.bases for each in alone))
            order = tuple(
                dict.fromkeys(base for each in alone if len(each.bases) == 1 for base in each.bases)
            )
            brands: set[str] = set()
            for each in branded:
                if not bases or bases <= each.bases:
                    bases, brands = each.bases, brands | {each.brand}
                elif each.bases <= bases:
                    brands.add(each.brand)
                elif not self._is_aside(mention, each.brand):
                    bases |= each.bases
            if bases:
                found[Sense(bases, frozenset(brands), order)] = None
        return [*found]

    def _told_apart(self, mention: Mention) -> list[Named]:
        """The names without a class word beside its member ("insulin, NPH insulin") and without what stands in
        brackets where no product holds it as well ("(SOFT GELATIN)").
        """
        named = mention.named
        words = [{word for each in one.meanings for base in each.bases for word in base.split()} for one in named]
        left = [
            one for place, one in enumerate(named)
            if not any(words[place] < other for at, other in enumerate(words) if at != place)
        ]  # fmt: skip
        open_ones = [one for one in left if not one.bracketed]
        if not open_ones or len(open_ones) == len(left):
            return left
        return left if self._sold_together(left) else open_ones

    def _sold_together(self, named: Sequence[Named]) -> bool:
        turns = islice(product(*(one.meanings for one in named)), _MOST_MEANINGS)
        return any(frozenset[str]().union(*(each.bases for each in turn)) in self.catalogue.groups for turn in turns)

    def _is_aside(self, mention: Mention, brand: str) -> bool:
        """A brand in brackets that has other ingredients is a maker's word, not a second drug."""
        return any(
            named.bracketed and any(each.brand == brand for each in named.meanings) for named in mention.named
        )

    def _likely(self, senses: list[Sense], mention: Mention) -> list[Sense]:
        """Of several readings those that are sold together; a lone doubtful word stays doubtful."""
        if len(mention.named) == 1 and not any(sense.brands for sense in senses):
            return senses
        fitting = [sense for sense in senses if self._fitting(mention, sense)]
        sold = [sense for sense in senses if sense.bases in self.catalogue.groups]
        return fitting or sold or senses

    def _fitting(self, mention: Mention, sense: Sense) -> list[Candidate]:
        salts = _salts(mention)
        said = amounts(mention)
        all_of = candidates(self.catalogue, sense.bases)
        near = [each for each in all_of if form_fits(mention, each) and same_salt(each, salts)]
        if not said and mention.bare:
            said = _numbers(near, mention)
        fit = [each for each in near if strengths_fit(mention, said, each, sense.order)]
        return narrow(of_brand(fit, sense.brands), mention, salts) if fit else []

    def _one(self, text: str, mention: Mention, senses: Sequence[Sense]) -> DrugReading:
        bases, brands = senses[0].bases, senses[0].brands
        left = {each.concept.rxcui: each for sense in senses for each in self._fitting(mention, sense)}
        if not self._says_strength(mention, senses, [*left.values()]):
            return self._ingredients(text, bases, "It says no strength.")
        if not left:
            return self._ingredients(text, bases, "No product of that strength and form is known.")
        if len(left) > 1:
            concepts = [each.concept for each in left.values()]
            reason = f"{len(left)} products fit: {_differences([*left.values()])}."
            return self._ambiguous(text, concepts, reason)
        (only,) = left.values()
        if len(bases) == 1 and is_range(mention):
            return self._ambiguous(text, [only.concept], "It says more than one strength.")
        if not self._sure(only, mention, bases):
            reason = "It says no release, and one product with a special release fits."
            return self._ambiguous(text, [only.concept], reason)
        return self._found(text, only.concept, Grade.CLINICAL_DRUG, _reason(mention, only, brands))

    def _says_strength(self, mention: Mention, senses: Sequence[Sense], left: Sequence[Candidate]) -> bool:
        if amounts(mention):
            return True
        brands = senses[0].brands
        if brands and len(left) == 1:  # a brand's pack, or "Novolin 70/30"
            if left[0].parts.parts or any(map(str.isdigit, "".join(brands))):
                return True
        near = [each for sense in senses for each in candidates(self.catalogue, sense.bases)]
        return bool(_numbers(near, mention))

    def _sure(self, only: Candidate, mention: Mention, bases: Bases) -> bool:
        """An unsaid special release is taken only where the ingredient has no plain form of that shape."""
        if is_plain(only) or mention.form.release or mention.form.texture or only.parts.brand:
            return True
        salts = _salts(mention)
        if any(salt and not salts.get(base) for base, salt, _ in only.by_base):
            return False
        return not any(
            is_plain(each) and same_salt(each, salts) and each.parts.form.shapes == only.parts.form.shapes
            for each in candidates(self.catalogue, bases)
        )

    def _unknown(self, text: str, mention: Mention) -> DrugReading:
        words = ", ".join(mention.unknown[:3])
        return self._answer(text, Grade.NONE, f"Not understood: {words}.")

    def _aspirin_with_buffers(self, text: str, mention: Mention, senses: Sequence[Sense]) -> DrugReading:
        """RxNorm knows buffered aspirin as aspirin, and combinations with the buffers as well."""
        own = [named for named in mention.named if any("aspirin" in each.bases for each in named.meanings)]
        plain = Mention(named=own, form=mention.form, label=mention.label)
        found = self._fitting(plain, Sense(frozenset({"aspirin"}), frozenset(), ()))
        found += [each for sense in senses for each in self._fitting(mention, sense)]
        reason = "Its buffers may be counted as ingredients or not."
        if not found:
            return self._ingredients(text, frozenset({"aspirin"}), reason)
        return self._ambiguous(text, [each.concept for each in found], reason)

    def _unsold(self, text: str, bases: Bases) -> DrugReading:
        """Ingredients that no product holds together: two drugs, or a name misread. Nothing is taken as sure."""
        parts = tuple((each.rxcui, each.name) for each in self.catalogue.ingredients_of(bases))
        return self._answer(
            text, Grade.AMBIGUOUS, "No product holds these ingredients together.", candidates=parts
        )

    def _several(self, text: str, senses: Sequence[Sense]) -> DrugReading:
        found: dict[tuple[str, str], None] = {}
        for sense in senses:
            rxcui, _, name = self._code_of(sense.bases)
            found[rxcui or "", name] = None
        common = frozenset.intersection(*(sense.bases for sense in senses))
        return self._answer(
            text, Grade.AMBIGUOUS, "It may mean " + " or ".join(name for _, name in found) + ".",
            bases=common, candidates=tuple(found)[:MOST_CANDIDATES],
        )  # fmt: skip

    def _ingredients(self, text: str, bases: Bases, reason: str) -> DrugReading:
        rxcui, term_type, name = self._code_of(bases)
        return self._answer(
            text, Grade.INGREDIENT_ONLY, reason, rxcui=rxcui, term_type=term_type, name=name, bases=bases
        )

    def _code_of(self, bases: Bases) -> tuple[str | None, str, str]:
        ingredients = self.catalogue.ingredients_of(bases)
        if len(ingredients) == 1:
            return ingredients[0].rxcui or None, "IN", ingredients[0].name
        code, name = self.catalogue.several.get(bases, ("", " / ".join(each.name for each in ingredients)))
        return code or None, "MIN", name

    def _ambiguous(self, text: str, concepts: Sequence[Concept], reason: str) -> DrugReading:
        pairs = tuple((each.rxcui, each.name) for each in concepts[:MOST_CANDIDATES])
        common = frozenset.intersection(
            *(self.catalogue.bases.get(each.rxcui, frozenset()) for each in concepts)
        )
        return self._answer(text, Grade.AMBIGUOUS, reason, bases=common, candidates=pairs)

    def _found(self, text: str, concept: Concept, grade: Grade, reason: str) -> DrugReading:
        return self._answer(
            text, grade, reason, rxcui=concept.rxcui, term_type=concept.term_type, name=concept.name,
            bases=self.catalogue.bases.get(concept.rxcui, frozenset()),
        )  # fmt: skip

    def _answer(
        self, text: str, grade: Grade, reason: str, *, rxcui: str | None = None, term_type: str = "",
        name: str = "", bases: Bases = frozenset(), candidates: tuple[tuple[str, str], ...] = (),
    ) -> DrugReading:  # fmt: skip
        return DrugReading(
            text=text, rxcui=rxcui, term_type=term_type, name=name,
            ingredients=self.catalogue.ingredients_of(bases), grade=grade, reason=reason,
            candidates=candidates, release=self.catalogue.release,
        )  # fmt: skip


def _buffered(bases: Bases) -> bool:
    others = bases - {"aspirin"}
    return bool(others) and others <= BUFFERS


def _salts(mention: Mention) -> dict[str, str]:
    """The salt that the text gives each ingredient, by its phrase or by a word behind it."""
    found: dict[str, str] = {}
    for named in mention.named:
        for meaning in named.meanings:
            if len(meaning.bases) == 1 and not meaning.brand:
                (base,) = meaning.bases
                found[base] = " ".join(filter(None, (meaning.salt, named.salt))) or found.get(base, "")
    return found


def _numbers(near: Sequence[Candidate], mention: Mention) -> list[Said]:
    """Numbers without a unit that some product has as its strength; the others count pieces."""
    return [
        said for said in (Said(number=value) for value in mention.bare)
        if any(said.fits(has, each) for each in near for _, _, has in each.by_base)
    ]  # fmt: skip


def _reason(mention: Mention, only: Candidate, brands: frozenset[str]) -> str:
    corrected = [f"{named.corrected} read as {named.phrase}" for named in mention.named if named.corrected]
    parts = ["One product alone fits", *corrected]
    if brands and not only.parts.brand:
        parts.append("the brand has none of its own")
    return "; ".join(parts) + "."


def _differences(left: Sequence[Candidate]) -> str:
    """In what the products differ, for a person to decide."""
    sets = {
        "strength": {tuple(str(has) for *_, has in each.by_base) for each in left},
        "form": {each.parts.form_name for each in left},
        "salt": {tuple(salt for _, salt, _ in each.by_base) for each in left},
        "package": {str(each.parts.quantity) for each in left},
        "duration": {str(each.parts.hours) for each in left},
        "making": {each.parts.qualities for each in left},
        "brand": {each.parts.brand for each in left},
    }
    differ = [name for name, values in sets.items() if len(values) > 1]
    return "they differ in " + ", ".join(differ) if differ else "they differ in their code alone"
