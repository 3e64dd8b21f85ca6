"""A rule pack in memory. Read from a folder by ``reading``; what the files mean is said there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from medications.safety.types import PackStamp, Severity, Words


class Limit(StrEnum):
    """What a limit compares its value with."""

    DAILY_MG_MAX = "daily-mg-max"  # mg a day, over all drugs that hold the ingredient
    MG_PER_KG_DAY_MAX = "mg-per-kg-day-max"
    DAYS_PER_WEEK_MAX = "days-per-week-max"
    AGE_UNDER = "age-under"  # years: speaks when the person is younger
    AGE_FROM = "age-from"  # years: speaks from this age on
    EGFR_UNDER = "egfr-under"  # mL/min/{1.73_m2}
    WEIGHT_UNDER = "weight-under"  # kg


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugClass:
    """``local`` is False where the drug on skin, eye or ear hardly reaches the blood: a rule then only notes.
    ``is_open`` says that an operator fills it.
    """

    name: str
    words: Words
    members: frozenset[str]
    local: bool
    is_open: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every rule has. ``id`` is ``pack:rule``; ``citation`` is written out in full."""

    id: str
    severity: Severity
    mechanism: Words
    advice: Words
    citation: str
    dated_on: date
    stamp: PackStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRule(Rule):
    """Interactions and cross-reactivity: ``left`` and ``right`` are sets of ingredients. ``group`` is the
    number on the ONC list, or empty. For an allergy ``left`` is what is not tolerated. ``left_local`` and
    ``right_local`` as in DrugClass; ``empty`` names a class that nobody filled.
    """

    group: str
    left: frozenset[str]
    right: frozenset[str]
    left_local: bool = True
    right_local: bool = True
    empty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule(Rule):
    """Duplicate therapy. ``members`` is None for the rule about one and the same ingredient."""

    words: Words
    members: frozenset[str] | None
    local: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRule(Rule):
    """``from_age`` and ``to_age`` (years, the last excluded) say for whom it holds; ``routes`` for which
    routes, empty for all.
    """

    members: frozenset[str]
    limit: Limit
    value: Decimal
    from_age: Decimal | None
    to_age: Decimal | None
    routes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Two drugs that are meant to be taken together; the same set twice allows one ingredient twice."""

    left: frozenset[str]
    right: frozenset[str]
    source: str

    def covers(self, one: str, other: str) -> bool:
        return (one in self.left and other in self.right) or (other in self.left and one in self.right)


class Names:
    """Finds ingredients by name in words that terminology could not read. Whole words only, the longest name
    first: "prozac weekly" holds Prozac, and "phenelzinex" nothing.
    """

    def __init__(self, names: Mapping[str, frozenset[str]], *, brands: Mapping[str, frozenset[str]]) -> None:
        """``brands`` are those of ``names`` that are no ingredients."""
        self._names = names
        self.brands = brands
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        spelled = "|".join(re.escape(name) for name in longest_first)
        self._any = re.compile(rf"(?<![a-z0-9])(?:{spelled})(?![a-z0-9])") if names else None

    def held_in(self, text: str) -> frozenset[str]:
        if self._any is None:
            return frozenset()
        found = self._any.findall(" ".join(text.lower().split()))
        return frozenset().union(*(self._names[name] for name in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything in force: the shipped pack and the operator's, as one."""

    stamps: tuple[PackStamp, ...]
    classes: Mapping[str, DrugClass]
    groups: Mapping[str, str]  # words for a class, the longest first, and its name
    synonyms: Mapping[str, str]
    names: Names
    interactions: tuple[PairRule, ...]
    duplicates: tuple[ClassRule, ...]
    allowed: tuple[Allowed, ...]
    allergies: tuple[PairRule, ...]
    limits: tuple[LimitRule, ...]
    known: frozenset[str]  # every ingredient that some rule speaks of

    def ingredient(self, name: str) -> str:
        """The name under which the rules know an ingredient.

        Terminology may give a salt or a modified form (``lithium carbonate``): then the known name in it.
        """
        plain = " ".join(name.lower().split())
        plain = self.synonyms.get(plain, plain)
        if plain in self.known:
            return plain
        held = self.names.held_in(plain)
        return next(iter(held)) if len(held) == 1 else plain


def known_to(
    interactions: Iterable[PairRule],
    duplicates: Iterable[ClassRule],
    allergies: Iterable[PairRule],
    limits: Iterable[LimitRule],
) -> frozenset[str]:
    """Every ingredient that one of these rules speaks of."""
    sets = [
        *(side for rule in (*interactions, *allergies) for side in (rule.left, rule.right)),
        *(rule.members for rule in duplicates if rule.members is not None),
        *(rule.members for rule in limits),
    ]
    return frozenset().union(*sets)
