"""Whether a product is contradicted by what a text says: strength by strength, salt, form, quantity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from steadwell.terminology.rxnorm import forms
from steadwell.terminology.rxnorm.attesting import INERT
from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Concept
from steadwell.terminology.rxnorm.official import Official
from steadwell.terminology.rxnorm.reading import Mention
from steadwell.terminology.rxnorm.scanning import Token
from steadwell.terminology.rxnorm.strengths import EXACT, Strength

_HYDRATES = frozenset(
    {"monohydrate", "dihydrate", "trihydrate", "hemihydrate", "sesquihydrate", "anhydrous", "hydrate",
     "pentahydrate", "tetrahydrate", "hemipentahydrate"}
)  # fmt: skip
MOST_KEPT = 4000  # sets of ingredients whose products are kept taken apart
_MOST_ORDERS = 5  # ingredients whose strengths are tried in every order


@dataclass(frozen=True, slots=True)
class Candidate:
    concept: Concept
    parts: Official
    by_base: tuple[tuple[str, str, Strength | None], ...]  # ingredient, salt, strength


@dataclass(frozen=True, slots=True)
class Said:
    """One amount of the text: a strength in one or more readings, or a number without a unit."""

    readings: tuple[Strength, ...] = ()
    number: float | None = None

    def fits(self, has: Strength | None, drug: Candidate) -> bool:
        if has is None:
            return False
        if self.number is not None:
            return any(abs(self.number - value) <= EXACT * value for value in _as_numbers(has))
        whole = _whole(has, drug)
        return any(each.fits(has) or (whole is not None and each.fits(whole)) for each in self.readings)


def candidates(catalogue: Catalogue, bases: Bases) -> list[Candidate]:
    """The products of exactly these ingredients."""
    known = catalogue.compared.get(bases)
    if known is None:
        if len(catalogue.compared) > MOST_KEPT:
            catalogue.compared.clear()
        known = catalogue.compared[bases] = [*_candidates(catalogue, bases)]
    return known


def _candidates(catalogue: Catalogue, bases: Bases) -> Iterator[Candidate]:
    for code in catalogue.groups.get(bases, ()):
        concept = catalogue.concepts[code]
        parts = concept.parts
        if parts is not None:
            by_base = tuple(
                (*catalogue.components.get(each.name, (each.name, "")), each.strength)
                for each in parts.components
                if each.name.casefold() != INERT
            )
            yield Candidate(concept, parts, by_base)


def amounts(mention: Mention) -> list[Said]:
    """Every amount of the text, in its order."""
    found = [Said(each) for each in mention.before]
    for named in mention.named:
        found.extend(Said(each) for each in named.strengths)
    for token in mention.listed:
        if token.strengths:
            found.extend(Said((each,)) for each in token.strengths)
        else:
            found.extend(Said(number=value) for value in token.values)
    return found


def strengths_fit(mention: Mention, said: Sequence[Said], drug: Candidate, order: Sequence[str]) -> bool:
    """Whether the amounts are those of the drug. ``order`` is that of the ingredients in the text."""
    if not said:
        return True
    if drug.parts.parts and len(said) != len(drug.by_base):
        return False  # a pack of several strengths is none of them: "rivaroxaban 15 MG" may be a tablet
    if len(drug.by_base) == 1:
        return _one_fits(mention, said, drug)
    if len(said) == 1 and (total := _total(drug)) is not None and said[0].fits(total, drug):
        return True
    own = _own_amounts(mention)
    if own is not None and set(own) == {base for base, _, _ in drug.by_base}:
        return all(any(each.fits(has, drug) for each in own[base]) for base, _, has in drug.by_base)
    if len(said) != len(drug.by_base) or len(said) > _MOST_ORDERS:
        return all(any(each.fits(has, drug) for _, _, has in drug.by_base) for each in said)
    has = _in_order(drug, order)
    if has is not None:
        return all(each.fits(one, drug) for each, one in zip(said, has, strict=True))
    return any(
        all(each.fits(one, drug) for each, one in zip(said, turn, strict=True))
        for turn in permutations([strength for _, _, strength in drug.by_base])
    )


def _total(drug: Candidate) -> Strength | None:
    """What a drug holds of one ingredient in two salts: 25 MG and 75 MG of nitrofurantoin are 100 MG."""
    kinds = {has.kind for *_, has in drug.by_base if has is not None}
    if drug.parts.parts or len({base for base, _, _ in drug.by_base}) > 1 or len(kinds) != 1:
        return None
    return Strength(kinds.pop(), sum(has.value for *_, has in drug.by_base if has is not None))


def _one_fits(mention: Mention, said: Sequence[Said], drug: Candidate) -> bool:
    has = drug.by_base[0][2]
    scoops = [token.strengths[0] for token in mention.listed if is_scoop(token)]
    if scoops:
        return all(Said((each,)).fits(has, drug) for each in scoops)
    if is_range(mention):
        return any(each.fits(has, drug) for each in said)
    return all(each.fits(has, drug) for each in said)


def is_scoop(token: Token) -> bool:
    """ "4GM/5GM" of one powder: 4 g in a scoop of 5 g."""
    return token.paired and token.values[0] <= token.values[1] and token.strengths[0].kind == "mass"


def is_range(mention: Mention) -> bool:
    """Whether a text gives one ingredient several strengths: "5-10 MG"."""
    return any(len(token.values) > 1 and not is_scoop(token) for token in mention.listed)


def _own_amounts(mention: Mention) -> dict[str, list[Said]] | None:
    """The amounts of each ingredient where every one has its own, else None."""
    found: dict[str, list[Said]] = {}
    for named in mention.named:
        if len(named.meanings) != 1 or len(named.meanings[0].bases) != 1 or not named.strengths:
            return None
        (base,) = named.meanings[0].bases
        found.setdefault(base, []).extend(Said(each) for each in named.strengths)
    return found


def _in_order(drug: Candidate, order: Sequence[str]) -> list[Strength | None] | None:
    by = {base: strength for base, _, strength in drug.by_base}
    if len(order) != len(drug.by_base) or set(order) != set(by):
        return None
    return [by[base] for base in order]


def _whole(has: Strength, drug: Candidate) -> Strength | None:
    """What is in the package: 50 MG/ML in 0.8 ML is 40 MG, 0.0139 MG/HR for 72 HR is 1 MG."""
    kind, _, per = has.kind.partition("/")
    quantity = drug.parts.quantity
    if quantity is not None and per == quantity.kind:
        return Strength(kind, has.value * quantity.value)
    if per == "hr" and drug.parts.hours:
        return Strength(kind, has.value * drug.parts.hours)
    return None


def _as_numbers(has: Strength) -> Iterator[float]:
    yield has.value
    if has.kind.startswith("mass"):
        yield has.value * 1000
        if has.kind == "mass/hr":
            yield has.value * 24
        if has.kind == "mass" and has.value >= 1000:
            yield has.value / 1000


def salts_fit(said: str, has: str) -> bool:
    """A drug named by its base is meant by every salt; two different salts are two drugs."""
    if not said or not has:
        return True
    if {*has.split()} <= {*said.split()}:
        return True
    first, second = _salt_words(said), _salt_words(has)
    return first <= second or second <= first


def _salt_words(salt: str) -> frozenset[str]:
    words = frozenset(word.removeprefix("di").removeprefix("mono") if word[:2] == "di" else word
                      for word in salt.split())  # fmt: skip
    return words - _HYDRATES or words


def form_fits(mention: Mention, drug: Candidate) -> bool:
    """Shape and route; of release and texture only what was said."""
    said, has = mention.form, drug.parts.form
    if not forms.shapes_fit(said, has):
        return False
    if said.release and said.release.replace("ir", "") != has.release:
        return False
    return not (said.texture and said.texture != has.texture and "gum" not in has.shapes)
