"""What is taken, by whom, and every step of it."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q

from scheduling.models.clinic import Practitioner, Site, VisitType
from scheduling.status import Status
from steadwell.history.models import Version
from steadwell.ids import new_id


class Claim(models.Model):
    """A stretch of time of one clinician, room, piece of equipment or patient, taken by a visit, hold or
    closure.

    ``owner_id`` is the visit's (or hold's, the same), group session's or closure's id. A claim with
    ``expires_at`` counts until then and no longer; whoever wants its time deletes it first, so nothing has
    to sweep. phi: indirect (a patient's id and time)
    """

    class Kind(models.TextChoices):
        PRACTITIONER = "practitioner"
        RESOURCE = "resource"
        PATIENT = "patient"  # the visit itself, without buffers; under the id it was booked for
        MOVE = "move"  # the same of another time asked for, which no limit counts
        ALIAS = "alias"  # the same under each further id of a merged patient, for the constraint's eyes only
        CLOSURE = "closure"  # the whole of it, seen by searches and by every claimer
        # The parts of a closure that were free: with them the constraint guards it against bookings under
        # way.
        TILE = "tile"

    claimant_id = models.UUIDField()
    during = DateTimeRangeField()
    kind = models.CharField(max_length=12, choices=Kind)
    owner_id = models.UUIDField()
    site_id = models.UUIDField(null=True)
    expires_at = models.DateTimeField(null=True)
    # Outside the constraint: an overbooked visit, with a reason and audited; or a closure over visits that
    # stand.
    overbooked = models.BooleanField(default=False)

    class Meta:
        constraints = [
            # Never twice: one clinician, room or patient has one thing at a time.
            ExclusionConstraint(
                name="scheduling_claim_never_twice",
                expressions=[("claimant_id", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(overbooked=False),
            ),
            # Staff may overbook a clinician or a room; nobody can be in two visits at once.
            models.CheckConstraint(
                condition=~Q(kind="patient", overbooked=True),
                name="scheduling_claim_patient_never_overbooked",
            ),
            # An empty range overlaps nothing and would be sold without end.
            models.CheckConstraint(condition=Q(during__isempty=False), name="scheduling_claim_not_empty"),
        ]
        indexes = [
            # Freeing or confirming all claims of one visit.
            models.Index(fields=["owner_id"], name="scheduling_claim_owner"),
            # The few claims outside the constraint's index: overbooked visits and closures.
            GistIndex(
                fields=["claimant_id", "during"],
                condition=Q(overbooked=True),
                name="scheduling_claim_overbooked",
            ),
        ]


class GroupSession(models.Model):
    """One holding of a group visit. It claims the clinician and the room once; patients take its seats.

    phi: none
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField()
    resource_ids = ArrayField(models.UUIDField(), default=list)

    class Meta:
        constraints = [
            # Two patients who open the same session at once open one.
            models.UniqueConstraint(
                fields=["practitioner", "starts_at", "visit_type", "site"], name="scheduling_session_once"
            ),
        ]


class Seat(models.Model):
    """A place in a group session, held or booked. phi: indirect"""

    session = models.ForeignKey(GroupSession, on_delete=models.CASCADE)
    number = models.PositiveSmallIntegerField()
    capacity = models.PositiveSmallIntegerField()  # the session's, so that the check below can see it
    owner_id = models.UUIDField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A seat is one patient's.
            models.UniqueConstraint(fields=["session", "number"], name="scheduling_seat_once"),
            # Never more seats than the session has.
            models.CheckConstraint(
                condition=Q(number__gte=1) & Q(number__lte=F("capacity")),
                name="scheduling_seat_within_capacity",
            ),
            # A visit takes one seat; also the index to free it by.
            models.UniqueConstraint(fields=["owner_id"], name="scheduling_seat_owner"),
        ]


class VisitFacts(models.Model):
    """What a hold and the visit that grows out of it have in common. Times carry the wall reading beside the
    instant: if a zone's rules change before the day, the wall time is what was promised."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField()
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    session = models.ForeignKey(GroupSession, on_delete=models.PROTECT, null=True)
    resource_ids = ArrayField(models.UUIDField(), default=list)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    wall_start = models.CharField(max_length=19)  # ISO 8601 without offset: "2026-03-29T09:00:00"
    time_zone = models.CharField(max_length=64)

    class Meta:
        abstract = True


class Hold(VisitFacts):
    """A time kept for a user who is booking for a patient, until ``expires_at``. phi: indirect"""

    held_by = models.UUIDField()
    needs_approval = models.BooleanField()
    claims = (
        models.PositiveSmallIntegerField()
    )  # how many rows it took: booking it needs every one of them still there
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            # One user has one hold per patient: reloading or going back never makes a second one.
            models.UniqueConstraint(fields=["held_by", "person_id"], name="scheduling_hold_one_per_user"),
        ]


class Appointment(VisitFacts):
    """A visit as it stands now; each step on the way is an AppointmentVersion. phi: direct (the patient's
    note)
    """

    status = models.CharField(max_length=20, choices=[(status.value, status.value) for status in Status])
    version = models.PositiveIntegerField()
    note = models.CharField(max_length=500, blank=True, default="")
    booked_by = models.UUIDField(null=True)
    booked_at = models.DateTimeField()
    cancelled_by = models.CharField(max_length=8, blank=True, default="")
    cancel_reason = models.CharField(max_length=200, blank=True, default="")
    rebook_offered = models.BooleanField(default=False)
    overbooked = models.BooleanField(default=False)
    overdue_at = models.DateTimeField(null=True)  # when the desk was reminded of a request
    lapsed_at = models.DateTimeField(null=True)  # when a request ended because nobody answered

    class Meta:
        constraints = [
            # The status table is the code's; the database knows its words.
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in Status]),
                name="scheduling_appointment_status",
            ),
            # A visit that was called off says whose act it was; the patient's own must never read as the
            # clinic's.
            models.CheckConstraint(
                condition=~Q(status="cancelled") | Q(cancelled_by__in=["patient", "clinic"]),
                name="scheduling_appointment_cancelled_by",
            ),
            # A visit of no length would claim nothing.
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="scheduling_appointment_in_order"
            ),
        ]
        indexes = [
            # A patient's visits, newest first.
            models.Index(fields=["person_id", "-starts_at"], name="scheduling_appt_person"),
            # A clinician's day and week.
            models.Index(fields=["practitioner", "starts_at"], name="scheduling_appt_clinician"),
            # A site's day and week.
            models.Index(fields=["site", "starts_at"], name="scheduling_appt_site"),
            # Requests that wait for the clinic's answer.
            models.Index(
                fields=["site", "booked_at"], condition=Q(status="pending"), name="scheduling_appt_pending"
            ),
            # Requests that a clinic left without an answer.
            models.Index(
                fields=["site", "lapsed_at"],
                condition=Q(lapsed_at__isnull=False),
                name="scheduling_appt_lapsed",
            ),
        ]


class AppointmentVersion(Version):
    """Every move of a visit, who made it and why. Append-only. phi: indirect"""

    move = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    person_id = models.UUIDField()
    visit_type_id = models.UUIDField()
    practitioner_id = models.UUIDField()
    site_id = models.UUIDField()
    resource_ids = ArrayField(models.UUIDField(), default=list)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    wall_start = models.CharField(max_length=19)
    time_zone = models.CharField(max_length=64)

    class Meta(Version.Meta):
        abstract = False
