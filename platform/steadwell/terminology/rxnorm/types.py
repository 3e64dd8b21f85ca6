"""What crosses the edge: drugs, readings and the release they were made with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Grade(StrEnum):
    """How far a text was understood. Only the first two name one clinical drug."""

    EXACT = "exact"  # an official name or synonym, word for word
    CLINICAL_DRUG = "clinical-drug"  # read piece by piece, and one drug alone fits
    INGREDIENT_ONLY = "ingredient-only"  # the ingredients are sure; no product of that strength or form is
    AMBIGUOUS = "ambiguous"  # several fit: `candidates` names them
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ingredient:
    """``rxcui`` is empty where a name list gives the ingredient no code of its own."""

    rxcui: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugReading:
    """What a text says. ``rxcui`` is None where the grade is ambiguous or none.

    ``ingredients`` holds what is sure also where the drug is ambiguous. ``reason`` is a sentence in English,
    ``candidates`` pairs of code and name, ``release`` the name of the release it was read with.
    """

    text: str
    rxcui: str | None
    term_type: str
    name: str
    ingredients: tuple[Ingredient, ...]
    grade: Grade
    reason: str
    candidates: tuple[tuple[str, str], ...]
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """One concept. ``clinical_drug`` is the unbranded drug of a branded one, and the code itself otherwise.

    ``strength`` is text as RxNorm writes it ("5 MG / 325 MG"), ``dose_form`` RxNorm's name of it;
    ``brand_names`` those of the concept itself for a brand, of all its brands for a clinical drug; ``status``
    is ``active`` or ``retired`` (``remapped`` names what stands for it).
    """

    rxcui: str
    term_type: str
    name: str
    ingredients: tuple[Ingredient, ...]
    brand_names: tuple[str, ...]
    strength: str
    dose_form: str
    status: str
    clinical_drug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackContents:
    """How many of each drug a pack holds, and how many pieces without any; ``brand`` may be empty."""

    brand: str
    drugs: tuple[tuple[int, str], ...]
    inert: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RxNormRelease:
    """``starter`` is true for the set that ships with the product; then ``loaded_at`` is None."""

    name: str
    starter: bool
    loaded_at: datetime | None
    names: int
    clinical_drugs: int


@dataclass(frozen=True, slots=True)
class NameRow:
    """One row of a name list: a concept's code, its term type (may be empty) and its name."""

    rxcui: str
    term_type: str
    name: str
