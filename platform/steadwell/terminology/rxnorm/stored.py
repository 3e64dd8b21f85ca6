"""A loaded release as it lies in the database."""

from __future__ import annotations

from dataclasses import replace

from steadwell.terminology.models import RxNormIndex, RxNormRelease
from steadwell.terminology.rxnorm import packing
from steadwell.terminology.rxnorm.catalogue import Catalogue


def current_id() -> int | None:
    """The release in use, or None where none is loaded."""
    return RxNormRelease.objects.filter(current=True).values_list("pk", flat=True).first()


def catalogue(release_id: int) -> Catalogue:
    """The catalogue of a release. Raises packing.Damaged."""
    held = RxNormIndex.objects.select_related("release").get(release_id=release_id)
    return replace(packing.unpack(bytes(held.content)), loaded_at=held.release.loaded_at)
