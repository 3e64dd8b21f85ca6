"""Who stood for a result, who saw its correction, and what they said."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class Signature(models.Model):
    """That a clinician read one version of a report and stands for it. Append-only. phi: indirect."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey(
        "Report", models.PROTECT, related_name="+", db_index=False, verbose_name=_("report")
    )
    version = models.PositiveIntegerField(_("version"))
    person_id = models.UUIDField(_("patient"))
    signed_by = models.UUIDField(_("user"))
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    signed_at = models.DateTimeField(_("signed"))
    # Signed together with others as normal, without opening each.
    in_bulk = models.BooleanField(_("in bulk"), default=False)
    # The clinician has spoken with the patient about it.
    talked = models.BooleanField(_("talked with the patient"), default=False)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [
            # Of two who sign at once one does; also the look-up of a report's signatures.
            models.UniqueConstraint(fields=["report", "version"], name="labs_signed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.version}"


class Acknowledgement(models.Model):
    """That one who had seen the old value has seen the correction. Append-only. phi: indirect."""

    report = models.ForeignKey(
        "Report", models.PROTECT, related_name="+", db_index=False, verbose_name=_("report")
    )
    version = models.PositiveIntegerField(_("version"))
    person_id = models.UUIDField(_("patient"))
    user_id = models.UUIDField(_("user"))
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    at = models.DateTimeField(_("acknowledged"))

    class Meta:
        verbose_name = _("acknowledged correction")
        verbose_name_plural = _("acknowledged corrections")
        constraints = [
            # Once per reader and version.
            models.UniqueConstraint(fields=["report", "version", "user_id"], name="labs_acknowledged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.version}"


class ReportComment(models.Model):
    """What a clinician wrote about a version: to the patient or to colleagues. Append-only. phi: direct."""

    class Audience(models.TextChoices):
        PATIENT = "patient", _("to the patient")
        CLINIC = "clinic", _("internal note")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey(
        "Report", models.PROTECT, related_name="+", db_index=False, verbose_name=_("report")
    )
    version = models.PositiveIntegerField(_("version"))
    person_id = models.UUIDField(_("patient"), null=True)
    audience = models.CharField(_("for"), max_length=8, choices=Audience)
    text = models.TextField(_("text"), max_length=4000)
    written_by = models.UUIDField(_("user"))
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    written_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("comment on a result")
        verbose_name_plural = _("comments on results")
        constraints = [
            # An empty comment says nothing and cannot be taken back.
            models.CheckConstraint(condition=~Q(text=""), name="labs_comment_says_something"),
        ]
        indexes = [
            # The comments of a report, in order.
            models.Index(fields=["report", "id"], name="labs_comment_of_report"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
