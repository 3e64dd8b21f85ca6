"""Provisions of consents as rows: what a search joins to leave out what was denied."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fhir_facade.server.models import Document


class ConsentRule(models.Model):
    """One combination of a provision's client, type and code, of a consent that is active. phi: indirect

    Made anew with each version of the consent (the document, which keeps all versions), in its transaction.
    A denial with number n is lifted by permissions whose ``parent`` is n.
    """

    class Effect(models.TextChoices):
        DENY = "deny"
        PERMIT = "permit"

    consent = models.ForeignKey(Document, models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    parent = models.PositiveSmallIntegerField(null=True)
    effect = models.CharField(max_length=6, choices=Effect)
    person_id = models.UUIDField()
    client_id = models.CharField(max_length=100, blank=True, db_collation="C")  # empty: every client
    type = models.CharField(max_length=40, db_collation="C")  # * is every type
    system = models.CharField(max_length=300, blank=True, db_collation="C")  # empty: whatever system
    code = models.CharField(max_length=300, blank=True, db_collation="C")  # empty: all of the type
    from_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A permission is an exception to a denial, and a denial stands by itself.
            models.CheckConstraint(
                condition=Q(effect="deny", parent__isnull=True) | Q(effect="permit", parent__isnull=False),
                name="fhir_consent_rule_kind",
            ),
        ]
        indexes = [
            # What is denied about a patient: asked for each row that is read.
            models.Index(fields=["person_id"], name="fhir_consent_denied", condition=Q(effect="deny")),
            # Whether anything at all is kept back from a client: asked for each request.
            models.Index(fields=["client_id"], name="fhir_consent_client", condition=Q(effect="deny")),
            # A denial's exceptions, and a consent's rules, to make them anew.
            models.Index(fields=["consent", "parent"], name="fhir_consent_exceptions"),
        ]

    def __str__(self) -> str:
        return f"{self.effect} {self.type}"
