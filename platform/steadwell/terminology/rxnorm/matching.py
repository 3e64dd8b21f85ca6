"""Whether a product is contradicted by what a text says: strength by strength, salt, form, quantity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from steadwell.terminology.rxnorm import forms
from steadwell.terminology.rxnorm.attesting import INERT
from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Concept
from steadwell.terminology.rxnorm.official import Official
from steadwell.terminology.rxnorm.reading import Mention
from steadwell.terminology.rxnorm.scanning import Token
from steadwell.terminology.rxnorm.strengths import EXACT, Strength
from steadwell.terminology.rxnorm.words import fold

_HYDRATES = frozenset(
    {"monohydrate", "dihydrate", "trihydrate", "hemihydrate", "sesquihydrate", "anhydrous", "hydrate",
     "pentahydrate", "tetrahydrate", "hemipentahydrate"}
)  # fmt: skip
CARRIERS = {"lipid": frozenset({"liposome", "liposomal", "lipid"}), "protein": frozenset({"bound"})}
MOST_KEPT = 4000  # sets of ingredients whose products are kept taken apart
SOLID = frozenset({"tablet", "capsule", "lozenge", "gum", "wafer", "film", "suppository", "insert", "patch"})
BAG = 50.0  # ML: the total in a bag that large is no strength, unless the text says its volume
_MOST_ORDERS = 5  # ingredients whose strengths are tried in every order


@dataclass(frozen=True, slots=True)
class Candidate:
    concept: Concept
    parts: Official
    by_base: tuple[tuple[str, str, Strength | None], ...]  # ingredient, salt, strength
    carrier: str = ""  # what brings it: a liposome makes another drug of it, with doses of its own


@dataclass(frozen=True, slots=True)
class Said:
    """One amount of the text: a strength in one or more readings, or a number without a unit. ``formed`` is
    whether the text says a form: without one a bare number is no concentration, with one what an inhaler
    gives is meant by the puff.
    """

    readings: tuple[Strength, ...] = ()
    number: float | None = None
    formed: bool = False

    def fits(self, has: Strength | None, drug: Candidate) -> bool:
        if has is None:
            return False
        if self.number is not None:
            if has.kind == "mass/ml" and not self.formed:
                return False
            return any(abs(self.number - value) <= EXACT * value for value in _as_numbers(has))
        whole = _whole(has, drug)
        if any((each.fits(has) and self._may_be_plain(has, drug)) or (whole is not None and each.fits(whole))
               for each in self.readings):  # fmt: skip
            return True
        puff = Strength(has.kind.removesuffix("/actuat"), has.value)
        return (
            self.formed and len(self.readings) == 1 and puff.kind != has.kind and self.readings[0].fits(puff)
        )

    def _may_be_plain(self, has: Strength, drug: Candidate) -> bool:
        """Whether an amount in a volume may be that of a powder (1 GM/50 ML INJ).

        It is no tablet's, and where no form is said it may be a liquid's that the list lacks; an amount per
        time ("5 MG/DAY") is a dose and no strength.
        """
        if "/" in has.kind or not any("/" in each.kind for each in self.readings):
            return True
        by_time = any(each.kind.endswith("/hr") for each in self.readings)
        return self.formed and not by_time and not SOLID & {*drug.parts.form.shapes}


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
            yield Candidate(concept, parts, by_base, _carrier(each.name for each in parts.components))


def _carrier(names: Iterable[str]) -> str:
    words = {word for name in names for word in fold(name)}
    return next((carrier for carrier, written in CARRIERS.items() if words & written), "")


def amounts(mention: Mention) -> list[Said]:
    """Every amount of the text, in its order."""
    formed = mention.form.placed
    found = [Said(each, formed=formed) for each in mention.before]
    for named in mention.named:
        found.extend(Said(each, formed=formed) for each in named.strengths)
    for token in mention.listed:
        if token.strengths:
            found.extend(Said((each,), formed=formed) for each in token.strengths)
        else:
            found.extend(number_of(mention, value) for value in token.values)
    return found


def number_of(mention: Mention, value: float) -> Said:
    """A number without a unit."""
    return Said(number=value, formed=mention.form.placed)


def strengths_fit(mention: Mention, said: Sequence[Said], drug: Candidate, order: Sequence[str]) -> bool:
    """Whether the amounts are those of the drug. ``order`` is that of the ingredients in the text."""
    if not said:
        return True
    if drug.parts.parts and len(said) != len(drug.by_base):
        return False  # a pack of several strengths is none of them: "rivaroxaban 15 MG" may be a tablet
    if len(drug.by_base) == 1:
        return _one_fits(mention, said, drug)
    if not _those_before_fit(mention, drug):
        return False
    if len(said) == 1 and (total := _total(drug)) is not None and said[0].fits(total, drug):
        return True
    own = _own_amounts(mention)
    if own is not None and set(own) == {base for base, _, _ in drug.by_base}:
        return all(_same_amounts(own[base], drug, base) for base in own)
    if len(said) != len(drug.by_base) or len(said) > _MOST_ORDERS:
        return all(any(each.fits(has, drug) for _, _, has in drug.by_base) for each in said)
    has = _in_order(drug, order)
    if has is not None:
        return all(each.fits(one, drug) for each, one in zip(said, has, strict=True))
    return any(
        all(each.fits(one, drug) for each, one in zip(said, turn, strict=True))
        for turn in permutations([strength for _, _, strength in drug.by_base])
    )


def _those_before_fit(mention: Mention, drug: Candidate) -> bool:
    """An amount with another name behind it is that of the name before it: "HCTZ 50 mg with losartan". What
    stands behind the last name may be any one's ("lisinopril-hctz 20 mg").
    """
    for named in mention.named[:-1]:
        bases = {base for meaning in named.meanings for base in meaning.bases}
        has = [strength for base, _, strength in drug.by_base if base in bases]
        if len(bases) == 1 and has:
            said = [Said(each, formed=mention.form.placed) for each in named.strengths]
            said += [number_of(mention, value) for value in named.bare]
            if not all(any(each.fits(one, drug) for one in has) for each in said):
                return False
    return True


def _same_amounts(said: Sequence[Said], drug: Candidate, base: str) -> bool:
    """Whether what is said of one ingredient is what the drug holds of it, no more and no less."""
    has = [strength for each, _, strength in drug.by_base if each == base]
    fits = [[each.fits(one, drug) for one in has] for each in said]
    return all(map(any, fits)) and all(map(any, zip(*fits, strict=True)))


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
        found.setdefault(base, []).extend(Said(each, formed=mention.form.placed) for each in named.strengths)
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
    if quantity is not None and per == quantity.kind and quantity.value < BAG:
        return Strength(kind, has.value * quantity.value)
    if per == "hr" and drug.parts.hours:
        return Strength(kind, has.value * drug.parts.hours)
    return None


def _as_numbers(has: Strength) -> Iterator[float]:
    yield has.value
    if has.kind.startswith("mass"):
        if has.value < 1:
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
    if not forms.shapes_fit(said, has) or not _carrier_fits(mention, drug):
        return False
    if said.release and said.release.replace("ir", "") != has.release:
        return False
    return not (said.texture and said.texture != has.texture and "gum" not in has.shapes)


def _carrier_fits(mention: Mention, drug: Candidate) -> bool:
    """A carrier that is said must be there; one that is there is said, or the brand is."""
    said = next((each for each in mention.form.qualities if each in CARRIERS), "")
    if said == drug.carrier:
        return True
    named = any(each.brand for one in mention.named for each in one.meanings)
    return not said and (named or _carrier(one.phrase for one in mention.named) == drug.carrier)
