"""Why an answer is what it is, in a sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from steadwell.terminology.rxnorm.matching import Candidate
from steadwell.terminology.rxnorm.reading import Mention


def only_one(mention: Mention, only: Candidate, brands: frozenset[str]) -> str:
    """Why one product was taken."""
    corrected = [f"{named.corrected} read as {named.phrase}" for named in mention.named if named.corrected]
    parts = ["One product alone fits", *corrected]
    if brands and not only.parts.brand:
        parts.append("the brand has none of its own")
    return "; ".join(parts) + "."


def differences(left: Sequence[Candidate]) -> str:
    """In what the products differ."""
    values: dict[str, set[Hashable]] = {
        "strength": {tuple(has for *_, has in each.by_base) for each in left},
        "form": {each.parts.form_name for each in left},
        "salt": {tuple(salt for _, salt, _ in each.by_base) for each in left},
        "package": {each.parts.quantity for each in left},
        "duration": {each.parts.hours for each in left},
        "making": {each.parts.qualities for each in left},
        "brand": {each.parts.brand for each in left},
    }
    differ = [name for name, found in values.items() if len(found) > 1]
    return "they differ in " + ", ".join(differ) if differ else "they differ in their code alone"
