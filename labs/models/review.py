"""Tables of reading results: what waits for whom, what was signed and said, who covers for whom.

``ReviewTask`` is a work list and changes; what people did is in tables that only grow.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class TaskKind(models.TextChoices):
    REVIEW = "review", _("result to read")
    CORRECTION = "correction", _("correction to acknowledge")
    FOLLOW_UP = "follow-up", _("follow-up that did not arrive")


class TaskState(models.TextChoices):
    OPEN = "open", _("open")
    DONE = "done", _("done")
    SUPERSEDED = "superseded", _("superseded by a newer version")


class Rank(models.IntegerChoices):
    """The order of an inbox: what cannot wait stands on top."""

    CRITICAL = 0, _("critical")
    ABNORMAL = 1, _("abnormal")
    NORMAL = 2, _("normal")


class ReviewTask(models.Model):
    """One version of a report that waits for one clinician, or for anybody of a site. phi: indirect.

    ``addressee_id`` is the practitioner it was opened for, none for the site's own queue; ``holder_id`` who
    has it now, after delegation. ``in_queue`` shows it to the whole site: nobody holds it, or it was not read
    in time.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=TaskKind)
    report = models.ForeignKey(
        "Report", models.PROTECT, related_name="+", db_index=False, verbose_name=_("report")
    )
    version = models.PositiveIntegerField(_("version"))
    follow_up_id = models.UUIDField(null=True)
    person_id = models.UUIDField(_("patient"), null=True)
    site_id = models.UUIDField(_("site"), null=True)
    addressee_id = models.UUIDField(_("opened for"), null=True)
    holder_id = models.UUIDField(_("held by"), null=True)
    delegated_by = models.UUIDField(null=True)
    rank = models.PositiveSmallIntegerField(_("rank"), choices=Rank)
    corrected = models.BooleanField(_("corrected"), default=False)
    preliminary = models.BooleanField(_("preliminary"), default=False)
    in_queue = models.BooleanField(_("in the site's queue"), default=False)
    escalation = models.PositiveSmallIntegerField(_("escalations"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=TaskState, default=TaskState.OPEN)
    opened_at = models.DateTimeField(_("opened"))
    changed_at = models.DateTimeField(_("changed"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("result to read")
        verbose_name_plural = _("results to read")
        constraints = [
            # The same version is put before the same clinician once, however often its event is delivered.
            models.UniqueConstraint(
                fields=["report", "version", "addressee_id"],
                name="labs_task_once",
                condition=~Q(kind="follow-up"),
                nulls_distinct=False,
            ),
            # A follow-up comes back once.
            models.UniqueConstraint(
                fields=["follow_up_id"], name="labs_task_follow_up_once", condition=Q(kind="follow-up")
            ),
            # What is closed says when.
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | Q(closed_at__isnull=False),
                name="labs_task_closed_when",
            ),
        ]
        indexes = [
            # A clinician's inbox in its order, and its counts.
            models.Index(
                F("holder_id"), F("rank"), F("opened_at").desc(), name="labs_task_inbox",
                condition=Q(state="open"),
            ),
            # A site's queue in the same order.
            models.Index(
                F("site_id"), F("rank"), F("opened_at").desc(), name="labs_task_queue",
                condition=Q(state="open", in_queue=True),
            ),
            # The open tasks of a report: a newer version or a signature closes them.
            models.Index(fields=["report"], name="labs_task_of_report", condition=Q(state="open")),
            # What one has read lately.
            models.Index(
                F("closed_by"), F("closed_at").desc(), name="labs_task_done", condition=Q(state="done")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.pk)


class TaskStep(models.Model):
    """One thing that happened to a task. Append-only. phi: indirect (a colleague's note)."""

    class Act(models.TextChoices):
        DELEGATED = "delegated", _("delegated")
        TAKEN = "taken", _("taken")
        ESCALATED = "escalated", _("not read in time")
        SIGNED = "signed", _("signed")
        ACKNOWLEDGED = "acknowledged", _("correction acknowledged")
        FOLLOWED = "followed", _("follow-up settled")
        SUPERSEDED = "superseded", _("superseded")

    task = models.ForeignKey(ReviewTask, on_delete=models.PROTECT, related_name="+", db_index=False)
    act = models.CharField(_("what"), max_length=12, choices=Act)
    at = models.DateTimeField(_("when"))
    by = models.UUIDField(_("by"), null=True)
    to_id = models.UUIDField(_("to"), null=True)
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("step of a task")
        verbose_name_plural = _("steps of tasks")
        constraints = [
            # Each rung of the escalation is climbed once, whoever runs the due row again.
            models.UniqueConstraint(
                fields=["task", "level"], name="labs_step_level_once", condition=Q(act="escalated")
            ),
        ]
        indexes = [
            # The story of one task.
            models.Index(fields=["task", "id"], name="labs_step_of_task"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.act}"


class Away(models.Model):
    """Somebody reads another's results for a time; it ends by itself. phi: none."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practitioner_id = models.UUIDField(_("away"))
    to_id = models.UUIDField(_("covered by"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    made_by = models.UUIDField(_("arranged by"))
    made_at = models.DateTimeField(_("arranged"))

    class Meta:
        verbose_name = _("cover while away")
        verbose_name_plural = _("covers while away")
        constraints = [
            # Nobody covers for themself.
            models.CheckConstraint(condition=~Q(practitioner_id=F("to_id")), name="labs_away_another"),
            # Ended before it began: it is taken back and covers no time.
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="labs_away_period"),
            # One cover at a time, so that it is plain who reads.
            ExclusionConstraint(
                name="labs_away_one_at_a_time",
                expressions=[
                    ("practitioner_id", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_at"), F("ends_at"), function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]  # fmt: skip
        indexes = [
            # Whom somebody covers for now.
            models.Index(fields=["to_id", "ends_at"], name="labs_away_to"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class FollowUp(models.Model):
    """Something to come after a result, with the day by which it should be there. phi: direct."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        ARRIVED = "arrived", _("arrived")
        OVERDUE = "overdue", _("did not arrive in time")
        SETTLED = "settled", _("settled")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey(
        "Report", models.PROTECT, related_name="+", db_index=False, verbose_name=_("report")
    )
    version = models.PositiveIntegerField(_("version"))
    person_id = models.UUIDField(_("patient"))
    site_id = models.UUIDField(_("site"), null=True)
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    order_id = models.UUIDField(_("order"), null=True)
    # The test that would settle it; empty: only a person does.
    loinc = models.CharField(_("test"), max_length=20, blank=True)
    what = models.CharField(_("what"), max_length=200)
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    arrived_report_id = models.UUIDField(null=True)
    made_by = models.UUIDField(_("ordered by"))
    made_at = models.DateTimeField(_("ordered"))

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        indexes = [
            # What a report that comes in may settle.
            models.Index(
                fields=["person_id"],
                name="labs_follow_up_waits",
                condition=Q(state__in=["waiting", "overdue"]),
            ),
            # The follow-ups of a result.
            models.Index(fields=["report"], name="labs_follow_up_of_report"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
