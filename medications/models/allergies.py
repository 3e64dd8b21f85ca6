"""Allergies and intolerances, version by version, and what counts now."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medications.models.statements import GRADES, SOURCES
from steadwell.history.models import Version
from steadwell.ids import new_id

STATUSES = [(each, each) for each in ("active", "inactive", "resolved", "entered-in-error", "unknown")]


class SaidAllergy(models.Model):
    """The words of one version, and as what they were read. phi: as the table that inherits it."""

    substance_text = models.CharField(_("as written"), max_length=300)
    code_sent = models.CharField(max_length=20, blank=True)
    rxcui = models.CharField("RxCUI", max_length=20, blank=True)
    tty = models.CharField(max_length=8, blank=True)
    substance_name = models.CharField(_("substance"), max_length=300, blank=True)
    ingredients = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    ingredient_names = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    candidates = models.JSONField(default=list)
    grade = models.CharField(_("grade"), max_length=16, choices=GRADES)
    reading_reason = models.CharField(max_length=300, blank=True)
    release = models.CharField(max_length=40, blank=True)
    needs = models.CharField(_("needs"), max_length=24, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=STATUSES)
    status_word = models.CharField(max_length=60, blank=True)
    reaction_text = models.CharField(_("reaction"), max_length=300, blank=True)
    severity = models.CharField(_("severity"), max_length=10, blank=True)
    said_at = models.DateTimeField()

    class Meta:
        abstract = True


class Allergy(SaidAllergy):
    """One allergy of one source as it counts now, made from its versions. phi: direct."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(_("patient"))
    record_id = models.UUIDField(null=True)
    site_id = models.UUIDField(_("site"), null=True)
    source = models.CharField(_("source"), max_length=12, choices=SOURCES)
    system = models.CharField(_("system"), max_length=56)
    external_id = models.CharField(max_length=200, db_collation="C")
    version = models.PositiveIntegerField(_("version"))
    shown_version = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("allergy")
        verbose_name_plural = _("allergies")
        constraints = [
            # The same allergy coming twice at once is one.
            models.UniqueConstraint(fields=["system", "external_id"], name="medications_allergy_once"),
            # What counts is one of the versions there are.
            models.CheckConstraint(
                condition=Q(shown_version__gte=1) & Q(shown_version__lte=models.F("version")),
                name="medications_allergy_shown",
            ),
        ]
        indexes = [
            # A patient's allergies: every list and every check.
            models.Index(fields=["person_id"], name="medications_allergy_person"),
            # The queue of what was not understood, oldest first.
            models.Index(
                fields=["changed_at", "id"], name="medications_allergy_needs", condition=~Q(needs="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class AllergyVersion(SaidAllergy, Version):
    """One thing a source said about one allergy. Append-only. phi: direct."""

    person_id = models.UUIDField()
    content_digest = models.CharField(max_length=64)

    class Meta(Version.Meta):
        abstract = False
        constraints = [
            # Those of every version table.
            *Version.Meta.constraints,
            # The same message is one version, however often it is sent.
            models.UniqueConstraint(
                fields=["entity_id", "content_digest"], name="medications_allergyversion_once"
            ),
        ]
        indexes = [
            # The allergies as they were known at a moment.
            models.Index(fields=["person_id", "recorded_at"], name="medications_allergyversion_p"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"
