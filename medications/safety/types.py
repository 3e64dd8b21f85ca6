"""What the safety checks take and answer: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    """How much a finding weighs. The first two ask for a reason before somebody goes on (``stops``)."""

    CONTRAINDICATED = "contraindicated"
    SERIOUS = "serious"
    MODERATE = "moderate"
    MINOR = "minor"

    @property
    def stops(self) -> bool:
        return self in {Severity.CONTRAINDICATED, Severity.SERIOUS}

    @property
    def rank(self) -> int:
        """0 is the heaviest."""
        return list(Severity).index(self)


class Kind(StrEnum):
    INTERACTION = "interaction"
    DUPLICATE_INGREDIENT = "duplicate-ingredient"
    DUPLICATE_CLASS = "duplicate-class"
    ALLERGY = "allergy"
    CROSS_REACTIVITY = "cross-reactivity"
    DOSE = "dose"  # and age, weight, kidney function


class Why(StrEnum):
    """Why something was not checked."""

    NO_CODE = "no-code"  # the drug's ingredients are not known
    AMBIGUOUS = "ambiguous"  # the name fits several drugs
    NO_RULE = "no-rule"  # no rule speaks of it: that is not "no interaction"
    CLASS_EMPTY = "class-empty"  # a rule is there, and nobody filled its class
    NO_AGE = "no-age"
    NO_WEIGHT = "no-weight"
    NO_KIDNEY_FUNCTION = "no-kidney-function"
    OLD_KIDNEY_FUNCTION = "old-kidney-function"
    NO_DOSE = "no-dose"  # how much is taken is not known in numbers
    NOT_ASKED = "not-asked"  # nobody has recorded whether there are allergies


# Words by language: ``en`` always, ``es`` always in what we ship.
Words = Mapping[str, str]
NO_WORDS: Words = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """One line of a list of medicines, taken apart.

    ``key`` is the caller's own id of the line; ``ingredients`` are RxNorm's names of the active ingredients
    (salts left out), none where the drug is not known. ``doubt`` is ``ambiguous`` where the name fits several
    drugs. ``route`` is RxNorm's or empty. ``daily_mg`` is what is taken a day of each ingredient, where that
    is known in numbers; ``days_per_week`` on how many days it is taken.
    """

    key: str
    name: str
    ingredients: tuple[str, ...]
    doubt: str = ""
    route: str = ""
    daily_mg: Mapping[str, Decimal] = field(default_factory=dict)
    days_per_week: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    """What somebody does not tolerate: ingredients by name, or none where it could not be coded."""

    key: str
    name: str
    ingredients: tuple[str, ...]
    reaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the person. ``age_years`` may be a fraction; ``egfr`` in mL/min/{1.73_m2} with the
    instant at which its sample was taken. None: not known. ``allergies_known`` is whether anybody asked.
    """

    age_years: Decimal | None = None
    weight_kg: Decimal | None = None
    egfr: Decimal | None = None
    egfr_at: datetime | None = None
    allergies_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that speaks against the change.

    ``keys`` and ``names`` are the drugs it is about, the added one first (an allergy's name comes last);
    ``ingredients`` those that met the rule. ``rule`` is ``pack:rule`` and with the ingredients names the
    finding over time: ``fingerprint`` is what an override stands on.
    """

    rule: str
    kind: Kind
    severity: Severity
    keys: tuple[str, ...]
    names: tuple[str, ...]
    ingredients: tuple[str, ...]
    mechanism: Words
    advice: Words
    citation: str
    pack: str
    version: str
    dated_on: date

    @property
    def fingerprint(self) -> str:
        return "|".join((self.rule, *sorted(self.ingredients)))

    @property
    def stops(self) -> bool:
        return self.severity.stops


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """What no rule could speak about. ``kind`` is the check that is missing, None for all of them."""

    why: Why
    kind: Kind | None
    keys: tuple[str, ...]
    names: tuple[str, ...]
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackStamp:
    """Which pack spoke: its name, version and dates."""

    name: str
    version: str
    issued_on: date
    expires_on: date
    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer: findings with the heaviest first, what was not checked, and the packs that spoke.

    Nothing found does not mean safe: it means that no rule of these packs spoke.
    """

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    packs: tuple[PackStamp, ...]

    @property
    def stopping(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.stops)

    @property
    def version(self) -> str:
        """All packs with their versions in one word, to be stored beside a decision."""
        return " ".join(f"{pack.name}/{pack.version}" for pack in self.packs)
