"""``rxnorm measure``: how well texts are read whose codes somebody knows, and how fast."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson

from steadwell.terminology.batch import one_line
from steadwell.terminology.rxnorm.catalogue import Catalogue
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import DrugReading, Grade

_DRUG = frozenset({Grade.EXACT, Grade.CLINICAL_DRUG})


class Ingredients(StrEnum):
    """What a reading says of the ingredients. An ambiguous one that is sure of some of them is not wrong."""

    RIGHT = "right"
    WRONG = "wrong"  # taken, and not what it is: the error that harms
    ABSTAINED = "abstained"


class Product(StrEnum):
    """What it says of the clinical drug; a branded drug and its unbranded one are the same."""

    RIGHT = "right"
    OTHER = "other"
    OFFERED = "offered"  # ambiguous, and the right one is among those it names
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Case:
    """One text with its known code, and what became of it."""

    text: str
    rxcui: str
    reading: DrugReading
    ingredients: Ingredients
    product: Product


def measure(normaliser: Normaliser, known: Iterable[tuple[str, str]]) -> tuple[list[Case], int, float]:
    """Each text whose code the catalogue has, how many it has not, and the CPU seconds that reading took."""
    catalogue = normaliser.catalogue
    texts = [(text, catalogue.retired.get(rxcui, rxcui)) for text, rxcui in known]
    used = [(text, rxcui) for text, rxcui in texts if rxcui in catalogue.bases]
    began = time.process_time()
    readings = [normaliser.read(text) for text, _ in used]
    spent = time.process_time() - began
    cases = [
        Case(
            text, rxcui, reading, _ingredients(catalogue, rxcui, reading), _product(catalogue, rxcui, reading)
        )
        for (text, rxcui), reading in zip(used, readings, strict=True)
    ]
    return cases, len(texts) - len(used), spent


def _ingredients(catalogue: Catalogue, rxcui: str, reading: DrugReading) -> Ingredients:
    true, said = {*catalogue.ingredients_of(catalogue.bases[rxcui])}, {*reading.ingredients}
    if said == true:
        return Ingredients.RIGHT
    if said <= true and reading.rxcui is None:
        return Ingredients.ABSTAINED
    return Ingredients.WRONG


def _product(catalogue: Catalogue, rxcui: str, reading: DrugReading) -> Product:
    def unbranded(code: str) -> str:
        return catalogue.generic.get(code, code)

    if reading.rxcui == rxcui:
        return Product.RIGHT  # also where the known code is an ingredient's: it names no product
    if reading.rxcui is not None and reading.grade in _DRUG:
        return Product.RIGHT if unbranded(reading.rxcui) == unbranded(rxcui) else Product.OTHER
    offered = {unbranded(code) for code, _ in reading.candidates if code}
    return Product.OFFERED if unbranded(rxcui) in offered else Product.NONE


def figures(cases: Sequence[Case], left_out: int, seconds: float) -> dict[str, float]:
    """Shares are of all strings, in percent; ``drug.right_of_named`` is of those that led to one drug."""
    ingredients = Counter(case.ingredients for case in cases)
    products = Counter(case.product for case in cases)
    named = products[Product.RIGHT] + products[Product.OTHER]
    return {
        "strings": len(cases),
        "left_out": left_out,
        "ingredient.right": _share(ingredients[Ingredients.RIGHT], len(cases)),
        "ingredient.wrong": _share(ingredients[Ingredients.WRONG], len(cases)),
        "ingredient.abstained": _share(ingredients[Ingredients.ABSTAINED], len(cases)),
        "drug.right": _share(products[Product.RIGHT], len(cases)),
        "drug.other": _share(products[Product.OTHER], len(cases)),
        "drug.right_of_named": _share(products[Product.RIGHT], named),
        "drug.offered": _share(products[Product.OFFERED], len(cases)),
        "drug.none": _share(products[Product.NONE], len(cases)),
        "strings_per_second": round(len(cases) / seconds) if seconds > 0 else 0,
    }


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def run(normaliser: Normaliser, known: Iterable[tuple[str, str]], *, as_json: bool, show: bool) -> None:
    """Print the figures; with ``show`` also every case of which not all is right, before them."""
    cases, left_out, seconds = measure(normaliser, known)
    catalogue = normaliser.catalogue
    wrong = [case for case in cases if {case.ingredients, case.product} != {"right"}] if show else []
    told = figures(cases, left_out, seconds)
    if as_json:
        content: dict[str, object] = {"release": catalogue.release, "figures": told}
        if show:
            content["cases"] = [_case(catalogue, case) for case in wrong]
        sys.stdout.write(orjson.dumps(content).decode() + "\n")
        return
    for case in wrong:
        sys.stdout.write("\t".join(map(one_line, _case(catalogue, case).values())) + "\n")
    width = max(map(len, told))
    for name, value in told.items():
        sys.stdout.write(f"{name:<{width}}  {value:g}\n")


def _case(catalogue: Catalogue, case: Case) -> Mapping[str, str]:
    reading = case.reading
    return {
        "ingredients": case.ingredients.value, "drug": case.product.value, "text": case.text,
        "known": f"{case.rxcui} {catalogue.concepts[case.rxcui].name}",
        "read": f"{reading.rxcui or ''} {reading.name}".strip(), "reason": reading.reason,
    }  # fmt: skip
