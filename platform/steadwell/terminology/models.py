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


class RxNormRelease(models.Model):
    """One load of the operator's own copy of RxNorm. phi: none."""

    name = models.CharField(_("version"), max_length=60)
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(_("loaded"))
    names = models.PositiveIntegerField(_("names"), default=0)
    clinical_drugs = models.PositiveIntegerField(_("clinical drugs"), default=0)
    retired = models.PositiveIntegerField(_("retired codes"), default=0)
    current = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("RxNorm release")
        verbose_name_plural = _("RxNorm releases")
        constraints = [
            # Readers see one release, the former or the new one, and never a mixture.
            models.UniqueConstraint(
                fields=["current"], condition=models.Q(current=True), name="terminology_one_rxnorm_release"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RxNormName(models.Model):
    """One name of a concept, of RXNORM or MTHSPL, as RXNCONSO has it. phi: none.

    Courtesy of the U.S. National Library of Medicine; see NOTICE.md.
    """

    release = models.ForeignKey(RxNormRelease, models.CASCADE, related_name="+", db_index=False)
    rxaui = models.CharField(max_length=20, db_collation="C")
    rxcui = models.PositiveIntegerField()
    source = models.CharField(max_length=10, db_collation="C")
    term_type = models.CharField(max_length=20, db_collation="C")
    name = models.CharField(max_length=3000)

    class Meta:
        constraints = [
            # An atom is one row of its release.
            models.UniqueConstraint(fields=["release", "rxaui"], name="terminology_rxnorm_atom_once"),
        ]
        indexes = [
            # `rxnorm show`: every name of a code.
            models.Index(fields=["release", "rxcui"], name="terminology_rxnorm_code"),
        ]

    def __str__(self) -> str:
        return self.name


class RxNormIndex(models.Model):
    """What processes open instead of the names: made when the release was loaded. phi: none."""

    release = models.OneToOneField(RxNormRelease, models.CASCADE, related_name="+", primary_key=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.release_id}"
