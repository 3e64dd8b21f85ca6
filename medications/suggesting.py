"""Which products somebody may mean by what they typed so far."""

from __future__ import annotations

from steadwell.terminology import service as terminology

MOST = 8
SHORTEST = 3  # letters: under that nearly everything fits


def suggest(text: str) -> list[tuple[str, str]]:
    """Code and name, the best first. What the words surely mean comes before what merely begins so."""
    typed = " ".join(text.split())
    if len(typed) < SHORTEST:
        return []
    found: dict[str, str] = {}
    read = terminology.normalise_drug(typed)
    if read.grade in {terminology.Grade.EXACT, terminology.Grade.CLINICAL_DRUG} and read.rxcui:
        found[read.rxcui] = read.name
    found |= {code: name for code, name in read.candidates[:MOST] if code not in found}
    for each in terminology.suggest_drugs(typed, MOST):
        found.setdefault(each.rxcui, each.name)
    return list(found.items())[:MOST]
