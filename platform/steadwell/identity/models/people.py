"""Who we believe somebody is: opens and closes, and is never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from steadwell.identity.models.records import SourceRecord
from steadwell.ids import new_id


class Person(models.Model):
    """Who we believe somebody is. phi: direct (the newest words about them, for lists).

    ``current_id`` is the person this one is now: itself, or the one it was merged into. The words are a copy
    of the shown record's newest version, made in the transaction that adds it: names of 200 people are one
    query.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("record number"), max_length=12, db_collation="C")
    current_id = models.UUIDField(editable=False)
    shown_record_id = models.UUIDField(editable=False)
    created_at = models.DateTimeField(_("since"))
    family_name = models.CharField(_("family name"), max_length=120)
    given_name = models.CharField(_("given name"), max_length=120)
    birth_date = models.DateField(_("birth date"), null=True)
    sex = models.CharField(_("sex"), max_length=10)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    language = models.CharField(_("language"), max_length=10)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            # A clinic record number names one person for ever, also after a merge. Also the search by number.
            models.UniqueConstraint(fields=["number"], name="identity_number_once"),
        ]
        indexes = [
            # Everybody who is now this person; merges are few, so most people are not in it.
            models.Index(
                fields=["current_id"], name="identity_person_merged", condition=~Q(current_id=F("id"))
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Method(models.TextChoices):
    AUTOMATIC = "automatic", _("automatic")
    MANUAL = "manual", _("by a person")


class Link(models.Model):
    """That we believe a source record is about a person: since when, until when, by whom and why.

    phi: indirect. ``evidence`` holds codes and ids. A link opened by a person
    is only closed by a person (see linking.py).
    """

    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    method = models.CharField(_("how"), max_length=10, choices=Method)
    evidence = models.JSONField(default=dict)
    weight = models.FloatField(default=0)
    opened_at = models.DateTimeField()
    opened_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("link")
        constraints = [
            # A record is about one person at a time.
            models.UniqueConstraint(
                fields=["record"], name="identity_link_one_open", condition=Q(closed_at__isnull=True)
            ),
            # A link does not end before it began.
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="identity_link_time",
            ),
            # A decision by a person names the person.
            models.CheckConstraint(
                condition=Q(method="automatic") | Q(opened_by__isnull=False), name="identity_link_manual_by"
            ),
        ]
        indexes = [
            # The records of a person, now and as it was known.
            models.Index(fields=["person", "opened_at"], name="identity_link_of_person"),
            # Whom a record was about at a moment.
            models.Index(fields=["record", "opened_at"], name="identity_link_of_record"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PersonLink(models.Model):
    """A merge: that one person is the same as another, from and until (FHIR's replaced-by). phi: indirect.

    Always between two persons that stand for themselves, so that the open rows form a forest and
    ``current_id`` is its root. An un-merge closes the row; nothing else ever moved.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    replaced_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    close_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("merge")
        constraints = [
            # A person is replaced by one person at a time.
            models.UniqueConstraint(
                fields=["person"], name="identity_merge_one_open", condition=Q(closed_at__isnull=True)
            ),
            # Nobody replaces themselves.
            models.CheckConstraint(condition=~Q(person=F("replaced_by")), name="identity_merge_other"),
        ]
        indexes = [
            # The persons that were merged into this one.
            models.Index(
                fields=["replaced_by"], name="identity_merge_into", condition=Q(closed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class MatchReview(models.Model):
    """A record whose person is not certain waits here for a person's decision. phi: indirect (ids and
    codes).
    """

    class State(models.TextChoices):
        OPEN = "open", _("waiting")
        SAME = "same", _("same person")
        NEW = "new", _("another person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Whom the record stands for meanwhile: a person of its own.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    candidates = models.JSONField(_("may be"))
    state = models.CharField(_("state"), max_length=5, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("since"))
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.UUIDField(null=True)
    decided_person_id = models.UUIDField(null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("match to review")
        verbose_name_plural = _("matches to review")
        constraints = [
            # A record waits once.
            models.UniqueConstraint(
                fields=["record"], name="identity_review_once", condition=Q(state="open")
            ),
            # A decision names who took it.
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True)
                | (~Q(state="open") & Q(decided_by__isnull=False)),
                name="identity_review_decider",
            ),
        ]
        indexes = [
            # The queue, oldest first.
            models.Index(fields=["opened_at"], name="identity_review_queue", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return str(self.pk)
