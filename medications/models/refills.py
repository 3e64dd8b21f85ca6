"""Refills from the request to the pharmacy's answer, and what was said to pharmacies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medications.types import RefillState
from steadwell.ids import new_id

STATES = [(each.value, each.value) for each in RefillState]
UNDER_WAY = [
    RefillState.REQUESTED.value, RefillState.APPROVED.value, RefillState.SENT.value,
    RefillState.ACCEPTED.value,
    RefillState.UNANSWERED.value, RefillState.PHARMACY_REFUSED.value,
]  # fmt: skip
FOR_STAFF = [
    RefillState.REQUESTED.value, RefillState.UNANSWERED.value, RefillState.PHARMACY_REFUSED.value,
]  # fmt: skip


class Pharmacy(models.Model):
    """A pharmacy that refills are sent to. phi: none.

    ``network`` names the connection that carries to it (settings), never an address.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ncpdp_id = models.CharField("NCPDP", max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=200)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    network = models.CharField(_("network"), max_length=40)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("pharmacy")
        verbose_name_plural = _("pharmacies")

    def __str__(self) -> str:
        return self.name


class Refill(models.Model):
    """One refill as it stands; each change of state is a RefillStep. phi: direct."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField()
    person_id = models.UUIDField(_("patient"))
    site_id = models.UUIDField(_("site"))
    line_id = models.UUIDField()
    statement_id = models.UUIDField()  # the order it renews
    state = models.CharField(_("state"), max_length=16, choices=STATES)
    name = models.CharField(_("drug"), max_length=500)
    rxcui = models.CharField(max_length=20, blank=True)
    dosage_text = models.CharField(max_length=500, blank=True)
    quantity_text = models.CharField(max_length=60, blank=True)
    note = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    pharmacy = models.ForeignKey(Pharmacy, models.PROTECT, null=True, related_name="+", db_index=False)
    requested_at = models.DateTimeField(_("requested"))
    requested_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True)  # the message to the pharmacy; a retry is the same message
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    filled_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("refill")
        verbose_name_plural = _("refills")
        constraints = [
            # One refill of one order is under way at a time, however often the button is pressed.
            models.UniqueConstraint(
                fields=["statement_id"], name="medications_refill_one", condition=Q(state__in=UNDER_WAY)
            ),
            # A refusal says why.
            models.CheckConstraint(
                condition=~Q(state=RefillState.DECLINED.value) | ~Q(reason=""),
                name="medications_refill_reason",
            ),
            # What is on its way to a pharmacy has a message and a pharmacy.
            models.CheckConstraint(
                condition=Q(state__in=["requested", "declined", "withdrawn"])
                | (Q(message_id__isnull=False) & Q(pharmacy__isnull=False)),
                name="medications_refill_sent",
            ),
        ]
        indexes = [
            # A patient's refills, newest first.
            models.Index(fields=["person_id", "-requested_at"], name="medications_refill_person"),
            # Whom a site's clinicians care for.
            models.Index(fields=["site_id"], name="medications_refill_site"),
            # What a clinic's staff have to act on, oldest first.
            models.Index(
                fields=["site_id", "requested_at"],
                name="medications_refill_staff",
                condition=Q(state__in=FOR_STAFF),
            ),
            # An answer of the pharmacy finds its refill.
            models.Index(
                fields=["message_id"],
                name="medications_refill_message",
                condition=Q(message_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class RefillStep(models.Model):
    """One step of a refill. Append-only. phi: direct."""

    id = models.BigAutoField(primary_key=True)
    refill = models.ForeignKey(Refill, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    step = models.CharField(max_length=16)
    at = models.DateTimeField()
    by_id = models.UUIDField(null=True)
    role = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    check_id = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True)  # the PharmacyMessage that brought it
    # What the refill says from this step on, so that what somebody saw can be shown again.
    # db_default: the code before this one writes rows without them.
    dosage_text = models.CharField(max_length=500, blank=True, default="", db_default="")
    quantity_text = models.CharField(max_length=60, blank=True, default="", db_default="")
    pharmacy_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            # Steps are counted, so that two who saw the same cannot both add the next.
            models.UniqueConstraint(fields=["refill", "number"], name="medications_refillstep_once"),
        ]

    def __str__(self) -> str:
        return f"{self.refill_id} {self.number}"


class PharmacyMessage(models.Model):
    """One message to or from a pharmacy, as it went over the wire. Append-only. phi: direct."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    network = models.CharField(max_length=40)
    direction = models.CharField(max_length=3, choices=[("in", "in"), ("out", "out")])
    wire_id = models.CharField(max_length=100, db_collation="C")  # the sender's MessageID
    relates_to = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=30)
    refill = models.ForeignKey(Refill, models.PROTECT, null=True, related_name="+", db_index=False)
    body = models.JSONField()
    at = models.DateTimeField()
    effect = models.CharField(max_length=16, blank=True)  # what it did: a state, duplicate, late, unknown

    class Meta:
        verbose_name = _("pharmacy message")
        verbose_name_plural = _("pharmacy messages")
        constraints = [
            # A message that comes twice is one message.
            models.UniqueConstraint(
                fields=["network", "direction", "wire_id"], name="medications_pharmacymessage_once"
            ),
        ]
        indexes = [
            # What was said about one refill.
            models.Index(fields=["refill", "at"], name="medications_pharmacymessage_of"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PharmacyMailbox(models.Model):
    """How far the mailbox of a network was read. phi: none."""

    network = models.CharField(primary_key=True, max_length=40)
    cursor = models.CharField(max_length=100, blank=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.network
