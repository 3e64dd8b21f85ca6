"""The chart as it was known at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from steadwell.history.models import Version

V = TypeVar("V", bound=Version)


def as_of(queryset: QuerySet[V], *, recorded: datetime, valid: datetime | None = None) -> QuerySet[V]:
    """The version of each entity that we held at ``recorded``; with ``valid``, about that moment.

    Of the versions known by then (and covering ``valid``, start included, end not) the newest wins. It is an
    ordinary queryset: a filter put on it, before or after, asks about the versions in force and never brings
    an older one back.
    """
    known = Q(recorded_at__lte=recorded)
    if valid is not None:
        known &= Q(valid_from__lte=valid) & (Q(valid_to__isnull=True) | Q(valid_to__gt=valid))
    newer = queryset.model._base_manager.filter(
        known, entity_id=OuterRef("entity_id"), version__gt=OuterRef("version")
    )
    return queryset.filter(known).filter(~Exists(newer))
