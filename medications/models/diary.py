"""What a patient noted of their doses, and when they want to be reminded."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from medications.types import Taken
from steadwell.history.models import Version
from steadwell.ids import new_id

TAKEN = [(each.value, each.value) for each in Taken]


class DiaryVersion(Version):
    """One note about one dose; putting it right is the next version. Append-only. phi: direct.

    ``valid_from`` is when the dose was taken or skipped, ``planned_at`` the reminder's time if it had one.
    """

    person_id = models.UUIDField()
    line_id = models.UUIDField()
    planned_at = models.DateTimeField(null=True)
    taken = models.CharField(max_length=8, choices=TAKEN)
    note = models.CharField(max_length=300, blank=True)

    class Meta(Version.Meta):
        abstract = False
        indexes = [
            # A patient's diary, newest first.
            models.Index(fields=["person_id", "-valid_from"], name="medications_diary_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class Reminder(models.Model):
    """A time of day at which a patient wants to hear of a medicine, as it stands. phi: direct.

    Wall time and zone are kept; ``next_at`` follows from them and is the due row's time. What was asked for
    is a ReminderVersion; this is the newest one, for the clock to find.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(default=1)
    person_id = models.UUIDField()
    line_id = models.UUIDField()
    at = models.TimeField()
    zone = models.CharField(max_length=64)
    days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    active = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # One reminder per medicine and time of day. Also a patient's reminders.
            models.UniqueConstraint(fields=["person_id", "line_id", "at"], name="medications_reminder_once"),
            # What reminds knows when next.
            models.CheckConstraint(
                condition=Q(active=False) | Q(next_at__isnull=False), name="medications_reminder_next"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ReminderVersion(Version):
    """What a patient asked for at one time of day, and when they ended it. Append-only. phi: direct."""

    person_id = models.UUIDField()
    line_id = models.UUIDField()
    at = models.TimeField()
    zone = models.CharField(max_length=64)
    days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    active = models.BooleanField()

    class Meta(Version.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"
