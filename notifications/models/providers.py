"""Who carries messages outside, how they are doing, and what they report back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.messages import Channel
from steadwell.ids import new_id


class Switch(models.TextChoices):
    AUTO = "auto", _("on while it is well")
    OFF = "off", _("switched off by staff")


class Breaker(models.TextChoices):
    CLOSED = "closed", _("takes messages")
    OPEN = "open", _("left alone")
    PROBING = "probing", _("being tried")


class ProviderAccount(models.Model):
    """One provider of one channel as all workers see it: its weight, its switch, its breaker. phi: none.

    How it is reached and its secrets are settings, never rows.
    """

    code = models.CharField(_("provider"), max_length=40, primary_key=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    # Its share of new messages beside the others of its channel. Zero: only when no other is well.
    weight = models.PositiveSmallIntegerField(_("weight"), default=50)
    switch = models.CharField(_("switch"), max_length=5, choices=Switch, default=Switch.AUTO)
    switched_at = models.DateTimeField(_("switched"), null=True)
    switched_by = models.UUIDField(_("by"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    breaker = models.CharField(_("breaker"), max_length=8, choices=Breaker, default=Breaker.CLOSED)
    cause = models.CharField(_("cause"), max_length=60, blank=True)
    changed_at = models.DateTimeField(_("since"), null=True)
    # Open: when the next message may try it. Closed: its share grows again from ``changed_at`` on.
    probe_at = models.DateTimeField(_("tried again"), null=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = [
            # Nobody switches a provider off without saying why.
            models.CheckConstraint(
                condition=Q(switch="auto") | (Q(switched_by__isnull=False) & ~Q(reason="")),
                name="notifications_switched_with_reason",
            ),
            # An open breaker knows when it tries again: no provider is forgotten.
            models.CheckConstraint(
                condition=Q(breaker="closed") | Q(probe_at__isnull=False), name="notifications_open_is_tried"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ProviderWindow(models.Model):
    """What all workers saw of one provider in one second; the last few are its health. phi: none."""

    provider = models.ForeignKey(ProviderAccount, models.CASCADE, related_name="+", db_index=False)
    second = models.BigIntegerField()  # of Unix time
    # How many calls workers were allowed to begin in it, and how many the last one who asked.
    granted = models.PositiveIntegerField(default=0, db_default=0)
    last_grant = models.PositiveIntegerField(default=0, db_default=0)
    passed = models.PositiveIntegerField(default=0, db_default=0)
    failed = models.PositiveIntegerField(default=0, db_default=0)
    # Calls that took longer than they may, whatever became of them.
    slow = models.PositiveIntegerField(default=0, db_default=0)
    # Of those accepted in it, how many were reported delivered later.
    reported = models.PositiveIntegerField(default=0, db_default=0)
    milliseconds = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            # One row per provider and second, which workers add to; also the look-up of the last seconds.
            models.UniqueConstraint(fields=["provider", "second"], name="notifications_one_window"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.second}"


class ProviderChange(models.Model):
    """That a breaker moved, or somebody switched a provider. Append-only. phi: none."""

    provider = models.ForeignKey(ProviderAccount, models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(_("what"), max_length=12)
    cause = models.CharField(_("cause"), max_length=500, blank=True)
    by = models.UUIDField(_("by"), null=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        indexes = [
            # The latest changes of one provider.
            models.Index(fields=["provider", "-id"], name="notifications_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.what}"


class DeliveryReport(models.Model):
    """A provider's call-back as it came, once its signature was found good. Append-only. phi: direct (an
    address).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.CharField(max_length=60)
    body = models.TextField()
    # Of provider, signed time and body: the same call-back again is the same row.
    digest = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A replayed call-back is known and changes nothing.
            models.UniqueConstraint(fields=["digest"], name="notifications_report_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
