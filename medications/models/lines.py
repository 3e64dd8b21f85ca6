"""The one list: a line per clinical drug, what was decided about it, and the lock of a patient's chart."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medications.models.statements import STATUSES
from medications.types import LineState, Outcome
from steadwell.history.models import Version

EMPTY = "empty"
STATES = [*((each.value, each.value) for each in LineState), (EMPTY, EMPTY)]
OPEN = [LineState.CONFLICT.value, LineState.AMBIGUOUS.value]
OUTCOMES = [(each.value, each.value) for each in Outcome]


class Chart(models.Model):
    """A patient's medicines as one thing to lock. phi: indirect.

    Every write about a patient locks this row first. ``recorded_at`` is the newest recorded time within it;
    the next is later, so that "as it was known at" has one answer at every moment.
    """

    person_id = models.UUIDField(primary_key=True)
    revision = models.PositiveBigIntegerField(default=0)
    recorded_at = models.DateTimeField()
    pharmacy = models.ForeignKey("Pharmacy", models.SET_NULL, null=True, related_name="+", db_index=False)

    def __str__(self) -> str:
        return str(self.pk)


class Line(models.Model):
    """One clinical drug of a patient as the list shows it: settled from statements and decisions in the
    transaction that changes one (settling.py). phi: direct.

    ``revision`` grows with each change of its evidence or decision; a decision states the one it saw.
    ``state`` ``empty``: no source says so any more (its decisions stay reachable).
    """

    id = models.UUIDField(primary_key=True, editable=False)  # made of patient and key
    person_id = models.UUIDField(_("patient"))
    key = models.CharField(max_length=120, db_collation="C")
    revision = models.PositiveIntegerField()
    decision_version = models.PositiveIntegerField(default=0)
    state = models.CharField(_("state"), max_length=10, choices=STATES)
    reopened = models.BooleanField(default=False)
    name = models.CharField(_("drug"), max_length=500)
    rxcui = models.CharField("RxCUI", max_length=20, blank=True)
    ingredients = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    ingredient_names = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=STATUSES)
    dosage_text = models.CharField(_("dosage"), max_length=500, blank=True)
    what = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    possible = ArrayField(models.UUIDField(), default=list, blank=True)
    site_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    evidence_digest = models.CharField(max_length=32)
    open_since = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("medicine")
        verbose_name_plural = _("medicines")
        constraints = [
            # One line per clinical drug. Also a patient's list.
            models.UniqueConstraint(fields=["person_id", "key"], name="medications_line_once"),
            # What waits for a person waits since a moment.
            models.CheckConstraint(
                condition=~Q(state__in=OPEN) | Q(open_since__isnull=False), name="medications_line_since"
            ),
        ]
        indexes = [
            # The clinic's queue, oldest first.
            models.Index(
                fields=["open_since", "id"], name="medications_line_open", condition=Q(state__in=OPEN)
            ),
            # The queue of one site.
            GinIndex(fields=["site_ids"], name="medications_line_sites", condition=Q(state__in=OPEN)),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DecisionVersion(Version):
    """One decision about a line (``entity_id`` the line's) or about a statement's drug (the statement's).
    Append-only; a reversal is the next version. phi: direct.

    ``basis`` is what it stands on: each statement's id with its digest. It holds as long as that is what is
    there; a later word about one statement re-opens only the line it is in.
    """

    person_id = models.UUIDField()
    key = models.CharField(max_length=120, db_collation="C")
    outcome = models.CharField(max_length=10, choices=OUTCOMES)
    status = models.CharField(max_length=16, choices=STATUSES, blank=True)
    dosage_text = models.CharField(max_length=500, blank=True)
    rxcui = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=500, blank=True)
    ingredients = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    ingredient_names = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    basis = models.JSONField(default=dict)
    practitioner_id = models.UUIDField(null=True)
    check_id = models.UUIDField(null=True)

    class Meta(Version.Meta):
        abstract = False
        constraints = [
            # Those of every version table.
            *Version.Meta.constraints,
            # Going back on something names what.
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.REVERTED.value) | Q(supersedes__isnull=False),
                name="medications_decisionversion_back",
            ),
        ]
        indexes = [
            # All decisions about a patient: settling, and the list as it was known.
            models.Index(fields=["person_id", "recorded_at"], name="medications_decisionversion_p"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"
