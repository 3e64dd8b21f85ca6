"""A loaded release as it lies in the database."""

from __future__ import annotations

from dataclasses import replace

from steadwell.terminology.models import RxNormIndex, RxNormRelease
from steadwell.terminology.rxnorm import packing
from steadwell.terminology.rxnorm.catalogue import Catalogue


def current_id() -> int | None:
    """The release in use, or None where none is loaded."""
    return RxNormRelease.objects.filter(current=True).values_list("pk", flat=True).first()


def find_in_use() -> tuple[int, Catalogue] | None:
    """The release in use with its catalogue, by one statement: an id that was looked up before may be gone.
    None where none is loaded. Raises packing.Damaged.
    """
    held = RxNormIndex.objects.select_related("release").filter(release__current=True).first()
    if held is None:
        return None
    return held.release_id, replace(packing.unpack(bytes(held.content)), loaded_at=held.release.loaded_at)
