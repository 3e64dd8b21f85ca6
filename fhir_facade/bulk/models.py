"""Tables of exports: what was asked, how far it is, and the files."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from fhir_facade.smart.models import Client
from steadwell.ids import new_id


class Export(models.Model):
    """One export of one client. phi: indirect (which patients' group)

    ``place`` is where it goes on: the number of the type among ``types``, of its origin, and the last id.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_index=False)
    approval_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    scopes = models.TextField()
    request = models.TextField()  # the address that was called, for the manifest
    base = models.CharField(max_length=300)
    types = models.JSONField()
    persons = models.JSONField(null=True)  # none: everybody whom the client may read
    since = models.DateTimeField(null=True)
    filters = models.JSONField(default=list)
    elements = models.JSONField(default=list)
    state = models.CharField(_("state"), max_length=8, choices=State)
    place = models.JSONField(default=list)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    asked_at = models.DateTimeField(_("asked"))
    done_at = models.DateTimeField(_("done"), null=True)
    expires_at = models.DateTimeField(_("expires"))
    cause = models.CharField(_("cause"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            # A client's exports under way: how many it may have.
            models.Index(fields=["client", "state"], name="fhir_export_of_client"),
            # What has run out and is forgotten.
            models.Index(fields=["expires_at"], name="fhir_export_expires"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ExportFile(models.Model):
    """Some thousand resources of one type, one a line, gzipped. phi: direct"""

    export = models.ForeignKey(Export, models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    rows = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        constraints = [
            # A step that runs twice writes its file once. Also the look-up of a download.
            models.UniqueConstraint(fields=["export", "number"], name="fhir_export_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id} {self.number}"
