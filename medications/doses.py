"""How much of each ingredient is taken a day, where the product and the dosage say so in numbers.

Never made up: where a strength is per volume, or a dosage was not understood, there is no figure, and a dose
rule then answers "not checked".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from medications.dosage import read
from medications.types import Dosage
from steadwell.terminology import service as terminology

__all__ = ["Product", "daily_mg", "days_per_week", "product", "read"]

_STRENGTH = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(MG|G|MCG|UG)\s*$", re.IGNORECASE)
_IN_MG: Mapping[str, Decimal] = {
    "MG": Decimal(1), "G": Decimal(1000), "MCG": Decimal("0.001"), "UG": Decimal("0.001"),
}  # fmt: skip
_DOSAGE_MG: Mapping[str, Decimal] = {"mg": Decimal(1), "g": Decimal(1000), "ug": Decimal("0.001")}
_ROUTES = (
    "oral", "topical", "ophthalmic", "otic", "nasal", "vaginal", "rectal", "sublingual", "buccal",
    "transdermal", "inhalation",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What one unit of a clinical drug holds, in mg by ingredient; empty where that is not known."""

    per_unit_mg: Mapping[str, Decimal]
    route: str


_NOTHING = Product(per_unit_mg={}, route="")


@lru_cache(maxsize=4096)
def product(rxcui: str) -> Product:
    drug = terminology.find_drug(rxcui) if rxcui else None
    if drug is None:
        return _NOTHING
    form = drug.dose_form.casefold()
    route = next((each for each in _ROUTES if each in form), "injection" if "inject" in form else "")
    route = "inhalation" if "inhal" in form else route
    parts = [_STRENGTH.match(part) for part in drug.strength.split("/")]
    if not drug.strength or len(parts) != len(drug.ingredients) or not all(parts):
        return Product(per_unit_mg={}, route=route)
    held = {
        ingredient.name: Decimal(part[1]) * _IN_MG[part[2].upper()]
        for ingredient, part in zip(drug.ingredients, parts, strict=True)
        if part is not None
    }
    return Product(per_unit_mg=held, route=route)


def daily_mg(known: Product, dosage: Dosage) -> Mapping[str, Decimal]:
    """The most that the dosage allows in a day."""
    if not dosage.is_read or dosage.amount_high is None or dosage.per_day is None:
        return {}
    a_day = dosage.amount_high * dosage.per_day
    if dosage.unit in {"tablet", "capsule", "patch"}:
        return {name: mg * a_day for name, mg in known.per_unit_mg.items()}
    if dosage.unit in _DOSAGE_MG and len(known.per_unit_mg) == 1:
        return dict.fromkeys(known.per_unit_mg, a_day * _DOSAGE_MG[dosage.unit])
    return {}


def days_per_week(dosage: Dosage) -> Decimal | None:
    """On how many days of a week it is taken, where the dosage was understood."""
    if not dosage.is_read or dosage.per_day is None:
        return None
    return min(Decimal(7), (dosage.per_day * 7).quantize(Decimal("0.1")))
