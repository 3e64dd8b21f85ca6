"""What readers chose about being told."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ReaderChoice(models.Model):
    """Whether one reader wants e-mail about one person's affairs of a kind. phi: indirect.

    No row: the patient does, a proxy does not until they choose to.
    """

    person_id = models.UUIDField()
    reader_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    email = models.BooleanField()
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


class ReminderChoice(models.Model):
    """How long before a visit a patient wants to be reminded. No row: all of OFFSETS. phi: indirect."""

    person_id = models.UUIDField(primary_key=True)
    minutes = ArrayField(models.PositiveIntegerField())
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
