"""By what people are found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from steadwell.identity.models.people import Person
from steadwell.identity.models.records import SourceRecord


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
