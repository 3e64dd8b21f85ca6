"""Tables of the ledger of patient actions: what somebody asked for, and that it ended or they were told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class ActionState(models.TextChoices):
    OPEN = "open", _("under way")
    DONE = "done", _("done")
    TOLD = "told", _("not done, the patient was told")
    FAILED = "failed", _("not done, nobody could be told")
    SETTLED = "settled", _("settled by staff")


class PatientAction(models.Model):
    """One thing a patient asked for, or that was done to what they asked for, until they know how it ended.

    phi: indirect (ids and codes). ``about`` is the thing (a visit), ``sequence`` counts what happened to it
    (the visit's version), so that a later word about the same thing ends the earlier ones too.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("what"), max_length=20)
    about = models.UUIDField(_("about"))
    sequence = models.PositiveIntegerField(default=0)
    person_id = models.UUIDField(_("patient"))
    site_id = models.UUIDField(_("site"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=ActionState)
    opened_at = models.DateTimeField(_("since"))
    deadline = models.DateTimeField(_("to be ended by"))
    closed_at = models.DateTimeField(_("ended"), null=True)
    # Why it is neither: a code, never words.
    cause = models.CharField(_("cause"), max_length=60, blank=True)
    replays = models.PositiveSmallIntegerField(_("tried again"), default=0)
    # Staff have dealt with what did not happen: by whom, when, and in their words.
    settled_at = models.DateTimeField(_("settled by staff"), null=True)
    settled_by = models.UUIDField(null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("patient action")
        verbose_name_plural = _("patient actions")
        constraints = [
            # The same act is one row, however often its request is repeated. Also finds what is open about a
            # thing.
            models.UniqueConstraint(fields=["about", "sequence", "kind"], name="notifications_action_once"),
            # What has ended says when; what is under way has not ended.
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="notifications_action_end",
            ),
            # Only a named person settles, with a reason.
            models.CheckConstraint(
                condition=~Q(state="settled") | (Q(settled_by__isnull=False) & ~Q(reason="")),
                name="notifications_action_settled_by",
            ),
        ]
        indexes = [
            # The check: what is under way, by its deadline.
            models.Index(
                fields=["deadline"],
                name="notifications_action_late",
                condition=Q(state="open"),
            ),
            # Staff, and the public count: what did not happen and nobody has dealt with.
            models.Index(
                fields=["-closed_at"],
                name="notifications_action_missed",
                condition=Q(state__in=["told", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class LedgerCheck(models.Model):
    """One run of the check that no action is neither done nor told: what it counted. phi: none."""

    at = models.DateTimeField(primary_key=True)
    under_way = models.PositiveIntegerField()
    # Past their deadline before this run, and told by it that the thing is not done.
    told = models.PositiveIntegerField()
    # Past their deadline after this run and nobody told: what must be nought.
    silent = models.PositiveIntegerField()
    oldest_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.at} {self.silent}"
