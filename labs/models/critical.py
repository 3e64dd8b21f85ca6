"""Tables of critical values: who was called, who answered and read back, and the rules of a site.

The record of a call only grows; ``OpenCall`` points at those that nobody has answered yet.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class CriticalCall(models.Model):
    """One critical value that somebody must acknowledge. Append-only. phi: indirect.

    One observation that is critical again in the next version with the same value is not called twice.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey(
        "Report", models.PROTECT, related_name="+", db_index=False, verbose_name=_("report")
    )
    version = models.PositiveIntegerField(_("version"))
    result = models.ForeignKey(
        "Result", models.PROTECT, related_name="+", db_index=False, verbose_name=_("observation")
    )
    person_id = models.UUIDField(_("patient"), null=True)
    site_id = models.UUIDField(_("site"), null=True)
    responsible_id = models.UUIDField(_("responsible clinician"), null=True)
    opened_at = models.DateTimeField(_("opened"))

    class Meta:
        verbose_name = _("critical value")
        verbose_name_plural = _("critical values")
        constraints = [
            # One call per value, however often its event is delivered.
            models.UniqueConstraint(fields=["result", "version"], name="labs_call_once"),
        ]
        indexes = [
            # The report on times to acknowledge, a month at a time.
            models.Index(fields=["site_id", "opened_at"], name="labs_call_by_site"),
            # The calls of a report.
            models.Index(fields=["report"], name="labs_call_of_report"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CallStep(models.Model):
    """One step of a call: who was told, who read back what, when it climbed. Append-only. phi: direct."""

    class Act(models.TextChoices):
        PAGED = "paged", _("told")
        ESCALATED = "escalated", _("not acknowledged in time")
        MISREAD = "misread", _("read back wrongly")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        WITHDRAWN = "withdrawn", _("withdrawn by a newer version")

    call = models.ForeignKey(CriticalCall, on_delete=models.PROTECT, related_name="+", db_index=False)
    act = models.CharField(_("what"), max_length=12, choices=Act)
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    at = models.DateTimeField(_("when"))
    user_id = models.UUIDField(_("user"), null=True)
    read_back = models.CharField(_("read back"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("step of a critical call")
        verbose_name_plural = _("steps of critical calls")
        constraints = [
            # A call ends once: of two who acknowledge together one does.
            models.UniqueConstraint(
                fields=["call"],
                name="labs_call_ends_once",
                condition=Q(act__in=["acknowledged", "withdrawn"]),
            ),
            # Each rung is climbed once.
            models.UniqueConstraint(
                fields=["call", "level"], name="labs_call_level_once", condition=Q(act="escalated")
            ),
        ]
        indexes = [
            # The record of one call.
            models.Index(fields=["call", "id"], name="labs_step_of_call"),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.act}"


class OpenCall(models.Model):
    """A critical value that nobody has acknowledged yet; the row goes when somebody has. phi: indirect."""

    call = models.OneToOneField(CriticalCall, primary_key=True, on_delete=models.PROTECT, related_name="+")
    site_id = models.UUIDField(null=True)
    responsible_id = models.UUIDField(null=True)
    level = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The banner on every page of the clinic: a handful of rows, by site.
            models.Index(fields=["site_id"], name="labs_open_call_site"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Shift(models.Model):
    """Who is on call for a site's results, from when until when. phi: none."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    site_id = models.UUIDField(_("site"))
    practitioner_id = models.UUIDField(_("clinician"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    made_by = models.UUIDField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("shift on call")
        verbose_name_plural = _("shifts on call")
        constraints = [
            # A shift ends after it began; one that was taken back covers no time.
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="labs_shift_period"),
        ]
        indexes = [
            # Who is on call now.
            models.Index(fields=["site_id", "ends_at"], name="labs_shift_now"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SiteRules(models.Model):
    """How long a site gives its clinicians. No row: the defaults. phi: none."""

    site_id = models.UUIDField(primary_key=True)
    normal_hours = models.PositiveSmallIntegerField(_("hours to read a normal result"), default=72)
    abnormal_hours = models.PositiveSmallIntegerField(_("hours to read an abnormal result"), default=24)
    critical_minutes = models.PositiveSmallIntegerField(
        _("minutes to acknowledge a critical value"), default=15
    )
    changed_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("times to read results")
        verbose_name_plural = _("times to read results")
        constraints = [
            # Zero would escalate at once and for ever.
            models.CheckConstraint(
                condition=Q(normal_hours__gte=1, abnormal_hours__gte=1, critical_minutes__gte=1),
                name="labs_rules_give_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
