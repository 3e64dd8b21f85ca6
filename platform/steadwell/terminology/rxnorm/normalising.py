"""From a text to one drug, or to the reason why not. Never a guess between two.

The steps: the official name word for word; else the ingredients, then of their products those whose strength,
form, salt and brand are not contradicted. What is left is one drug, or several (ambiguous), or none (then the
ingredients alone are the answer).
"""

from __future__ import annotations

from collections.abc import Sequence

from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Concept, as_written
from steadwell.terminology.rxnorm.choosing import DOUBTFUL, is_plain, narrow, of_brand, same_salt
from steadwell.terminology.rxnorm.matching import (
    Candidate,
    Said,
    amounts,
    candidates,
    form_fits,
    is_range,
    number_of,
    strengths_fit,
)
from steadwell.terminology.rxnorm.reading import Mention, Reader
from steadwell.terminology.rxnorm.reasons import differences, only_one
from steadwell.terminology.rxnorm.scanning import folded
from steadwell.terminology.rxnorm.senses import Sense, is_buffered_aspirin, senses
from steadwell.terminology.rxnorm.types import DrugReading, Grade
from steadwell.terminology.rxnorm.wording import word_for_word

MOST_CANDIDATES = 12
MOST_UNKNOWN = 2  # words nobody knows; with more it is a sentence and no name with a slip in it


