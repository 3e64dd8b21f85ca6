"""Who is invited in, and whose access the clinic ended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.accounts.models.doors import Letter
from steadwell.accounts.models.people import User
from steadwell.ids import new_id


class Invitation(models.Model):
    """What opens an account: a letter's link, or a code shown at the desk. phi: indirect (whose address).

    Only a digest of the link's or code's secret rests here. A row is open until ``ended_at``; an open one
    that has expired, or was met with too many wrong birth dates, opens nothing until it is sent again.
    """

    class Kind(models.TextChoices):
        PATIENT = "patient", _("Patient")  # a letter; the account is made when it is accepted
        STAFF = "staff", _("Staff")  # a letter; the account is there and has no password
        CODE = "code", _("Code")  # shown at the desk; links an account that is there

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REPLACED = "replaced", _("Replaced")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    person_id = models.UUIDField(null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    created_by = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    letter = models.ForeignKey(Letter, null=True, on_delete=models.SET_NULL)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        constraints = [
            # One open letter and one open code per patient: withdrawing it leaves nothing open.
            models.UniqueConstraint(
                name="accounts_invitation_person",
                fields=["person_id", "kind"],
                condition=Q(ended_at__isnull=True, person_id__isnull=False),
            ),
            # One open letter per member of staff, for the same reason.
            models.UniqueConstraint(
                name="accounts_invitation_user",
                fields=["user"],
                condition=Q(ended_at__isnull=True, kind="staff"),
            ),
            # Staff are invited into their account, patients to their record.
            models.CheckConstraint(
                name="accounts_invitation_whom",
                condition=Q(kind="staff", user__isnull=False, person_id__isnull=True)
                | Q(kind__in=["patient", "code"], person_id__isnull=False),
            ),
            # What has ended says how.
            models.CheckConstraint(
                name="accounts_invitation_ended",
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class AccessEnd(models.Model):
    """The clinic ended an account's access to a patient's record. phi: indirect (whose, and why).

    From then on only the clinic opens the record again: its number and birth date no longer do.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField()
    ended_by = models.UUIDField(null=True)

    class Meta:
        indexes = [
            # Whether a record may be linked by its number.
            models.Index(name="accounts_accessend_person", fields=["person_id"]),
        ]

    def __str__(self) -> str:
        return str(self.id)
