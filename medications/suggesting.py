"""Which products somebody may mean by what they typed so far."""

from __future__ import annotations

from steadwell.terminology import service as terminology

MOST = 8
SHORTEST = 3  # letters: under that nearly everything fits
_SURE = frozenset({terminology.Grade.EXACT, terminology.Grade.CLINICAL_DRUG})


def suggest(text: str) -> list[tuple[str, str]]:
    """Code and name, the best first. What the words surely mean comes before what merely begins so.

    The last words may be half typed ("ibuprofen 200 mg ta"): where nothing fits, they are left out one by one.
    """
    words = text.split()
    for length in range(len(words), 0, -1):
        found = _fitting(" ".join(words[:length]))
        if found:
            return found
    return []


def _fitting(typed: str) -> list[tuple[str, str]]:
    if len(typed) < SHORTEST:
        return []
    found: dict[str, str] = {}
    read = terminology.normalise_drug(typed)
    if read.grade in _SURE and read.rxcui:
        found[read.rxcui] = read.name
    for code, name in read.candidates[:MOST]:
        found.setdefault(code, name)
    for each in terminology.suggest_drugs(typed, MOST):
        found.setdefault(each.rxcui, each.name)
    return list(found.items())[:MOST]
