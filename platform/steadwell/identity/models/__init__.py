"""Tables of identity. What a system said is never changed; whom we believe it is about opens and closes."""

from __future__ import annotations

from steadwell.identity.models.finding import NameWord, SearchKey
from steadwell.identity.models.people import Link, MatchReview, Method, Person, PersonLink
from steadwell.identity.models.records import RecordIdentifier, SourceRecord, SourceRecordVersion

__all__ = [
    "Link",
    "MatchReview",
    "Method",
    "NameWord",
    "Person",
    "PersonLink",
    "RecordIdentifier",
    "SearchKey",
    "SourceRecord",
    "SourceRecordVersion",
]
