"""The ledger's tables. They hold ids and codes only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class OutboxEvent(models.Model):
    """Something that happened and was told. phi: indirect (ids and codes)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("event"), max_length=120)
    payload = models.JSONField(_("ids"))
    occurred_at = models.DateTimeField(_("when"))
    # W3C trace context of the request that told it: worker and channel continue the same trace.
    traceparent = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class DueState(models.TextChoices):
    WAITING = "waiting", _("waiting for its time")
    FIRED = "fired", _("due, given to its queue")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired unsent")


class OutboxDue(models.Model):
    """Work with a due time: a reminder, an escalation. phi: indirect (ids and codes)."""

    kind = models.CharField(_("kind"), max_length=100)
    key = models.CharField(max_length=200)
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(_("useless after"), null=True)
    about = models.UUIDField(_("about"), null=True)
    payload = models.JSONField(_("ids"), default=dict)
    state = models.CharField(_("state"), max_length=12, choices=DueState.choices, default=DueState.WAITING)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    traceparent = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("due row")
        verbose_name_plural = _("due rows")
        constraints = [
            # The same promise is one row, however often it is made.
            models.UniqueConstraint(fields=["kind", "key"], name="outbox_due_once"),
        ]
        indexes = [
            # The poller: what is due now.
            models.Index(fields=["due_at"], name="outbox_due_waiting", condition=Q(state="waiting")),
            # A visit moved or was cancelled: take back what was promised about it.
            models.Index(
                fields=["about"],
                name="outbox_due_about",
                condition=Q(about__isnull=False, state__in=["waiting", "fired"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    HANDED = "handed", _("handed to its queue")
    RUNNING = "running", _("being worked on")
    DONE = "done", _("done")
    QUARANTINED = "quarantined", _("set aside")


class OutboxDelivery(models.Model):
    """One consumer's copy of an event, or the work of a due row. phi: none."""

    event = models.ForeignKey(OutboxEvent, models.CASCADE, null=True, db_index=False)
    due = models.ForeignKey(OutboxDue, models.CASCADE, null=True, db_index=False)
    consumer = models.CharField(_("consumer"), max_length=100)
    queue = models.CharField(_("queue"), max_length=60)
    state = models.CharField(
        _("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("since"))
    available_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    # Handed or running: after this the relay takes it back. The attempt's number is the fence of a late
    # finisher.
    lease_until = models.DateTimeField(null=True)
    # The outside call was begun and its end is not known.
    called = models.BooleanField(default=False)
    last_error = models.CharField(_("cause"), max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            # It is the work of exactly one: an event that was told, or a row that fell due.
            models.CheckConstraint(
                condition=Q(event__isnull=True, due__isnull=False) | Q(event__isnull=False, due__isnull=True),
                name="outbox_delivery_one_cause",
            ),
            # A consumer hears an event once. Also the index of the foreign key.
            models.UniqueConstraint(fields=["event", "consumer"], name="outbox_delivery_once"),
            # A due row fires once, however many pollers run.
            models.UniqueConstraint(
                fields=["due"], name="outbox_delivery_due_once", condition=Q(due__isnull=False)
            ),
        ]
        indexes = [
            # The relay: what waits, per queue, oldest first. Small however long the ledger grows.
            models.Index(
                fields=["queue", "available_at", "id"], name="outbox_waiting", condition=Q(state="waiting")
            ),
            # The relay's cap per queue, leases that ran out, and the oldest age.
            models.Index(
                fields=["queue", "available_at"],
                name="outbox_underway",
                condition=Q(state__in=["handed", "running"]),
            ),
            # Staff: what was set aside.
            models.Index(fields=["id"], name="outbox_quarantined", condition=Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} {self.pk}"


class RequestKey(models.Model):
    """The first answer to a request, so that its repeat gets the same. phi: none.

    The id is derived from who asked, the operation and their key; see ``requests.py``.
    """

    id = models.UUIDField(primary_key=True)
    operation = models.CharField(max_length=100)
    digest = models.BinaryField()
    result_id = models.UUIDField()
    claimed_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Housekeeping: what is too old to be repeated.
            models.Index(fields=["claimed_at"], name="outbox_requestkey_age"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.pk}"


class OutboxAudience(models.Model):
    """Whether anybody listens to a consumer that speaks for others. No row: somebody does. phi: none."""

    consumer = models.CharField(max_length=100, primary_key=True)
    rests = models.BooleanField()  # nobody does: nothing is delivered to it
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.consumer
