"""Forms offered to patients: one row each, with every step it took."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fhir_facade.server.models import Document
from steadwell.history.models import Version
from steadwell.ids import new_id


class OfferState(models.TextChoices):
    OFFERED = "offered"  # the patient has to fill it in, or to look at it again
    SENT = "sent"  # a clinician has to read it
    SEEN = "seen"
    WITHDRAWN = "withdrawn"


class FormOffer(models.Model):
    """A form that a clinic asks a patient to fill in. phi: direct

    ``response`` is what was answered, in its newest version; ``words`` what the clinic asked when it wanted
    the form to be looked at again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(default=1)
    person_id = models.UUIDField()
    site_id = models.UUIDField()
    form = models.ForeignKey(Document, models.PROTECT, related_name="+", db_index=False)
    response = models.ForeignKey(Document, models.PROTECT, related_name="+", null=True, db_index=False)
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.OFFERED)
    words = models.CharField(max_length=500, blank=True)
    offered_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # seen, or withdrawn

    class Meta:
        constraints = [
            # Nobody is asked the same form twice at a time.
            models.UniqueConstraint(
                fields=["person_id", "form"],
                name="fhir_form_once_at_a_time",
                condition=Q(ended_at__isnull=True),
            ),
            # The end of it and its state say the same.
            models.CheckConstraint(
                condition=Q(state__in=["offered", "sent"], ended_at__isnull=True)
                | Q(state__in=["seen", "withdrawn"], ended_at__isnull=False),
                name="fhir_form_end",
            ),
            # What was sent, and what was seen, is there.
            models.CheckConstraint(
                condition=Q(state__in=["offered", "withdrawn"])
                | Q(response__isnull=False, sent_at__isnull=False),
                name="fhir_form_has_answers",
            ),
        ]
        indexes = [
            # A patient's forms, newest first.
            models.Index(fields=["person_id", "-offered_at"], name="fhir_form_of_person"),
            # What waits to be read at a clinic, longest first, and how many.
            models.Index(
                fields=["site_id", "sent_at"], name="fhir_form_waiting", condition=Q(state="sent")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.pk)


class FormOfferVersion(Version):
    """A step of an offer: by whom, when, in which words, and which version of the answers it was about.
    Append-only. phi: direct
    """

    state = models.CharField(max_length=10)
    words = models.CharField(max_length=500, blank=True)
    response_version = models.PositiveIntegerField(null=True)

    class Meta(Version.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"
