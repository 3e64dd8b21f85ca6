"""The words of messages in the versions that staff wrote. What ships is version 1, and is code."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class WordingState(models.TextChoices):
    PROPOSED = "proposed", _("waits for a second person")
    LIVE = "live", _("in use")
    RETIRED = "retired", _("no longer in use")
    REFUSED = "refused", _("not taken into use")


class Wording(models.Model):
    """One version of one template's words in every language. phi: none.

    ``texts`` never changes (a trigger refuses it): a message keeps the version it was told in, and other
    words are another version.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.CharField(_("template"), max_length=60)
    version = models.PositiveSmallIntegerField(_("version"))
    texts = models.JSONField()
    state = models.CharField(_("state"), max_length=10, choices=WordingState)
    proposed_by = models.UUIDField(_("written by"))
    proposed_at = models.DateTimeField(_("written"))
    decided_by = models.UUIDField(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [
            # A version of a template's words is one text. Also the look-up of a message's own version.
            models.UniqueConstraint(fields=["template", "version"], name="notifications_wording_once"),
            # One wording of a template is in use. Also the look-up when something is told.
            models.UniqueConstraint(
                fields=["template"], name="notifications_wording_live", condition=Q(state="live")
            ),
            # Version 1 is what ships.
            models.CheckConstraint(condition=Q(version__gte=2), name="notifications_wording_after_first"),
            # Four eyes: nobody takes their own words into use, or out of the way.
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True)
                | (
                    ~Q(state="proposed")
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))
                ),
                name="notifications_wording_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.version}"
