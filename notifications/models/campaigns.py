"""Invitations of the clinic to many: whom, with which words, and how far it is."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PLANNING = "planning", _("being worked out")
    PLANNED = "planned", _("ready to start")
    RUNNING = "running", _("being sent")
    PAUSED = "paused", _("paused")
    STOPPED = "stopped", _("stopped")
    DONE = "done", _("done")


class Campaign(models.Model):
    """One invitation to everybody who fits saved criteria. phi: none (criteria, and nobody in particular)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    template = models.CharField(_("message"), max_length=60)
    criteria = models.JSONField(default=dict)
    site_id = models.UUIDField(_("site"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=CampaignState)
    per_minute = models.PositiveIntegerField(_("people a minute"))
    created_by = models.UUIDField(_("by"))
    created_at = models.DateTimeField(_("since"))
    # How far the working out has come, and with which word it began: a stale one of a former plan stops.
    cursor = models.UUIDField(null=True)
    round = models.PositiveIntegerField(default=0)
    planned_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            # Nothing is sent that was not worked out and started.
            models.CheckConstraint(
                condition=~Q(state__in=["running", "paused", "done"])
                | Q(planned_at__isnull=False, started_at__gte=F("planned_at")),
                name="notifications_campaign_started",
            ),
        ]
        indexes = [
            # The list, newest first.
            models.Index(fields=["-created_at"], name="notifications_campaigns"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class RecipientState(models.TextChoices):
    PLANNED = "planned", _("to be told")
    TOLD = "told", _("told")
    FAILED = "failed", _("could not be told")
    SKIPPED = "skipped", _("does not fit any more")


class CampaignRecipient(models.Model):
    """That one person is among those whom a campaign tells. phi: indirect."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", db_index=False)
    person_id = models.UUIDField()
    language = models.CharField(max_length=10)
    # How they would be told as things stood when it was worked out: codes of channels.
    ways = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=RecipientState)
    cause = models.CharField(max_length=60, blank=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A person gets a campaign once, however often it is worked out, started or repeated.
            models.UniqueConstraint(
                fields=["campaign", "person_id"], name="notifications_campaign_once_each"
            ),
        ]
        indexes = [
            # The next to be told, in order; and how many of each there are.
            models.Index(fields=["campaign", "state", "id"], name="notifications_campaign_next"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
