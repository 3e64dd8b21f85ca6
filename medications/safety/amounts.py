"""How much of each ingredient somebody takes a day, and by which route, out of RxNorm's name of the drug.

RxNorm writes ``acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet``: strengths in the order of
the ingredients, per piece or per mL, then route and form (RxNorm Technical Documentation, section 6). What
does not read so gives no number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from medications.safety.types import Drug

_MG: Mapping[str, Decimal] = MappingProxyType(
    {"G": Decimal(1000), "MG": Decimal(1), "MCG": Decimal("0.001"), "UG": Decimal("0.001")}
)
_STRENGTH = re.compile(
    r"(?P<name>[^/]+?)\s(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>MCG|UG|MG|G)(?:/(?P<per>ML|ACTUAT))?\b",
    re.IGNORECASE,
)
_ROUTES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (route, re.compile(pattern, re.IGNORECASE))
    for route, pattern in (
        ("ophthalmic", r"\bophthalmic\b|\beye (?:drops|ointment|gel)\b"),
        ("otic", r"\botic\b|\bear drops\b"),
        ("transdermal", r"\btransdermal\b"),
        ("topical", r"\btopical\b|\bmedicated (?:shampoo|pad|liquid soap)\b|\b(?:cream|shampoo|lotion)\b"),
        ("vaginal", r"\bvaginal\b"),
        ("rectal", r"\brectal\b|\bsuppositor"),
        ("nasal", r"\bnasal\b"),
        ("inhaled", r"\binhal"),
        ("injectable", r"\binject|\bprefilled syringe\b|\bpen injector\b|\bcartridge\b|\bintravenous\b"),
        ("oral", r"\boral\b|\b(?:tablet|capsule|sublingual|buccal|chewable|lozenge)s?\b"),
    )
)
_PIECES = frozenset({"tablet", "capsule", "patch"})


def route_of(name: str) -> str:
    """RxNorm's route of a drug's name, or empty where it names none."""
    return next((route for route, pattern in _ROUTES if pattern.search(name)), "")


def drug(
    *, key: str, shown: str, name: str, ingredients: Sequence[str], doubt: str = "",
    amount: Decimal | None = None, unit: str = "", per_day: Decimal | None = None,
) -> Drug:  # fmt: skip
    """A drug for the checks. ``name`` is RxNorm's (or the words as written); ``amount`` of ``unit`` (tablet,
    capsule, mL, puff, mg, g, ug) is taken ``per_day`` times, less than one for less than daily.
    """
    daily = _daily(name, ingredients, amount, unit, per_day)
    days = None if per_day is None else min(Decimal(7), (per_day * 7).quantize(Decimal("0.1")))
    return Drug(
        key=key,
        name=shown,
        ingredients=tuple(ingredients),
        doubt=doubt,
        route=route_of(name),
        daily_mg=daily,
        days_per_week=days,
    )


def _daily(
    name: str, ingredients: Sequence[str], amount: Decimal | None, unit: str, per_day: Decimal | None
) -> dict[str, Decimal]:
    if amount is None or per_day is None or not ingredients:
        return {}
    if unit.upper() in _MG:
        return {ingredients[0]: amount * _MG[unit.upper()] * per_day} if len(ingredients) == 1 else {}
    found: dict[str, Decimal] = {}
    for each in _STRENGTH.finditer(name):
        owner = _owner(each["name"], ingredients)
        if owner is not None and _per(each["per"], unit):
            found[owner] = Decimal(each["number"]) * _MG[each["unit"].upper()] * amount * per_day
    return found


def _per(per: str | None, unit: str) -> bool:
    """Whether the strength is by what is taken: by the piece, by the mL or by the puff."""
    if per is None:
        return unit in _PIECES
    return (per.upper() == "ML" and unit == "mL") or (per.upper() == "ACTUAT" and unit in {"puff", "spray"})


def _owner(words: str, ingredients: Sequence[str]) -> str | None:
    """Whose strength it is: RxNorm names the salt, which begins with or holds the ingredient's name."""
    plain = words.casefold()
    held = [each for each in ingredients if each.casefold() in plain]
    return max(held, key=len) if held else None
