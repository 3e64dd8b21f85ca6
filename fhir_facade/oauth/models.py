"""Tables of SMART App Launch: who is registered as what, and what was consented to until when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fhir_facade.smart.models import Client
from steadwell.ids import new_id


class Kind(models.TextChoices):
    PATIENT_APP = "patient-app", _("app for patients")
    STAFF_APP = "staff-app", _("app for staff, opened from here")
    SERVICE = "service", _("service without a person")


class ReviewState(models.TextChoices):
    WAITING = "waiting", _("waits for review")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")


class Registration(models.Model):
    """What a client said of itself, and what staff decided about it. phi: none

    The client answers to nobody before it is approved (``Client.active`` follows ``state``).
    """

    client = models.OneToOneField(Client, models.PROTECT, primary_key=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    purpose = models.TextField(_("what it is for, as patients read it"), max_length=600)
    publisher = models.CharField(_("publisher"), max_length=200)
    homepage = models.URLField(_("home page"), max_length=300, blank=True)
    contact = models.EmailField(_("contact"), blank=True)
    launch_url = models.URLField(
        _("launch address"), max_length=300, blank=True,
        help_text=_("Where the app is opened from a patient's page."),
    )  # fmt: skip
    jwks_url = models.URLField(_("address of its keys"), max_length=300, blank=True)
    jwks = models.JSONField(_("its public keys"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ReviewState, default=ReviewState.WAITING)
    asked_at = models.DateTimeField(_("asked"))
    reviewed_at = models.DateTimeField(_("reviewed"), null=True)
    reviewed_by = models.UUIDField(null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("registration of an app")
        verbose_name_plural = _("registrations of apps")
        constraints = [
            # A service proves itself by its keys and by nothing else.
            models.CheckConstraint(
                condition=~Q(kind="service") | ~Q(jwks_url="") | Q(jwks__isnull=False),
                name="fhir_service_has_keys",
            ),
            # A decision says when and why it was taken.
            models.CheckConstraint(
                condition=Q(state="waiting", reviewed_at__isnull=True)
                | (~Q(state="waiting") & Q(reviewed_at__isnull=False) & ~Q(reason="")),
                name="fhir_review_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Approval(models.Model):
    """That a person let an app in: for whom, to what, until when. phi: indirect

    Every code and token hangs on one; when it ends they are worth nothing, at the next request.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_index=False)
    user_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    scopes = models.TextField()
    fhir_user = models.CharField(max_length=120, blank=True)
    is_launch = models.BooleanField(default=False)  # opened from here: the app knows whose chart it shows
    encounter_id = models.UUIDField(null=True)
    approved_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("approval of an app")
        verbose_name_plural = _("approvals of apps")
        constraints = [
            # An approval that never held is none.
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("approved_at")), name="fhir_approval_lasts"
            ),
        ]
        indexes = [
            # A person's connected apps, newest first.
            models.Index(fields=["user_id", "-approved_at"], name="fhir_approval_of_user"),
            # A patient's, whoever let them in.
            models.Index(
                fields=["person_id", "-approved_at"],
                name="fhir_approval_of_person",
                condition=Q(person_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Binding(models.Model):
    """Which approval a code or a token hangs on. Only the SHA-256 of either is kept. phi: none

    ``used_at`` makes a code and a refresh token worth one use: whoever sets it first has it.
    """

    class Kind(models.TextChoices):
        CODE = "code"
        ACCESS = "access"
        REFRESH = "refresh"

    digest = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=7, choices=Kind)
    approval = models.ForeignKey(Approval, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A token hangs on one approval. Also the look-up of every request that carries one.
            models.UniqueConstraint(fields=["digest"], name="fhir_binding_once"),
        ]

    def __str__(self) -> str:
        return self.kind


class Launch(models.Model):
    """An app that is being opened from a patient's page: good once, for minutes. phi: indirect"""

    digest = models.BinaryField(max_length=32, primary_key=True)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_index=False)
    user_id = models.UUIDField()
    person_id = models.UUIDField()
    encounter_id = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.client_id)


class UsedAssertion(models.Model):
    """A signed assertion that was taken: the same one is refused until it would have run out. phi: none"""

    client_id = models.CharField(max_length=100)
    jti = models.CharField(max_length=255)
    expires_at = models.DateTimeField(db_index=True)  # what housekeeping may forget

    class Meta:
        constraints = [
            # A jti of a client counts once (RFC 7523, section 3).
            models.UniqueConstraint(fields=["client_id", "jti"], name="fhir_assertion_once"),
        ]

    def __str__(self) -> str:
        return self.client_id
