"""What the names in a text may mean together: one ingredient, a combination, a brand, or several of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Meaning
from steadwell.terminology.rxnorm.reading import Mention, Named

MOST_MEANINGS = 32
# What RxNorm counts as an ingredient of an aspirin in one place and as its buffer in another.
BUFFERS = frozenset({"aluminum hydroxide", "magnesium hydroxide", "magnesium oxide", "magnesium carbonate"})


@dataclass(frozen=True, slots=True)
class Sense:
    """One way to understand the names in a text. ``order`` is that of the ingredients in it."""

    bases: Bases
    brands: frozenset[str]
    order: tuple[str, ...]


def senses(catalogue: Catalogue, mention: Mention) -> list[Sense]:
    """Every way to understand the names, without repeats."""
    named = _told_apart(catalogue, mention)
    aside = {each.brand for one in named if one.bracketed for each in one.meanings}
    found: dict[Sense, None] = {}
    for turn in _turns(named):
        alone = [each for each in turn if not each.brand]
        bases = _union(alone)
        order = dict.fromkeys(base for each in alone if len(each.bases) == 1 for base in each.bases)
        brands: set[str] = set()
        for each in turn:
            if not each.brand:
                continue
            if not bases or bases <= each.bases:
                bases, brands = each.bases, brands | {each.brand}
            elif each.bases <= bases:
                brands.add(each.brand)
            elif each.brand not in aside:  # in brackets it is a maker's word, not a second drug
                bases |= each.bases
        if bases:
            found[Sense(bases, frozenset(brands), tuple(order))] = None
    return [*found]


def is_buffered_aspirin(bases: Bases) -> bool:
    return "aspirin" in bases and len(bases) > 1 and bases - {"aspirin"} <= BUFFERS


def _told_apart(catalogue: Catalogue, mention: Mention) -> list[Named]:
    """The names without a class word beside its member ("insulin, NPH insulin"), and without what stands in
    brackets where no product holds it as well ("(SOFT GELATIN)").
    """
    words = [
        {word for each in one.meanings for base in each.bases for word in base.split()}
        for one in mention.named
    ]
    left = [
        one
        for place, one in enumerate(mention.named)
        if not any(words[place] < other for at, other in enumerate(words) if at != place)
    ]
    open_ones = [one for one in left if not one.bracketed]
    if not open_ones or len(open_ones) == len(left):
        return left
    together = any(_union(turn) in catalogue.groups for turn in _turns(left))
    return left if together else open_ones


def _turns(named: Sequence[Named]) -> Iterator[tuple[Meaning, ...]]:
    return islice(product(*(one.meanings for one in named)), MOST_MEANINGS)


def _union(meanings: Sequence[Meaning]) -> Bases:
    return frozenset[str]().union(*(each.bases for each in meanings))
