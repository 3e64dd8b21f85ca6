"""Messages: what people are told, by which channel, and how that went."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


class Channel(models.TextChoices):
    IN_APP = "in-app", _("in the portal")
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("text message")
    PUSH = "push", _("notice on a device")
    VOICE = "voice", _("call by staff")


class MessageState(models.TextChoices):
    DUE = "due", _("due")
    CLAIMED = "claimed", _("claimed by a worker")
    HANDED = "handed", _("handed over")
    ACCEPTED = "accepted", _("accepted by the provider")
    DELIVERED = "delivered", _("delivered")
    READ = "read", _("read")
    FAILED = "failed", _("failed")
    EXPIRED = "expired", _("expired")
    SUPERSEDED = "superseded", _("superseded")
    UNCERTAIN = "uncertain", _("may have been taken, being asked about")


def new_token() -> str:
    """128 random bits: an address that says nothing and cannot be guessed."""
    return secrets.token_urlsafe(16)


class Message(models.Model):
    """One thing a person is told, by one channel, to one reader, with its life. phi: direct (an address).

    The in-app row is the notice itself; the rows of the other channels point to it. Each state has the time
    at which it was reached; every step besides is an ``Attempt``. ``params`` are times, zones and places,
    no clinical words and no names (templates.py has no variable for them). ``reader_id`` is the user who
    reads it, none for the notice and for a patient without an account.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=200)
    notice = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.CharField(max_length=32, null=True)
    # None for an alert to staff, which is about no patient as far as this table knows.
    person_id = models.UUIDField(_("patient"), null=True)
    reader_id = models.UUIDField(_("reader"), null=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    template = models.CharField(_("template"), max_length=60)
    template_version = models.PositiveSmallIntegerField()
    params = models.JSONField(default=dict)
    calendar = models.TextField(blank=True)
    language = models.CharField(_("language"), max_length=10)
    urgency = models.CharField(_("urgency"), max_length=10)
    about = models.UUIDField(_("about"), null=True)
    # Said to the patient alone: for those who act for them it is not there, not even as a number.
    only_patient = models.BooleanField(default=False, db_default=False)
    # Whose staff may see that it did not arrive; none: managers and administrators only.
    site_id = models.UUIDField(_("site"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=MessageState)
    told_at = models.DateTimeField(_("told"))
    # Quiet hours and schedules: no attempt before this. None: at once.
    not_before = models.DateTimeField(_("not before"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    handed_at = models.DateTimeField(_("handed over"), null=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    read_at = models.DateTimeField(_("read"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    cause = models.CharField(_("cause"), max_length=60, blank=True)
    provider = models.CharField(_("provider"), max_length=60, blank=True)
    # The provider's own name for it: by this its call-backs and answers find the message.
    provider_ref = models.CharField(_("provider's reference"), max_length=120, blank=True, db_default="")
    uncertain_at = models.DateTimeField(_("uncertain since"), null=True)
    # What was said by another channel first, unread or undelivered, and led to this one.
    fallback_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("in place of"),
    )  # fmt: skip
    uncertain = models.BooleanField(_("may have gone out twice"), default=False)
    address = models.CharField(_("address"), max_length=254, blank=True)
    settled_at = models.DateTimeField(_("settled by staff"), null=True)
    settled_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            # One telling is one message per channel and reader, however often and by however many it is
            # repeated.
            models.UniqueConstraint(
                fields=["key", "channel", "reader_id"], name="notifications_told_once", nulls_distinct=False
            ),
            # The address of a notice in the portal.
            models.UniqueConstraint(fields=["token"], name="notifications_token_once"),
            # A notice has an address in the portal, and is not carried by another notice.
            models.CheckConstraint(
                condition=Q(channel="in-app", token__isnull=False, notice__isnull=True)
                | (~Q(channel="in-app") & Q(token__isnull=True)),
                name="notifications_notice_has_token",
            ),
            # A message is for a patient's readers, or for one member of staff.
            models.CheckConstraint(
                condition=Q(person_id__isnull=False) | (Q(reader_id__isnull=False) & ~Q(channel="in-app")),
                name="notifications_for_somebody",
            ),
        ]
        indexes = [
            # A person's inbox, newest first, and its unread count.
            models.Index(
                fields=["person_id", "-id"],
                name="notifications_inbox",
                condition=Q(channel="in-app") & ~Q(state="superseded"),
            ),
            # What a newer message about the same thing takes the place of.
            models.Index(
                fields=["about"],
                name="notifications_about",
                condition=Q(state__in=["due", "claimed", "handed", "delivered"]),
            ),
            # What carries a notice: reading it is reading all of them.
            models.Index(
                fields=["notice"], name="notifications_of_notice", condition=Q(notice__isnull=False)
            ),
            # A provider's call-back finds its message.
            models.Index(
                fields=["provider", "provider_ref"],
                name="notifications_by_reference",
                condition=~Q(provider_ref=""),
            ),
            # What its provider has to be asked about, oldest first.
            models.Index(
                fields=["uncertain_at"], name="notifications_uncertain", condition=Q(state="uncertain")
            ),
            # What did not arrive and nobody has dealt with yet.
            models.Index(
                fields=["-ended_at"],
                name="notifications_untold",
                condition=Q(state="failed", settled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Attempt(models.Model):
    """One step of carrying a message: an attempt began, how it ended, what its provider said of it later.
    Append-only. phi: none.
    """

    class Step(models.TextChoices):
        BEGAN = "began", _("began")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        UNREACHED = "unreached", _("not reached")
        UNSURE = "unsure", _("may have been taken")
        ASKED = "asked", _("its provider was asked about it")
        DELIVERED = "delivered", _("delivered, says the provider")
        READ = "read", _("read")
        BOUNCED = "bounced", _("not delivered, says the provider")
        COMPLAINED = "complained", _("its reader called it unwanted")
        EXPIRED = "expired", _("too late")
        REPLAYED = "replayed", _("sent again by staff")

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField(_("attempt"))
    step = models.CharField(_("step"), max_length=10, choices=Step)
    provider = models.CharField(_("provider"), max_length=60)
    cause = models.CharField(_("cause"), max_length=60, blank=True)
    # An earlier attempt began its call and its end is not known: this one may repeat it.
    uncertain = models.BooleanField(_("may repeat an earlier one"), default=False)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [
            # The attempts of one message, in order.
            models.Index(fields=["message", "id"], name="notifications_attempts"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.number}"


class Reading(models.Model):
    """That one user has read a notice. Patient and proxy each have their own. phi: indirect."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+", db_index=False)
    user_id = models.UUIDField()
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Read once per reader; also the look-up of the unread count.
            models.UniqueConstraint(fields=["message", "user_id"], name="notifications_read_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DemoMail(models.Model):
    """An e-mail or a text message of the demonstration, as its reader would have got it.

    phi: direct. No such row exists outside of the demonstration.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL, db_default="email")
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    calendar = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            # A message lies in the mailbox once, whatever happened to the worker that put it there.
            models.UniqueConstraint(fields=["message"], name="notifications_demo_mail_once"),
        ]
        indexes = [
            # One person's mail, newest first.
            models.Index(fields=["address", "-id"], name="notifications_demo_mailbox"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
