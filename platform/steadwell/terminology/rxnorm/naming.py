"""Which ingredient a name stands for: salts and esters are taken off where the rest is an ingredient as well.

"metoprolol succinate" is metoprolol, "potassium chloride" and "lithium carbonate" are ingredients of their
own. Where a release gives the relations they are used; this is for lists that hold names alone.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from steadwell.terminology.rxnorm.words import Phrase, fold, rows, salts

# What is no active part: taken off a name, the rest would be a metal or a bare acid.
_ELEMENTS = frozenset(
    {"sodium", "potassium", "calcium", "magnesium", "lithium", "zinc", "ferrous", "ferric", "iron",
     "aluminum", "aluminium", "ammonium", "silver", "copper", "cupric", "manganese", "selenium",
     "barium", "bismuth", "gold", "hydrogen", "chromium", "chromic", "stannous", "nitrogen", "sulfur",
     "sulfuric", "nitric", "boric", "acetic", "citric", "vitamin"}
)  # fmt: skip
_FIRST = frozenset({"sodium", "potassium", "calcium", "magnesium", "zinc"})
_BESIDE = frozenset(["usp", "nf", "human", "recombinant", "synthetic", "base", "porcine"])


@cache
def equals() -> dict[Phrase, tuple[Phrase, ...]]:
    """Names of one substance in different places (acetaminophen, paracetamol), each to all the others."""
    found: dict[Phrase, tuple[Phrase, ...]] = {}
    for names in rows("drug_synonyms.tsv"):
        phrases = tuple(fold(name) for name in names if name)
        for phrase in phrases:
            others = (each for each in phrases if each != phrase)
            found[phrase] = tuple(dict.fromkeys((*found.get(phrase, ()), *others)))
    return found


def split_salt(name: Phrase) -> tuple[Phrase, str]:
    """A name and the salt at its end: ``("amlodipine",), "besylate"``; the salt may be empty."""
    known = salts()
    end = len(name)
    said: list[str] = []
    while end > 1 and (name[end - 1] in known or name[end - 1] in _BESIDE):
        end -= 1
        if name[end] in known:
            said.append(known[name[end]])
    if not said or (name[0] in _ELEMENTS and end == 1):
        return name, ""
    return name[:end], " ".join(reversed(said))


def base_of(name: Phrase, attested: Collection[Phrase], *, alone: bool = False) -> tuple[Phrase, str]:
    """The ingredient a component's name stands for, and the salt it says, given all names of ingredients.
    A salt is taken off also where nobody names the rest by itself, and another name of the substance will do,
    unless the name is to be judged ``alone``.
    """
    if name in attested:
        return name, ""
    short, salt = split_salt(name)
    if salt and short in attested:
        return short, salt
    if salt:  # one word after the other: "x sodium monohydrate" may be known as "x sodium"
        for end in range(len(name) - 1, len(short), -1):
            if name[:end] in attested:
                return name[:end], salts().get(name[end], "")
    trimmed = tuple(word for word in name if word not in _BESIDE)
    if trimmed and trimmed != name and trimmed in attested:
        return trimmed, ""
    if name[0] in _FIRST and len(name) > 1 and name[1] not in salts() and name[1:] in attested:
        return name[1:], name[0]  # "sodium heparin"
    for other in () if alone else equals().get(short, ()) + equals().get(name, ()):
        if other in attested:
            return other, salt
    return (
        (short, salt)
        if not alone and salt and short[-1] not in _ELEMENTS and len(short[0]) > 3
        else (name, "")
    )
