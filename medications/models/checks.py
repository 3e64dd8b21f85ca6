"""What the safety checks said before a decision, and why somebody went on in spite of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from steadwell.ids import new_id


class SafetyCheck(models.Model):
    """One run of the checks, written in the transaction of the decision it was for. Append-only. phi: direct.

    ``about`` is the line, statement or refill. ``findings`` is what was shown, in full, so that it can be
    read again when the pack has changed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField()
    about = models.UUIDField()
    act = models.CharField(max_length=24)  # prescribe, settle, refill, entry
    at = models.DateTimeField()
    findings = models.JSONField(default=list)
    not_checked = models.JSONField(default=list)
    packs = models.JSONField(default=list)  # name, version, dates
    rule_ids = ArrayField(models.CharField(max_length=100), default=list)
    alerts = models.PositiveSmallIntegerField(default=0)  # findings that ask for a reason

    class Meta:
        indexes = [
            # The checks of one decision, newest first.
            models.Index(fields=["about", "-at"], name="medications_check_about"),
            # Alerts per order over a time: which rules annoy.
            models.Index(fields=["at"], name="medications_check_at"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Override(models.Model):
    """A reason for going on in spite of one finding. Append-only. phi: direct."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(SafetyCheck, models.PROTECT, related_name="+", db_index=False)
    person_id = models.UUIDField()
    finding_key = models.CharField(max_length=250, db_collation="C")
    rule_id = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=500)
    by_id = models.UUIDField(null=True)
    practitioner_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            # One reason per finding of one check.
            models.UniqueConstraint(fields=["run", "finding_key"], name="medications_override_once"),
            # An override without a reason is none.
            models.CheckConstraint(condition=~Q(reason=""), name="medications_override_reason"),
        ]
        indexes = [
            # What the next prescriber is shown.
            models.Index(fields=["person_id", "finding_key"], name="medications_override_of"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
