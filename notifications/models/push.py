"""Devices that asked to be told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from steadwell.ids import new_id


class PushSubscription(models.Model):
    """One browser of one user that takes notices (RFC 8030). phi: indirect (a capability URL).

    ``public_key`` and ``auth`` are the browser's, base64url as it gave them (RFC 8291).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reader_id = models.UUIDField()
    endpoint = models.URLField(max_length=1000)
    public_key = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    # The push service said that it is gone, or its user took it back.
    ended_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            # A browser that subscribes again, for whoever now sits before it, is one row.
            models.UniqueConstraint(fields=["endpoint"], name="notifications_one_subscription"),
        ]
        indexes = [
            # The devices of one reader.
            models.Index(
                fields=["reader_id"], name="notifications_devices", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
