"""Private calendar addresses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from steadwell.ids import new_id


class CalendarFeed(models.Model):
    """A secret address under which one patient's or one clinician's visits are read as a calendar.

    It is one user's own, and opens only what that user may still see: a proxy whose right ended reads
    nothing.

    Only the token's SHA-256 is kept: 256 random bits need no slow hash. phi: indirect
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(null=True)
    practitioner_id = models.UUIDField(null=True)
    token_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    created_by = models.UUIDField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A token opens one feed.
            models.UniqueConstraint(fields=["token_hash"], name="scheduling_feed_token"),
            # A feed is a patient's or a clinician's, never both, never nobody's.
            models.CheckConstraint(
                condition=Q(person_id__isnull=True) ^ Q(practitioner_id__isnull=True),
                name="scheduling_feed_of_one",
            ),
            # One live address per user: a new one ends the former.
            models.UniqueConstraint(
                fields=["created_by", "person_id"],
                condition=Q(revoked_at__isnull=True),
                name="scheduling_feed_person",
            ),
            # The same for a clinician's.
            models.UniqueConstraint(
                fields=["created_by", "practitioner_id"],
                condition=Q(revoked_at__isnull=True),
                name="scheduling_feed_clinician",
            ),
        ]
