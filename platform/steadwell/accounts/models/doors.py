"""Browsers that are open, doors that are tried, and the letters that open them."""

from __future__ import annotations

from django.db import models

from steadwell.accounts.models.people import User
from steadwell.ids import new_id


class Session(models.Model):
    """A browser's visit, signed in or on its way there. phi: indirect (who was here, when, with what).

    The cookie's key is stored only as its SHA-256: reading this table opens no session.
    """

    key_digest = models.BinaryField(primary_key=True, max_length=32, editable=False)
    id = models.UUIDField(unique=True, default=new_id, editable=False)  # how a person names it to end it
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    data = models.TextField()
    device = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Clearing out what nobody will come back to.
            models.Index(name="accounts_session_seen", fields=["last_seen_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Throttle(models.Model):
    """How often a door was tried in the current window. phi: none (keys are keyed digests).

    One row per door and key, counted by a single upsert (see `throttle`), so that parallel tries all count.
    """

    pk = models.CompositePrimaryKey("door", "key")
    door = models.CharField(max_length=40)
    key = models.BinaryField(max_length=32)
    window_started_at = models.DateTimeField()
    used = models.IntegerField()

    class Meta:
        indexes = [
            # Clearing out windows that have passed.
            models.Index(name="accounts_throttle_window", fields=["window_started_at"]),
        ]

    def __str__(self) -> str:
        return self.door


class Letter(models.Model):
    """An e-mail of the doors on its way: a code, a link, a warning. phi: indirect (an address).

    What it says opens accounts, so it rests sealed, and is erased when the letter is sent (kept in the demo,
    whose mailbox shows it).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    address = models.EmailField()
    subject = models.CharField(max_length=200)
    sealed = models.TextField()
    created_at = models.DateTimeField()
    useful_until = models.DateTimeField(null=True)  # empty: as long as a code lives
    sent_at = models.DateTimeField(null=True)
    not_sent_because = models.CharField(
        max_length=60, blank=True, db_default=""
    )  # a code; sent_at: since when

    class Meta:
        indexes = [
            # Forgetting what was sent long ago.
            models.Index(name="accounts_letter_created", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)
