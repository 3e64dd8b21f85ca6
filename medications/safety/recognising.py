"""Drugs for the checks out of names as people write them, taken apart by terminology."""

from __future__ import annotations

from medications import dosage
from medications.safety.amounts import drug
from medications.safety.types import Allergy, Drug, Why
from steadwell.terminology import service as terminology


def drug_from_text(key: str, text: str, *, dosage_text: str = "") -> Drug:
    """A drug as its name says. An ambiguous name keeps its ingredients where they are certain: which strength
    or form is meant changes no interaction.
    """
    found = terminology.normalise_drug(text)
    taken = dosage.read(dosage_text)
    names = tuple(each.name for each in found.ingredients)
    return drug(
        key=key,
        shown=text,
        name=found.name or text,
        ingredients=names,
        doubt=Why.AMBIGUOUS if found.grade.value == "ambiguous" else "",
        amount=taken.amount_high,
        unit=taken.unit,
        per_day=taken.per_day,
    )


def allergy_from_text(key: str, text: str) -> Allergy:
    found = terminology.normalise_drug(text)
    return Allergy(key=key, name=text, ingredients=tuple(each.name for each in found.ingredients))
