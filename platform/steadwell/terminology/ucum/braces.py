"""Annotations that change what a number means, although UCUM gives them no meaning.

UCUM ignores what stands in braces, so a D-dimer in fibrinogen equivalents would become one in D-dimer units,
half as large, and an INR of 1.2 would become 120 %. What is known to differ is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable

from steadwell.terminology.ucum.types import UnitRefused
from steadwell.terminology.ucum.units import Unit

_KINDS = {
    "fibrinogen equivalent units": ("feu",),
    "D-dimer units": ("ddu",),
    "INR": ("inr",),
    "a titre": ("titer", "titre"),
    "an index": ("index", "index_val", "s_co_ratio", "score", "isr"),
    "Ehrlich units": ("ehrlich'u", "ehrlich", "eu"),
    "copies": ("copies", "copy", "cop", "geq", "genomes"),
    "cells": ("cells", "cell", "wbc", "wbcs", "rbc", "rbcs", "plts", "platelets"),
    "colonies": ("cfu", "colonies"),
    "a logarithm": ("log", "log10", "log_copies", "log_iu", "log_cfu", "log_cells", "lg"),
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}
# Scales of their own: no percentage, and no multiple, of them is the same thing.
_SCALES = frozenset({"INR", "a titre", "an index", "a logarithm"})


def check(source: Unit, target: Unit) -> None:
    """Refuse where the annotations of both say that they count different things."""
    ours, theirs = set(_kinds(source.annotations)), set(_kinds(target.annotations))
    if ours and theirs and ours != theirs:
        raise UnitRefused(
            f"{_words(ours)} and {_words(theirs)} are different things, although UCUM does not "
            "tell them apart.",
            why="annotation",
        )
    scales = (ours | theirs) & _SCALES
    if scales and source.factor != target.factor:
        raise UnitRefused(f"{_words(scales).capitalize()} is a scale of its own.", why="annotation")
    if ("a logarithm" in ours) != ("a logarithm" in theirs):
        raise UnitRefused("One of the two is a logarithm of what the other counts.", why="annotation")


def _kinds(annotations: Iterable[str]) -> Iterable[str]:
    for each in annotations:
        kind = _KIND_OF.get(each.lower())
        if kind:
            yield kind


def _words(kinds: Iterable[str]) -> str:
    return " and ".join(sorted(kinds))
