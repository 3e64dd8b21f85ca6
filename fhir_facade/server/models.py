"""Documents: what other systems wrote here over the API, as they wrote it, in versions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from steadwell.history.models import Version
from steadwell.ids import new_id


class Document(models.Model):
    """A resource as an external system wrote it, in its newest version. phi: direct

    Two kinds. Of a type that no app of ours owns the document is the resource. Of one that an app owns
    (``beside``), it keeps what the app has no column for: ``body`` is what was said, ``mapped`` what the app
    made of it at that moment (see beside.py). ``body`` is JSON as text: digits are never read as a number.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    type = models.CharField(max_length=40, db_collation="C")
    version = models.PositiveIntegerField()
    deleted = models.BooleanField(default=False)
    beside = models.BooleanField(default=False)
    person_id = models.UUIDField(null=True)  # whose compartment it is in
    written_at = models.DateTimeField()
    client_id = models.CharField(max_length=100)
    body = models.TextField()
    mapped = models.TextField(blank=True)

    class Meta:
        indexes = [
            # A patient's documents of a type, newest first.
            models.Index(
                fields=["person_id", "type", "-id"],
                name="fhir_document_of_person",
                condition=Q(deleted=False, beside=False),
            ),
            # All of a type, newest first.
            models.Index(
                fields=["type", "-id"], name="fhir_document_of_type", condition=Q(deleted=False, beside=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DocumentVersion(Version):
    """A version of a document: created, updated, patched or deleted, by whom. Append-only. phi: direct"""

    type = models.CharField(max_length=40)
    method = models.CharField(max_length=6)  # POST, PUT, PATCH or DELETE
    person_id = models.UUIDField(null=True)
    client_id = models.CharField(max_length=100)
    body = models.TextField(blank=True)

    class Meta(Version.Meta):
        abstract = False
        indexes = [
            # The history of a type, newest first.
            models.Index(fields=["type", "-recorded_at", "-id"], name="fhir_version_of_type"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class SearchValue(models.Model):
    """One value by which a document is found, of its newest version. phi: direct

    Which columns are filled depends on the parameter's type: system and code of a token, ``folded`` and
    ``exact`` of a string (``exact`` of a uri), low and high of a date (high is exclusive), the target of a
    reference, number and UCUM code of a quantity.
    """

    document = models.ForeignKey(Document, models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40, db_collation="C")
    param = models.CharField(max_length=60, db_collation="C")
    system = models.CharField(max_length=300, blank=True, db_collation="C")
    code = models.CharField(max_length=300, blank=True, db_collation="C")
    folded = models.CharField(max_length=300, blank=True, db_collation="C")
    exact = models.CharField(max_length=300, blank=True, db_collation="C")
    low = models.DateTimeField(null=True)
    high = models.DateTimeField(null=True)
    target_type = models.CharField(max_length=40, blank=True, db_collation="C")
    target_id = models.CharField(max_length=64, blank=True, db_collation="C")
    number = models.DecimalField(max_digits=60, decimal_places=30, null=True)
    unit = models.CharField(max_length=60, blank=True, db_collation="C")

    class Meta:
        indexes = [
            # Of one document: conditions on a patient's documents, and replacing them with the next version.
            models.Index(fields=["document", "param"], name="fhir_value_of_document"),
            # Found by a code or an identifier.
            models.Index(fields=["type", "param", "code"], name="fhir_value_code", condition=~Q(code="")),
            # Found by the beginning of a name.
            models.Index(fields=["type", "param", "folded"], name="fhir_value_text", condition=~Q(folded="")),
            # What points at something: reverse includes, chains, _has.
            models.Index(
                fields=["target_type", "target_id", "type", "param"],
                name="fhir_value_target",
                condition=~Q(target_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type}.{self.param}"


class ConditionClaim(models.Model):
    """That somebody writes under a condition (If-None-Exist, PUT ?identifier=…): one row per type and
    condition, and per type and identifier. phi: none (a digest)

    Two writers under the same condition take the same row one after the other, so the second one sees what
    the first one made.
    """

    type = models.CharField(max_length=40)
    digest = models.BinaryField(max_length=32)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            # One condition is one row: that is what makes them wait for each other.
            models.UniqueConstraint(fields=["type", "digest"], name="fhir_condition_once"),
        ]

    def __str__(self) -> str:
        return self.type
