"""Whom a campaign is for, as saved: read once from what a form or a row says, the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop

from steadwell.errors import Invalid
from steadwell.identity.service import Sex

OLDEST = 120


class Seen(StrEnum):
    """What is asked about the last visit."""

    ANY = ""
    BEFORE = "before"  # last seen before the day, or never
    AFTER = "after"  # last seen on the day or after it


class Account(StrEnum):
    ANY = ""
    WITH = "with"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """All that hold together. Ages in whole years, both ends counted in; ``seen_on`` is a day at the clinic,
    ``visit_type`` and ``site_id`` narrow which visits count.
    """

    min_age: int | None = None
    max_age: int | None = None
    sex: str = ""
    language: str = ""
    site_id: UUID | None = None
    visit_type_id: UUID | None = None
    seen: Seen = Seen.ANY
    seen_on: date | None = None
    account: Account = Account.ANY

    def check(self) -> None:
        """Raises Invalid for what nobody can fit."""
        wrong = {}
        for name, age in (("min_age", self.min_age), ("max_age", self.max_age)):
            if age is not None and not 0 <= age <= OLDEST:
                wrong[name] = gettext_noop("Enter an age in years.")
        if self.min_age is not None and self.max_age is not None and self.min_age > self.max_age:
            wrong["max_age"] = gettext_noop("The older age comes second.")
        if self.sex and self.sex not in set(Sex):
            wrong["sex"] = gettext_noop("Choose among those listed.")
        if (self.seen is not Seen.ANY) != (self.seen_on is not None):
            wrong["seen_on"] = gettext_noop("Choose both, or neither.")
        if wrong:
            raise Invalid(fields=wrong)

    def born(self, today: date) -> tuple[date | None, date | None]:
        """The first and the last birth date of these ages on a day."""
        first = _day_after(_years_before(today, self.max_age + 1)) if self.max_age is not None else None
        return first, _years_before(today, self.min_age) if self.min_age is not None else None

    def saved(self) -> dict[str, Any]:
        found = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return {name: value if isinstance(value, int) else str(value) for name, value in found.items()}

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Criteria:
        return cls(
            min_age=saved.get("min_age"),
            max_age=saved.get("max_age"),
            sex=saved.get("sex", ""),
            language=saved.get("language", ""),
            site_id=UUID(saved["site_id"]) if saved.get("site_id") else None,
            visit_type_id=UUID(saved["visit_type_id"]) if saved.get("visit_type_id") else None,
            seen=Seen(saved.get("seen", "")),
            seen_on=date.fromisoformat(saved["seen_on"]) if saved.get("seen_on") else None,
            account=Account(saved.get("account", "")),
        )


def _years_before(day: date, years: int) -> date:
    """The last birth date of those who are ``years`` old on a day. Who was born on 29 February has their
    birthday on 1 March where the day does not come.
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # on a 29 February, counted back to a year without one
        return date(day.year - years, 2, 28)


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
