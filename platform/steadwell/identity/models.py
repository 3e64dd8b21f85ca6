"""Tables of identity. What a system said is never changed; whom we believe it is about opens and closes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from steadwell.history.models import Version
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


class SearchKey(models.Model):
    """One way to find a person: a folded family and given name, with birth date and telephone. phi: direct.

    Made with the record's version in one transaction; a name of several words has a row per ending of its
    words (spelling.search_rows). Collation C, so that a prefix is a range of the plain B-tree.
    """

    record = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    family = models.CharField(max_length=120, db_collation="C")
    given = models.CharField(max_length=120, db_collation="C")
    birth_date = models.DateField(null=True)
    # Reversed digits: the last seven, or all ten, are a prefix.
    phone = models.CharField(max_length=20, db_collation="C", blank=True)

    class Meta:
        indexes = [
            # Prefixes of a family name, and of a given name within it.
            models.Index(fields=["family", "given"], name="identity_search_family"),
            # The same the other way round: a rare given name with a common family name.
            models.Index(fields=["given", "family"], name="identity_search_given"),
            # Who was born that day; and the built-in rule of candidates.py.
            models.Index(fields=["birth_date", "family"], name="identity_search_birth"),
            # The last digits of a telephone.
            models.Index(fields=["phone"], name="identity_search_phone", condition=~Q(phone="")),
            # Rows of a record, to replace them with its next version.
            models.Index(fields=["record"], name="identity_search_record"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class NameWord(models.Model):
    """The dictionary of all words of names: what a mistyped word may have meant. phi: none (a word is
    nobody).

    ``variants`` are the word and what it becomes by losing one letter (spelling.shorter_by_one).
    """

    word = models.CharField(primary_key=True, max_length=60, db_collation="C")
    sound = models.CharField(max_length=12, db_collation="C", blank=True)
    variants = ArrayField(models.CharField(max_length=60))

    class Meta:
        indexes = [
            # Words that sound alike.
            models.Index(fields=["sound"], name="identity_word_sound"),
            # Words that share most of their trigrams: two typing errors in a long word.
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="identity_word_trigram"),
            # Words one letter away.
            GinIndex(fields=["variants"], name="identity_word_variants"),
        ]

    def __str__(self) -> str:
        return self.word
