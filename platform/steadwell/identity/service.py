"""Patients: who somebody is, what each system said about them, and how to find them.

Ids are for ever. A merge or an un-merge never changes them: ``current_person`` says whom an id means now, and
``person_ids_of`` which ids mean the same person.
"""

from __future__ import annotations

from steadwell.identity.bulk import load_people
from steadwell.identity.errors import AlreadyOne, NotMerged, ReviewDecided, StaleDemographics
from steadwell.identity.linking import relink
from steadwell.identity.merging import merge, unmerge
from steadwell.identity.ports import Matcher, bind_matcher, unbind_matcher
from steadwell.identity.queries import (
    as_known,
    current_person,
    get_detail,
    get_person,
    ids_for,
    ids_of_many,
    names,
    person_ids_of,
    same_person,
    same_sql,
)
from steadwell.identity.registering import register
from steadwell.identity.relating import (
    describe_identifier_rows,
    describe_name_rows,
    describe_person_rows,
    describe_same_rows,
    folded_name,
)
from steadwell.identity.repeats import standings_of_repeats
from steadwell.identity.reviews import decide_review, list_reviews
from steadwell.identity.searching import search
from steadwell.identity.selecting import select_people
from steadwell.identity.standings import confirm_record, find_standing, list_standings
from steadwell.identity.types import (
    Address,
    Candidate,
    Demographics,
    Identifier,
    IdentifierType,
    NewPerson,
    PersonDetail,
    PersonSummary,
    RecordSaid,
    RecordStanding,
    RecordView,
    Review,
    Selected,
    Sex,
)
from steadwell.identity.updating import update_demographics

__all__ = [
    "Address",
    "AlreadyOne",
    "Candidate",
    "Demographics",
    "Identifier",
    "IdentifierType",
    "Matcher",
    "NewPerson",
    "NotMerged",
    "PersonDetail",
    "PersonSummary",
    "RecordSaid",
    "RecordStanding",
    "RecordView",
    "Review",
    "ReviewDecided",
    "Selected",
    "Sex",
    "StaleDemographics",
    "as_known",
    "bind_matcher",
    "confirm_record",
    "current_person",
    "decide_review",
    "describe_identifier_rows",
    "describe_name_rows",
    "describe_person_rows",
    "describe_same_rows",
    "find_standing",
    "folded_name",
    "get_detail",
    "get_person",
    "ids_for",
    "ids_of_many",
    "list_reviews",
    "list_standings",
    "load_people",
    "merge",
    "names",
    "person_ids_of",
    "register",
    "relink",
    "same_person",
    "same_sql",
    "search",
    "select_people",
    "standings_of_repeats",
    "unbind_matcher",
    "unmerge",
    "update_demographics",
]
