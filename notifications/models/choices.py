"""What readers chose about being told."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class ReaderChoice(models.Model):
    """How one reader wants to be told about one person's affairs of a kind. phi: indirect.

    No row, or no answer for a channel: what stands in ``routing.DEFAULTS``.
    """

    person_id = models.UUIDField()
    reader_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    email = models.BooleanField()
    sms = models.BooleanField(null=True)
    push = models.BooleanField(null=True)
    # Not one by one but together, once a day, by e-mail.
    digest = models.BooleanField(default=False, db_default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # One choice per person, reader and kind; also the look-up by person.
            models.UniqueConstraint(
                fields=["person_id", "reader_id", "kind"], name="notifications_one_choice"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ReaderSettings(models.Model):
    """When one reader is told, whomever it is about. No row: ``quiet.USUAL``. phi: indirect.

    Times are those of the wall clock of the reader's account.
    """

    reader_id = models.UUIDField(primary_key=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    quiet_email = models.BooleanField(default=False, db_default=False)
    digest_at = models.TimeField()
    # Messages a day besides urgent ones; nought: as many as there are. The rest comes together, once a day.
    most_per_day = models.PositiveSmallIntegerField(default=0, db_default=0)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Quiet hours have a beginning and an end, and these differ; or there are none.
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (
                    Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~Q(quiet_from=models.F("quiet_until"))
                ),
                name="notifications_quiet_hours_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ReminderChoice(models.Model):
    """How long before a visit a patient wants to be reminded. No row: all of OFFSETS. phi: indirect."""

    person_id = models.UUIDField(primary_key=True)
    minutes = ArrayField(models.PositiveIntegerField())
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
