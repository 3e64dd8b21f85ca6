"""The audit trail's tables. Append-only: for the app's role by right, for everybody by trigger."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who saw or changed what, whose, why and when (ASTM E2147). phi: indirect (ids and codes only)."""

    at = models.DateTimeField(_("when"))
    user_id = models.UUIDField(_("user"), null=True)
    roles = models.CharField(_("roles"), max_length=120)
    # self, proxy, staff, system or anonymous: for whom the actor acted on the subject's data.
    capacity = models.CharField(_("acting as"), max_length=12)
    # The platform's own label ("relay"), never a person's name.
    actor_name = models.CharField(_("system"), max_length=60, blank=True)
    action = models.CharField(_("action"), max_length=100)
    category = models.CharField(_("kind of data"), max_length=60)
    subject_id = models.UUIDField(_("patient"), null=True)
    entity_id = models.UUIDField(_("record"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    trace_id = models.CharField(_("trace"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            # "Who looked at my record", newest first.
            models.Index(
                fields=["subject_id", "-id"],
                name="audit_by_subject",
                condition=models.Q(subject_id__isnull=False),
            ),
            # "What happened to this visit", newest first.
            models.Index(
                fields=["entity_id", "-id"],
                name="audit_by_entity",
                condition=models.Q(entity_id__isnull=False),
            ),
            # "What did this user do".
            models.Index(
                fields=["user_id", "-id"], name="audit_by_user", condition=models.Q(user_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class AuditSeal(models.Model):
    """A sealed batch of entries: its place in the gapless chain, its digests, its signed head. phi: none."""

    # 1, 2, 3 …: assigned by the sealer, never by a sequence, so that a gap is a loss.
    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    entry_ids = models.JSONField()  # in the order they were hashed
    highest_id = models.BigIntegerField()  # of this batch and all before it
    digests = models.BinaryField()  # 32 bytes per entry, same order: names the row that was changed
    previous = models.BinaryField()
    head = models.BinaryField()
    signature = models.BinaryField()

    def __str__(self) -> str:
        return str(self.number)
