"""What one system said about one person; never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from steadwell.history.models import Version
from steadwell.ids import new_id


class SourceRecord(models.Model):
    """That one system holds a record, under its own id. phi: indirect. Its words are SourceRecordVersion
    rows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.CharField(_("system"), max_length=60)
    external_id = models.CharField(_("its id there"), max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("source record")
        constraints = [
            # The same record coming in twice, or twice at once, is one record.
            models.UniqueConstraint(fields=["source", "external_id"], name="identity_record_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SourceRecordVersion(Version):
    """What one system said about one person, in one version. Append-only. phi: direct.

    ``entity_id`` is the SourceRecord; ``source`` of the base is the system. Identifiers are kept as they
    were said.
    """

    family_name = models.CharField(max_length=120, blank=True)
    given_name = models.CharField(max_length=120, blank=True)
    middle_name = models.CharField(max_length=120, blank=True)
    suffix = models.CharField(max_length=20, blank=True)
    former_names = models.JSONField(default=list)
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=10)
    phone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10)
    address = models.JSONField(null=True)
    identifiers = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class RecordIdentifier(models.Model):
    """An identifier a record's newest version carries: the index by which equal ones are found. phi: direct.

    History is in the versions; a row here goes when its record no longer says it.
    """

    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    system = models.CharField(max_length=200)
    type = models.CharField(max_length=20)
    value = models.CharField(max_length=200)
    plain = models.CharField(max_length=200, db_collation="C")
    # False for what says nothing (000-00-0000): kept and shown, never a reason to link.
    counts = models.BooleanField()

    class Meta:
        constraints = [
            # One record says one thing once. Also finds a record's own identifiers.
            models.UniqueConstraint(
                fields=["record", "system", "type", "plain"], name="identity_identifier_once"
            ),
        ]
        indexes = [
            # Records with the same identifier, and the search by any system's number.
            models.Index(fields=["plain", "system", "type"], name="identity_identifier_plain"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
