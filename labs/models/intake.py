"""What stands around filing: senders and their words, orders, and what could not be read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class LabSender(models.Model):
    """What the clinic says about a system that sends results. phi: none"""

    sender = models.CharField(_("sender"), max_length=56, primary_key=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    site_id = models.UUIDField(
        _("site"), null=True, blank=True,
        help_text=_("Where a report goes whose order and clinician are not known."),
    )  # fmt: skip
    told_within_days = models.PositiveSmallIntegerField(
        _("days in which a result is news"), default=30, db_default=30,
        help_text=_("Patients are not written to about a result that the laboratory dates further back."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("laboratory")
        verbose_name_plural = _("laboratories")

    def __str__(self) -> str:
        return self.name or self.sender


class UnitSynonym(models.Model):
    """How one sender writes a unit. phi: none"""

    sender = models.ForeignKey(
        LabSender, models.CASCADE, related_name="+", db_index=False, verbose_name=_("laboratory")
    )
    raw = models.CharField(_("as written"), max_length=100)
    ucum = models.CharField("UCUM", max_length=60)

    class Meta:
        verbose_name = _("unit synonym")
        verbose_name_plural = _("unit synonyms")
        constraints = [
            # One sender's writing means one unit. Also a sender's synonyms.
            models.UniqueConstraint(fields=["sender", "raw"], name="labs_synonym_once"),
        ]

    def __str__(self) -> str:
        return f"{self.raw} = {self.ucum}"


class ClinicianNumber(models.Model):
    """A number by which senders name a clinician: an NPI for every sender, or one sender's own. phi: none"""

    sender = models.CharField(
        _("sender"), max_length=56, blank=True, help_text=_("Empty: the same for every sender, such as NPI.")
    )
    number = models.CharField(_("number"), max_length=100)
    practitioner_id = models.UUIDField(_("clinician"))
    site_id = models.UUIDField(
        _("site"), null=True, blank=True, help_text=_("Where what this clinician ordered belongs.")
    )

    class Meta:
        verbose_name = _("clinician's number")
        verbose_name_plural = _("clinicians' numbers")
        constraints = [
            # A number names one clinician; the sender's own wins over the common one.
            models.UniqueConstraint(fields=["number", "sender"], name="labs_number_once"),
        ]

    def __str__(self) -> str:
        return self.number


class Order(models.Model):
    """A lab order of the clinic. ``number`` is what the laboratory sends back as the placer's. phi: direct"""

    class State(models.TextChoices):
        PLACED = "placed", _("placed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("order number"), max_length=200, db_collation="C")
    person_id = models.UUIDField(_("patient"))
    site_id = models.UUIDField(_("site"))
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    loinc = models.CharField("LOINC", max_length=12, blank=True)
    name = models.CharField(_("test"), max_length=250)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLACED)
    placed_at = models.DateTimeField(_("placed"))
    placed_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("lab order")
        verbose_name_plural = _("lab orders")
        constraints = [
            # The laboratory answers with the number alone: it must name one order.
            models.UniqueConstraint(fields=["number"], name="labs_order_number_once"),
        ]
        indexes = [
            # A patient's orders, newest first.
            models.Index(fields=["person_id", "-placed_at"], name="labs_order_of_person"),
        ]

    def __str__(self) -> str:
        return self.number


class Quarantined(models.Model):
    """An observation that could not be read as sent: its words, why, and what was made of it. phi: direct

    ``said`` is the observation as it came. It never changes; ``corrected`` holds what a person put in its
    place.
    """

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        REPLAYED = "replayed", _("corrected and filed")
        DISMISSED = "dismissed", _("left as it is")
        SUPERSEDED = "superseded", _("the laboratory sent another")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey("Report", models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField(_("version"))
    key = models.CharField(max_length=250)
    sender = models.CharField(_("sender"), max_length=56)
    reason = models.CharField(_("reason"), max_length=300)
    said = models.JSONField(_("as sent"))
    corrected = models.JSONField(_("put in its place"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("since"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.UUIDField(null=True)
    settled_reason = models.CharField(_("reason of the decision"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("observation set aside")
        verbose_name_plural = _("observations set aside")
        constraints = [
            # An observation of one version is set aside once. Also those of a report.
            models.UniqueConstraint(fields=["report", "version", "key"], name="labs_quarantined_once"),
        ]
        indexes = [
            # The queue, oldest first.
            models.Index(fields=["opened_at", "id"], name="labs_quarantined_open", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class MaybeSame(models.Model):
    """Two reports of one laboratory that may be one, sent under two numbers: asked of whoever reads them.
    phi: indirect

    ``report`` is the one that came later. Both stay as they are until a person says.
    """

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        APART = "apart", _("two reports")
        ONE = "one", _("one report, sent twice")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey("Report", models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey("Report", models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("since"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.UUIDField(null=True)
    # Which of the two was taken back.
    withdrawn_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("report that may be another")
        verbose_name_plural = _("reports that may be others")
        constraints = [
            # A pair is asked about once. Also the questions of the later report.
            models.UniqueConstraint(fields=["report", "other"], name="labs_maybesame_once"),
        ]
        indexes = [
            # The questions of the earlier report.
            models.Index(fields=["other"], name="labs_maybesame_of_other"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
