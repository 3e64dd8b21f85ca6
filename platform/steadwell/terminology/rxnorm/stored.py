"""A loaded release as it lies in the database."""

from __future__ import annotations

from steadwell.terminology.rxnorm.catalogue import Catalogue


def current_id() -> int | None:
    """The release in use, or None where none is loaded."""
    return None


def catalogue(release_id: int) -> Catalogue:
    """The catalogue of a release."""
    raise LookupError(release_id)
