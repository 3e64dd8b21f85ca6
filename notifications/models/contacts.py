"""Where readers said that they can be reached, beside their account's own address."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Channel
from steadwell.ids import new_id


class ContactPoint(models.Model):
    """One address of one reader: used once a code sent to it came back. phi: direct.

    ``address`` is an e-mail address in small letters, or a telephone number in E.164. The code itself is
    kept nowhere: it follows from the row, its ``round`` and a key outside the database.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reader_id = models.UUIDField()
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    address = models.CharField(_("address"), max_length=254)
    created_at = models.DateTimeField(_("since"))
    verified_at = models.DateTimeField(_("confirmed"), null=True)
    # Which code is the present one, until when, and how often it was tried.
    round = models.PositiveIntegerField(default=0)
    code_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Codes are few a day: on which day (UTC) the last went out, and how many.
    codes_on = models.DateField(null=True)
    codes_sent = models.PositiveSmallIntegerField(default=0)
    # It turned messages away for good: not used until confirmed again. The reader is told when they next sign
    # in, until they have seen it.
    disabled_at = models.DateTimeField(_("not reached"), null=True)
    cause = models.CharField(_("cause"), max_length=60, blank=True)
    seen_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = [
            # A reader has an address once. Also the look-up of where they are reached.
            models.UniqueConstraint(
                fields=["reader_id", "channel", "address"],
                name="notifications_contact_once",
                condition=Q(removed_at__isnull=True),
            ),
            # One telephone and one further address per reader are in use: a message goes out once.
            models.UniqueConstraint(
                fields=["reader_id", "channel"],
                name="notifications_contact_in_use",
                condition=Q(removed_at__isnull=True, disabled_at__isnull=True, verified_at__isnull=False),
            ),
        ]
        indexes = [
            # A bounce names an address.
            models.Index(
                fields=["address"], name="notifications_contact_bounced", condition=Q(removed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
