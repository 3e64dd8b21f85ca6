"""What was sent, by whom, exactly as it came; and what became of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


def _production() -> list[str]:
    return ["P"]


class Hl7Sender(models.Model):
    """A system that may send HL7 messages: how it is known, and what it may send. phi: none."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Names the system in every report that came from it, so it never changes.
    name = models.SlugField(_("name"), max_length=60, unique=True)
    active = models.BooleanField(_("may send"), default=True)
    networks = ArrayField(
        models.CharField(max_length=60), verbose_name=_("networks"), default=list, blank=True,
        help_text=_("Addresses or networks, such as 10.20.0.0/16, separated by commas."),
    )  # fmt: skip
    certificates = ArrayField(
        models.CharField(max_length=300), verbose_name=_("client certificates"), default=list, blank=True,
        help_text=_(
            "SHA-256 fingerprints, or subjects such as CN=lab.example, separated by semicolons."
        ),
    )  # fmt: skip
    message_types = ArrayField(
        models.CharField(max_length=16), verbose_name=_("message types"), default=list,
        help_text=_("What it may send, such as ORU^R01, separated by commas."),
    )  # fmt: skip
    applications = ArrayField(
        models.CharField(max_length=500), verbose_name=_("applications"), default=list, blank=True,
        help_text=_("MSH-3 and MSH-4 as application|facility, either may be *. Empty: any."),
    )  # fmt: skip
    processing = ArrayField(
        models.CharField(max_length=1), verbose_name=_("processing ids"), default=_production,
        help_text=_("MSH-11: P production, T training, D debugging."),
    )  # fmt: skip
    site_id = models.UUIDField(_("clinic"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", help_text=_("Of times that it sends without an offset.")
    )
    connections = models.PositiveSmallIntegerField(_("connections at once"), default=8)
    created_at = models.DateTimeField(_("registered"))
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("HL7 sender")
        verbose_name_plural = _("HL7 senders")
        constraints = [
            # A sender that nobody can tell from another one may send nothing.
            models.CheckConstraint(
                condition=Q(active=False) | ~Q(networks=[]) | ~Q(certificates=[]), name="hl7_sender_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Origin(models.TextChoices):
    MLLP = "mllp", _("received")
    CORRECTION = "correction", _("corrected by staff")


class Hl7Message(models.Model):
    """A message, byte for byte. Nobody changes it: a correction is another row beside it. phi: direct."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sender = models.ForeignKey(Hl7Sender, models.PROTECT, db_index=False, verbose_name=_("sender"))
    control_id = models.CharField(_("control id"), max_length=199, blank=True)
    kind = models.CharField(_("type"), max_length=40, blank=True)
    sha256 = models.BinaryField()
    body = models.BinaryField()
    critical = models.BooleanField(_("critical"), default=False)
    # Its control id came before with another body.
    reused = models.BooleanField(default=False)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices, default=Origin.MLLP)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, db_index=False, related_name="corrections"
    )
    received_at = models.DateTimeField(_("received"))
    recorded_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("HL7 message")
        verbose_name_plural = _("HL7 messages")
        constraints = [
            # The first body under a control id is the one that has an effect. Also how repeats are found.
            models.UniqueConstraint(
                fields=["sender", "control_id"], name="hl7_message_control_id",
                condition=Q(origin="mllp", reused=False) & ~Q(control_id=""),
            ),
            # The same body again is the same message, whatever became of it.
            models.UniqueConstraint(
                fields=["sender", "control_id", "sha256"], name="hl7_message_once",
                condition=Q(origin="mllp"),
            ),
            # Staff correct a message; what was received corrects nothing.
            models.CheckConstraint(
                condition=Q(origin="mllp", corrects__isnull=True)
                | Q(origin="correction", corrects__isnull=False),
                name="hl7_message_origin",
            ),
        ]  # fmt: skip
        indexes = [
            # The corrections of one message.
            models.Index(
                fields=["corrects"], name="hl7_message_corrects", condition=Q(corrects__isnull=False)
            ),
            # How much came lately, and when the last one.
            models.Index(fields=["received_at"], name="hl7_message_received"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Hl7Outcome(models.Model):
    """What one reading of a message led to: the newest row is its standing. phi: indirect."""

    message = models.ForeignKey(Hl7Message, models.PROTECT, db_index=False)
    # filed: every report went to the laboratory reports. partly: some did. failed: none could be filed.
    outcome = models.CharField(_("outcome"), max_length=12)
    report_ids = ArrayField(models.UUIDField(), default=list)
    quarantined = models.PositiveIntegerField(_("observations set aside"), default=0)
    read_at = models.DateTimeField(_("read"))

    class Meta:
        verbose_name = _("HL7 outcome")
        verbose_name_plural = _("HL7 outcomes")
        indexes = [
            # What became of one message, newest last.
            models.Index(fields=["message", "id"], name="hl7_outcome_of"),
        ]

    def __str__(self) -> str:
        return self.outcome


class QuarantineState(models.TextChoices):
    OPEN = "open", _("waits for a person")
    REPLAYED = "replayed", _("read again")
    CORRECTED = "corrected", _("corrected and read")
    SETTLED = "settled", _("settled without reading")


class Hl7Quarantine(models.Model):
    """A message that waits for a person, and why. phi: indirect."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(Hl7Message, models.PROTECT, db_index=False)
    reason = models.CharField(_("reason"), max_length=60)
    state = models.CharField(
        _("state"), max_length=12, choices=QuarantineState.choices, default=QuarantineState.OPEN
    )
    opened_at = models.DateTimeField(_("since"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.UUIDField(null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("HL7 message set aside")
        verbose_name_plural = _("HL7 messages set aside")
        constraints = [
            # One open question per message: a repeat of the message or a replay that fails asks it no twice.
            models.UniqueConstraint(
                fields=["message"], name="hl7_quarantine_open_once", condition=Q(state="open")
            ),
        ]
        indexes = [
            # What became of one message.
            models.Index(fields=["message", "opened_at"], name="hl7_quarantine_of"),
        ]

    def __str__(self) -> str:
        return self.reason
