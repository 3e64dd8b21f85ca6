"""Tables of subscriptions: who wants to be told of what, what happened for them, and whom we are calling."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fhir_facade.smart.models import Client
from steadwell.ids import new_id

# What happens is noted for these: of one that is greeted (again), it is sent once the greeting was answered.
HEARS = ("requested", "active")


class Subscription(models.Model):
    """What a client wants to be told of, with the rights it asked with. phi: indirect (whose app it is)

    ``number`` is that of its last event. ``turn`` counts the promises to send: the outbox holds the present
    one as long as ``promised`` says so, and an older one does nothing any more.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("waits for its handshake")
        ACTIVE = "active", _("active")
        ERROR = "error", _("given up")
        OFF = "off", _("off")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="+", db_index=False)
    approval_id = models.UUIDField(null=True)
    token_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    scopes = models.TextField()
    base = models.CharField(max_length=300)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    body = models.TextField()  # as it was written, without its status and its headers
    criteria = models.TextField()
    by_topic = models.BooleanField()
    topics = ArrayField(models.CharField(max_length=40))
    queries = models.JSONField(default=list)  # [type, search]: one of those of the focus' type must match
    content = models.CharField(max_length=13)
    payload = models.CharField(max_length=60, blank=True)
    endpoint = models.TextField()
    receiver = models.CharField(max_length=280)  # scheme, host and port of the endpoint
    headers = models.TextField(blank=True)  # sealed: they hold the receiver's secrets
    heartbeat = models.PositiveIntegerField(null=True)  # seconds
    timeout = models.PositiveSmallIntegerField()  # seconds
    ends_at = models.DateTimeField(_("ends"), null=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.REQUESTED)
    cause = models.CharField(_("cause"), max_length=40, blank=True)
    handshake_id = models.UUIDField(default=new_id)  # new with each activation
    number = models.PositiveBigIntegerField(default=0)
    turn = models.PositiveBigIntegerField(default=0)
    promised = models.BooleanField(default=False)
    failures = models.PositiveSmallIntegerField(default=0)
    heartbeat_due = models.BooleanField(default=False)
    reached_at = models.DateTimeField(_("last reached"), null=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        indexes = [
            # A client's own, and how many it has.
            models.Index(fields=["client", "person_id"], name="fhir_subscription_of_client"),
            # Something happened to a patient: which of that patient's apps are told.
            models.Index(
                fields=["person_id"],
                name="fhir_subscription_of_person",
                condition=Q(state__in=HEARS, person_id__isnull=False),
            ),
            # The same, for systems and staff: few, and each is asked.
            models.Index(
                fields=["id"],
                name="fhir_subscription_of_systems",
                condition=Q(state__in=HEARS, person_id__isnull=True),
            ),
            # What hangs on an approval ends with it.
            models.Index(
                fields=["approval_id"],
                name="fhir_subscription_approval",
                condition=Q(approval_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SubscriptionEvent(models.Model):
    """One thing that happened, for one subscription. phi: direct (the resource, where it is sent whole)

    It gets its number once it is known that the client may hear of it; ``body`` is the notification, byte for
    byte as it is sent each time.
    """

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="+", db_index=False)
    told = models.BigIntegerField()  # the delivery that told of it
    topic = models.CharField(max_length=40)
    focus_id = models.UUIDField()
    focus_type = models.CharField(max_length=40, blank=True)
    person_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    number = models.PositiveBigIntegerField(null=True)
    bundle_id = models.UUIDField(default=new_id)
    body = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A number is one event's. With the subscription's row lock: 1, 2, 3, without a gap.
            models.UniqueConstraint(fields=["subscription", "number"], name="fhir_subscription_event_number"),
            # What was told once is one event, also when it is told again.
            models.UniqueConstraint(fields=["subscription", "told"], name="fhir_subscription_event_once"),
            # Nothing leaves without its number.
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(number__isnull=False),
                name="fhir_subscription_sent_has_number",
            ),
        ]
        indexes = [
            # What is still to be sent, in order.
            models.Index(
                fields=["subscription", "id"],
                name="fhir_subscription_unsent",
                condition=Q(sent_at__isnull=True),
            ),
            # What is too old to be asked for again.
            models.Index(fields=["occurred_at"], name="fhir_subscription_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.number}"


class ReceiverPlace(models.Model):
    """One of the few calls that one receiver may have at a time. phi: none"""

    receiver = models.CharField(max_length=280)
    number = models.PositiveSmallIntegerField()
    held_by = models.UUIDField(null=True)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            # A place is taken once: a receiver that hangs holds this many of our hands and no more.
            models.UniqueConstraint(fields=["receiver", "number"], name="fhir_receiver_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} {self.number}"
