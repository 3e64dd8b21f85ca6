"""What identity refuses."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Kind, Refusal


class AlreadyOne(Refusal):
    """The two ids already stand for the same person."""

    code: ClassVar[str] = "already-one-person"
    message = _("These two records already belong to the same person.")


class NotMerged(Refusal):
    code: ClassVar[str] = "not-merged"
    message = _("These records are not merged.")


class ReviewDecided(Refusal):
    code: ClassVar[str] = "review-decided"
    message = _("Someone has already decided this one.")


class StaleDemographics(Refusal):
    """The writer saw an older version of what this record says."""

    code: ClassVar[str] = "stale-demographics"
    kind: ClassVar[Kind] = Kind.STALE
    message = _("These details changed since you opened them. Look at the latest version and try again.")
