"""Tables of access: who is registered, and what tokens are out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id

MEDICINE_SOURCES = [
    ("ehr-a", _("first record system")),
    ("ehr-b", _("second record system")),
    ("pharmacy", _("pharmacy")),
]


class Client(models.Model):
    """A system or app that may call the API. phi: none"""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client_id = models.CharField(_("client id"), max_length=100, db_collation="C")
    name = models.CharField(_("name"), max_length=200)
    # What the most permissive of its tokens may say: a token never holds more.
    scopes = models.TextField(_("scopes"), blank=True)
    per_minute = models.PositiveIntegerField(_("requests per minute"), default=600)
    site_id = models.UUIDField(
        _("site"), null=True, blank=True, help_text=_("Where results that it sends belong.")
    )
    # Medicines and allergies that it sends are this one's word: one of medications' sources.
    medicine_source = models.CharField(
        _("source of medicines"), max_length=12, choices=MEDICINE_SOURCES, default="ehr-a",
        db_default="ehr-a",
    )  # fmt: skip
    active = models.BooleanField(_("active"), default=True)
    registered_at = models.DateTimeField(_("registered"))
    registered_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("FHIR client")
        verbose_name_plural = _("FHIR clients")
        constraints = [
            # A client id names one client.
            models.UniqueConstraint(fields=["client_id"], name="fhir_client_once"),
        ]

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """A bearer token that is out. phi: indirect

    Only its SHA-256 is kept: 256 random bits need no slow hash.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.BinaryField(max_length=32)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_index=False)
    user_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    scopes = models.TextField()
    fhir_user = models.CharField(max_length=120, blank=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        constraints = [
            # A token is one grant. Also the look-up of every request.
            models.UniqueConstraint(fields=["token_hash"], name="fhir_token_once"),
            # A token that never lived is none.
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("issued_at")), name="fhir_token_lives"
            ),
        ]
        indexes = [
            # A client's or a patient's tokens, to end them.
            models.Index(fields=["client", "expires_at"], name="fhir_token_client"),
            # The same.
            models.Index(
                fields=["person_id"], name="fhir_token_person", condition=models.Q(person_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ClientWindow(models.Model):
    """How many requests a client has made in its present minute: one row each. phi: none"""

    client_id = models.CharField(max_length=100, primary_key=True)
    started_at = models.DateTimeField()
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.client_id
