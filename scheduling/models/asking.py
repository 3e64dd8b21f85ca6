"""What patients asked for and a clinic has yet to decide."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from scheduling.models.booking import Appointment, VisitFacts


class MoveRequest(VisitFacts):
    """Another time that was asked for while the visit keeps its own. Both are claimed, the new one under this
    row's id; each step is a version of the visit. Only ``state`` and what goes with it ever changes.

    phi: indirect
    """

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"  # by the patient, or for another time
        LAPSED = "lapsed"  # nobody answered in time
        ENDED = "ended"  # the visit was moved, called off or begun meanwhile

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT)
    busy_from = models.DateTimeField()  # with the buffers, as they were when it was asked for
    busy_until = models.DateTimeField()
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State)
    closed_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)  # when the desk was reminded of it

    class Meta:
        constraints = [
            # A clinic decides about one new time; asking for another takes the former one back.
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(state="open"), name="scheduling_move_request_one_open"
            ),
            # The code knows these states and no other.
            models.CheckConstraint(
                condition=Q(state__in=["open", "approved", "declined", "withdrawn", "lapsed", "ended"]),
                name="scheduling_move_request_state",
            ),
            # What is decided says when.
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="scheduling_move_request_closed",
            ),
        ]
        indexes = [
            # A site's open ones, for its list and its calendar.
            models.Index(
                fields=["site", "starts_at"], condition=Q(state="open"), name="scheduling_move_request_open"
            ),
            # The same of a clinician, for the week and for a day that is called off.
            models.Index(
                fields=["practitioner", "starts_at"],
                condition=Q(state="open"),
                name="scheduling_move_request_of",
            ),
        ]
