"""The base of every version table: what was said, when it was true, when we learnt it, and why."""

from __future__ import annotations

from django.db import models


class Version(models.Model):
    """One version of one fact (DESIGN 6). Rows are only ever added; a correction is the next version.

    ``valid_from`` to ``valid_to`` is when it was true, open at the end when ``valid_to`` is empty;
    ``recorded_at`` is when we learnt it. ``supersedes`` is the version the writer saw. A fact entered in
    error is superseded by a version that covers the same time. phi: as the table that inherits it.

    Every inheriting table is made append-only in its first migration by
    ``steadwell.history.operations.AppendOnly``.
    """

    entity_id = models.UUIDField()
    version = models.PositiveIntegerField()
    supersedes = models.PositiveIntegerField(null=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField(null=True)
    recorded_role = models.CharField(max_length=64)
    reason = models.CharField(max_length=500, blank=True, default="")
    source = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        abstract = True
        constraints = [
            # Two writers who saw the same version cannot both add the next one. Also the index of every as-of
            # query.
            models.UniqueConstraint(fields=["entity_id", "version"], name="%(app_label)s_%(class)s_version"),
            # Counting starts at one, so that "the version before" of the first is nothing.
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="%(app_label)s_%(class)s_from_one"
            ),
            # A version stands on what its writer saw, which was there before it.
            models.CheckConstraint(
                condition=models.Q(supersedes__isnull=True) | models.Q(supersedes__lt=models.F("version")),
                name="%(app_label)s_%(class)s_supersedes",
            ),
            # An empty time would hide the version from every question about when it was true.
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gt=models.F("valid_from")),
                name="%(app_label)s_%(class)s_valid_time",
            ),
        ]
