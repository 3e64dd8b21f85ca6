"""Which products somebody may mean by what they typed so far."""

from __future__ import annotations

from medications.presenters.words import medicine
from medications.reading import CLINICAL_DRUGS
from steadwell.terminology import service as terminology

MOST = 8
SHORTEST = 3  # letters: under that nearly everything fits
_SURE = frozenset({terminology.Grade.EXACT, terminology.Grade.CLINICAL_DRUG})


def suggest(text: str) -> list[tuple[str, str]]:
    """Code and name to show, the best first. What the words surely mean comes before what only begins so.

    The last words may be half typed ("ibuprofen 200 mg ta"): where nothing fits, they are left out one by
    one.
    """
    words = text.split()
    for length in range(len(words), 0, -1):
        found = _fitting(" ".join(words[:length]))
        if found:
            return found
    return []


def _fitting(typed: str) -> list[tuple[str, str]]:
    """Products only: an ingredient without strength or form would leave open what is taken."""
    if len(typed) < SHORTEST:
        return []
    read = terminology.normalise_drug(typed)
    codes = [read.rxcui] if read.grade in _SURE and read.rxcui else []
    codes += [code for code, _name in read.candidates[: 2 * MOST]]
    named = (terminology.find_drug(code) for code in codes)
    drugs = [drug for drug in (*named, *terminology.suggest_drugs(typed, 3 * MOST)) if drug is not None]
    products = {drug.rxcui: medicine(drug.name) for drug in drugs if drug.term_type in CLINICAL_DRUGS}
    return list(products.items())[:MOST]
