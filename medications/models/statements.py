"""What each source says is taken, version by version, and what of it counts now."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medications.types import Grade, Source, StatementKind, Status
from steadwell.history.models import Version
from steadwell.ids import new_id

SOURCES = [(each.value, each.value) for each in Source]
KINDS = [(each.value, each.value) for each in StatementKind]
STATUSES = [(each.value, each.value) for each in Status]
GRADES = [(each.value, each.value) for each in Grade]


class Said(models.Model):
    """The words of one version, and as what they were read. The raw text always stands beside the code.

    phi: as the table that inherits it.
    """

    drug_text = models.CharField(_("as written"), max_length=500)
    code_sent = models.CharField(max_length=20, blank=True)
    rxcui = models.CharField("RxCUI", max_length=20, blank=True)
    tty = models.CharField(max_length=8, blank=True)
    drug_name = models.CharField(_("drug"), max_length=500, blank=True)
    ingredients = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    ingredient_names = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    candidates = models.JSONField(default=list)  # [rxcui, name] of each that an ambiguous one may be
    grade = models.CharField(_("grade"), max_length=16, choices=GRADES)
    reading_reason = models.CharField(max_length=300, blank=True)
    release = models.CharField(max_length=40, blank=True)
    # C: and the clinical drug's rxcui, or S: and the statement's id: only clinical drugs are ever joined.
    key = models.CharField(max_length=120, db_collation="C")
    needs = models.CharField(_("needs"), max_length=24, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=STATUSES)
    status_word = models.CharField(_("status as sent"), max_length=60, blank=True)
    dosage_text = models.CharField(_("dosage"), max_length=500, blank=True)
    # As far as it was understood; digits as written.
    amount_low = models.CharField(max_length=20, blank=True)
    amount_high = models.CharField(max_length=20, blank=True)
    amount_unit = models.CharField(max_length=30, blank=True)
    per_day = models.CharField(max_length=20, blank=True)
    as_needed = models.BooleanField(default=False)
    started_on = models.DateField(_("since"), null=True)
    ended_on = models.DateField(_("until"), null=True)
    reason_text = models.CharField(_("what for"), max_length=300, blank=True)
    prescriber_name = models.CharField(_("prescribed by"), max_length=200, blank=True)
    quantity_text = models.CharField(max_length=60, blank=True)
    refills_left = models.PositiveSmallIntegerField(null=True)
    said_at = models.DateTimeField()
    # Of what a decision about its line stands on: drug, status, dosage, end.
    digest = models.CharField(max_length=32)

    class Meta:
        abstract = True


class Statement(Said):
    """One statement of one source as it counts now: made from its versions in the transaction that adds one,
    so that a list reads one row each. phi: direct.

    ``version`` counts the versions kept; ``shown_version`` is the one that counts (an older word that came
    late does not become it).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The id it came with; a merge or an un-merge never re-keys it.
    person_id = models.UUIDField(_("patient"))
    record_id = models.UUIDField(null=True)
    site_id = models.UUIDField(_("site"), null=True)
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    source = models.CharField(_("source"), max_length=12, choices=SOURCES)
    system = models.CharField(_("system"), max_length=56)
    external_id = models.CharField(max_length=200, db_collation="C")
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    version = models.PositiveIntegerField(_("version"))
    shown_version = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("medication statement")
        verbose_name_plural = _("medication statements")
        constraints = [
            # The same statement coming twice at once is one statement.
            models.UniqueConstraint(fields=["system", "external_id"], name="medications_statement_once"),
            # What counts is one of the versions there are.
            models.CheckConstraint(
                condition=Q(shown_version__gte=1) & Q(shown_version__lte=models.F("version")),
                name="medications_statement_shown",
            ),
        ]
        indexes = [
            # A patient's statements: every list and every check.
            models.Index(fields=["person_id"], name="medications_statement_person"),
            # Whom a site's clinicians care for.
            models.Index(
                fields=["site_id"],
                name="medications_statement_site",
                condition=Q(site_id__isnull=False),
            ),
            # The statements of a source record that is somebody else's from now on.
            models.Index(
                fields=["record_id"],
                name="medications_statement_record",
                condition=Q(record_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class StatementVersion(Said, Version):
    """One thing a source said about one statement. Append-only. phi: direct.

    ``valid_from`` is when it began to be true (since when it is taken, else said), ``recorded_at`` when we
    learnt it; within one patient no two are the same.
    """

    person_id = models.UUIDField()
    content_digest = models.CharField(max_length=64)  # of all that was said

    class Meta(Version.Meta):
        abstract = False
        constraints = [
            # Those of every version table.
            *Version.Meta.constraints,
            # The same message is one version, however often it is sent.
            models.UniqueConstraint(
                fields=["entity_id", "content_digest"], name="medications_statementversion_once"
            ),
        ]
        indexes = [
            # The list as it was known at a moment.
            models.Index(fields=["person_id", "recorded_at"], name="medications_statementversion_p"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"
