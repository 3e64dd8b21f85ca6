"""What is not sent at once, and why."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Message


class Why(models.TextChoices):
    QUIET = "quiet", _("quiet hours")
    DIGEST = "digest", _("once a day, with others")
    CAP = "cap", _("enough for one day")


class Deferred(models.Model):
    """A message that waits for its reader's morning, or for the others of its day. Gone once it went out or
    was taken into a digest. phi: indirect.
    """

    message = models.OneToOneField(Message, on_delete=models.PROTECT, primary_key=True, related_name="+")
    reader_id = models.UUIDField()
    why = models.CharField(_("why"), max_length=10, choices=Why)
    due_at = models.DateTimeField(_("due"))

    class Meta:
        indexes = [
            # What goes into one reader's digest.
            models.Index(fields=["reader_id", "due_at"], name="notifications_deferred_of"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
