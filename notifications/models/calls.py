"""The last resort: a member of staff picks up the telephone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Message


class CallOutcome(models.TextChoices):
    REACHED = "reached", _("told in person")
    VOICEMAIL = "voicemail", _("asked to call back, on their machine")
    UNREACHABLE = "unreachable", _("could not be reached")
    NOT_NEEDED = "not-needed", _("no longer needed")


class StaffCall(models.Model):
    """One call that somebody of the clinic has to make: the message itself says about what. phi: indirect."""

    message = models.OneToOneField(Message, on_delete=models.PROTECT, primary_key=True, related_name="+")
    site_id = models.UUIDField(_("site"), null=True)
    urgency = models.CharField(_("urgency"), max_length=10)
    opened_at = models.DateTimeField(_("since"))
    taken_by = models.UUIDField(_("taken by"), null=True)
    taken_at = models.DateTimeField(_("taken"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, db_default=0)
    # Nobody answered: it is shown again from here on.
    again_at = models.DateTimeField(_("again"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=CallOutcome, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("call to make")
        verbose_name_plural = _("calls to make")
        constraints = [
            # A call is over when somebody said how it ended, and not before.
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="notifications_call_ended_somehow",
            ),
        ]
        indexes = [
            # The list that staff work off, oldest first.
            models.Index(
                fields=["opened_at"], name="notifications_calls", condition=Q(closed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
