"""What the operator loads beside the tables we ship."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoincRelease(models.Model):
    """One load of the operator's own copy of LOINC. phi: none."""

    name = models.CharField(_("version"), max_length=40)
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(_("loaded"))
    terms = models.PositiveIntegerField(_("codes"), default=0)
    current = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("LOINC release")
        verbose_name_plural = _("LOINC releases")
        constraints = [
            # Readers see one release, the former or the new one, and never a mixture.
            models.UniqueConstraint(
                fields=["current"], condition=models.Q(current=True), name="terminology_one_loinc_release"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LoincTerm(models.Model):
    """One laboratory code of a release: only the columns that we use, as they are there. phi: none.

    This material contains content from LOINC (http://loinc.org); see NOTICE.md.
    """

    release = models.ForeignKey(LoincRelease, models.CASCADE, related_name="+", db_index=False)
    code = models.CharField(max_length=10, db_collation="C")
    name = models.CharField(max_length=300)  # LONG_COMMON_NAME
    short = models.CharField(max_length=100, blank=True)  # SHORTNAME
    property = models.CharField(max_length=30, blank=True)
    scale = models.CharField(max_length=30, blank=True)
    group = models.CharField(max_length=60, blank=True)  # CLASS
    status = models.CharField(max_length=20)
    unit = models.CharField(max_length=80, blank=True)  # the first of EXAMPLE_UCUM_UNITS: an example, no rule

    class Meta:
        constraints = [
            # A code is one row of its release. Also the one look-up there is.
            models.UniqueConstraint(fields=["release", "code"], name="terminology_loinc_code_once"),
        ]

    def __str__(self) -> str:
        return self.code