class Normaliser:
    """Reads texts against one catalogue. Keeps nothing of what it read."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.reader = Reader(catalogue)

    def read(self, text: str) -> DrugReading:
        """What the text names; never raises."""
        exact = self._exact(text)
        if exact is not None:
            return exact
        mention = self.reader.read(text)
        if not mention.named:
            reason = "No ingredient and no brand is known in it."
            return self._answer(text, Grade.NONE, reason, candidates=self._meant(text, mention))
        if mention.unknown:
            words = ", ".join(mention.unknown[:3])
            candidates = self._meant(text, mention)
            return self._answer(text, Grade.NONE, f"Not understood: {words}.", candidates=candidates)
        found = self._likely(senses(self.catalogue, mention), mention)
        if not found:
            return self._answer(text, Grade.NONE, "The names in it contradict each other.")
        bases = found[0].bases
        if any(sense.bases != bases for sense in found):
            return self._several(text, found)
        if is_buffered_aspirin(bases):
            return self._aspirin_with_buffers(text, mention, found)
        if len(bases) > 1 and bases not in self.catalogue.groups:
            return self._unsold(text, bases)
        return self._one(text, mention, found)

    def _exact(self, text: str) -> DrugReading | None:
        codes = self.catalogue.exact.get(as_written(text))
        if not codes:
            return None
        concepts = [self.catalogue.concepts[code] for code in codes]
        if any(self._doubtful(concept) for concept in concepts):
            return None
        if len(concepts) > 1:
            return self._ambiguous(text, concepts, "More than one code has this name.")
        return self._found(text, concepts[0], Grade.EXACT, "It is an official name.")

    def _meant(self, text: str, mention: Mention) -> tuple[tuple[str, str], ...]:
        """What it would be if one unknown word were a known one that is near: a question, not a reading."""
        if len(mention.unknown) > MOST_UNKNOWN or not amounts(mention):
            return ()
        found: dict[tuple[str, str], None] = {}
        plain = folded(text)
        for word in mention.unknown:
            for name in self.reader.speller.near(word):
                reading = self.read(plain.replace(word, name, 1))
                codes = ((reading.rxcui, reading.name),) if reading.rxcui else reading.candidates
                found |= {(code, name): None for code, name in codes if code}
        return tuple(found)[:MOST_CANDIDATES]

    def _doubtful(self, concept: Concept) -> bool:
        """Whether people write the plain official name for the coated or the long-acting drug as well."""
        parts = concept.parts
        if parts is None or parts.brand or parts.form.release or len(parts.components) != 1:
            return False
        base, salt = self.catalogue.components.get(parts.components[0].name, ("", ""))
        return base in DOUBTFUL or (base == "metformin" and not salt)

    def _likely(self, found: list[Sense], mention: Mention) -> list[Sense]:
        """Of several readings those that are sold together; a lone doubtful word stays doubtful."""
        if len({sense.bases for sense in found}) < 2:
            return found
        if len(mention.named) == 1 and not any(sense.brands for sense in found):
            return found
        fitting = [sense for sense in found if self._fitting(mention, sense)]
        sold = [sense for sense in found if sense.bases in self.catalogue.groups]
        return fitting or sold or found

    def _fitting(self, mention: Mention, sense: Sense) -> list[Candidate]:
        salts = mention.salts()
        said = amounts(mention)
        all_of = candidates(self.catalogue, sense.bases)
        near = [each for each in all_of if form_fits(mention, each) and same_salt(each, salts)]
        if not said and mention.bare:
            said = _numbers(near, mention)
        fit = [each for each in near if strengths_fit(mention, said, each, sense.order)]
        return narrow(of_brand(fit, sense.brands), mention, salts) if fit else []

    def _one(self, text: str, mention: Mention, found: Sequence[Sense]) -> DrugReading:
        bases, brands = found[0].bases, found[0].brands
        left = {each.concept.rxcui: each for sense in found for each in self._fitting(mention, sense)}
        if len(left) > 1 and not any(base in DOUBTFUL for base in bases):
            left = {each.concept.rxcui: each for each in word_for_word(text, [*left.values()])}
        if not self._says_strength(mention, found, [*left.values()]):
            return self._ingredients(text, bases, "It says no strength.")
        if not left:
            return self._ingredients(text, bases, "No product of that strength and form is known.")
        if len(left) > 1:
            concepts = [each.concept for each in left.values()]
            reason = f"{len(left)} products fit: {differences([*left.values()])}."
            return self._ambiguous(text, concepts, reason)
        (only,) = left.values()
        if len(bases) == 1 and is_range(mention):
            return self._ambiguous(text, [only.concept], "It says more than one strength.")
        if not self._sure(only, mention, bases):
            reason = "It says no release, and one product with a special release fits."
            return self._ambiguous(text, [only.concept], reason)
        return self._found(text, only.concept, Grade.CLINICAL_DRUG, only_one(mention, only, brands))

    def _says_strength(self, mention: Mention, found: Sequence[Sense], left: Sequence[Candidate]) -> bool:
        if amounts(mention):
            return True
        brands = found[0].brands
        # A brand's pack, or "Novolin 70/30": the brand's own name says it.
        if brands and len(left) == 1 and (left[0].parts.parts or _numbered(left[0].parts.brand, brands)):
            return True
        return bool(_numbers(left, mention))

    def _sure(self, only: Candidate, mention: Mention, bases: Bases) -> bool:
        """An unsaid special release is taken only where the ingredient has no plain form of that shape."""
        if is_plain(only) or mention.form.release or mention.form.texture or only.parts.brand:
            return True
        salts = mention.salts()
        if any(salt and not salts.get(base) for base, salt, _ in only.by_base):
            return False
        return not any(
            is_plain(each) and same_salt(each, salts) and each.parts.form.shapes == only.parts.form.shapes
            for each in candidates(self.catalogue, bases)
        )

    def _aspirin_with_buffers(self, text: str, mention: Mention, found: Sequence[Sense]) -> DrugReading:
        """RxNorm knows buffered aspirin as aspirin, and combinations with the buffers as well."""
        own = [one for one in mention.named if any("aspirin" in each.bases for each in one.meanings)]
        plain = Mention(named=own, form=mention.form, label=mention.label)
        drugs = self._fitting(plain, Sense(frozenset({"aspirin"}), frozenset(), ()))
        drugs += [each for sense in found for each in self._fitting(mention, sense)]
        reason = "Its buffers may be counted as ingredients or not."
        if not drugs:
            return self._ingredients(text, frozenset({"aspirin"}), reason)
        return self._ambiguous(text, [each.concept for each in drugs], reason)

    def _unsold(self, text: str, bases: Bases) -> DrugReading:
        """Ingredients that no product holds together: two drugs, or a name misread. Nothing is taken as sure.

        The known combination, which is a code of its own, is an answer all the same.
        """
        if bases in self.catalogue.several:
            return self._ingredients(text, bases, "No product of this combination is known.")
        parts = tuple((each.rxcui, each.name) for each in self.catalogue.ingredients_of(bases))
        reason = "No product holds these ingredients together."
        return self._answer(text, Grade.AMBIGUOUS, reason, candidates=parts)

    def _several(self, text: str, found: Sequence[Sense]) -> DrugReading:
        names = {(code or "", name): None for code, _, name in (self._code_of(each.bases) for each in found)}
        reason = "It may mean " + " or ".join(name for _, name in names) + "."
        common = frozenset.intersection(*(sense.bases for sense in found))
        return self._answer(
            text, Grade.AMBIGUOUS, reason, bases=common, candidates=tuple(names)[:MOST_CANDIDATES]
        )

    def _ingredients(self, text: str, bases: Bases, reason: str) -> DrugReading:
        rxcui, term_type, name = self._code_of(bases)
        return self._answer(
            text, Grade.INGREDIENT_ONLY, reason, rxcui=rxcui, term_type=term_type, name=name, bases=bases
        )

    def _code_of(self, bases: Bases) -> tuple[str | None, str, str]:
        ingredients = self.catalogue.ingredients_of(bases)
        if len(ingredients) == 1:
            return ingredients[0].rxcui or None, "IN", ingredients[0].name
        named = " / ".join(each.name for each in ingredients)
        code, name = self.catalogue.several.get(bases, ("", named))
        return code or None, "MIN", name

    def _ambiguous(self, text: str, concepts: Sequence[Concept], reason: str) -> DrugReading:
        pairs = tuple((each.rxcui, each.name) for each in concepts[:MOST_CANDIDATES])
        bases = self.catalogue.bases
        common = frozenset.intersection(*(bases.get(each.rxcui, frozenset()) for each in concepts))
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


def _numbered(brand: str, brands: frozenset[str]) -> bool:
    return brand in brands and any(map(str.isdigit, brand))


def _numbers(near: Sequence[Candidate], mention: Mention) -> list[Said]:
    """Numbers without a unit as strengths, where every one is that of some product: one of no product may be
    the strength that matters.
    """
    said = [number_of(mention, value) for value in mention.bare]
    known = all(any(one.fits(has, each) for each in near for _, _, has in each.by_base) for one in said)
    return said if known else []
