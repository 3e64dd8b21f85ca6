"""Persons as relations: whom one actor may see, for searches (ADR 0150). The caller records the read."""

from __future__ import annotations

from steadwell.actor import Actor
from steadwell.identity import access, spelling
from steadwell.relations import Sql

# ``version`` counts all that was ever said of the person, so it only grows, whichever record is shown.
# A merged person keeps its row and id: ``current_id`` says who it is now.
_PERSONS = """
SELECT p.id, p.current_id, p.number,
  (SELECT count(*) + count(DISTINCT l.id) FILTER (WHERE l.closed_at IS NOT NULL)
   FROM identity_link l JOIN identity_sourcerecordversion w ON w.entity_id = l.record_id
   WHERE l.person_id = p.id) AS version, v.recorded_at AS changed_at, v.family_name, v.given_name,
  v.middle_name, v.suffix, v.former_names, v.birth_date, v.sex, v.phone, v.email, v.language, v.address,
  ARRAY(SELECT o.id FROM identity_person o WHERE o.current_id = p.id AND o.current_id <> o.id ORDER BY o.id)
  AS replaces,
  (SELECT coalesce(jsonb_agg(jsonb_build_array(i.system, i.type, i.value) ORDER BY i.id), '[]')
   FROM identity_link l JOIN identity_recordidentifier i ON i.record_id = l.record_id
   WHERE l.person_id = p.id AND l.closed_at IS NULL) AS identifiers
FROM identity_person p
JOIN LATERAL (
  SELECT * FROM identity_sourcerecordversion w WHERE w.entity_id = p.shown_record_id
  ORDER BY w.version DESC LIMIT 1
) v ON true"""


def describe_person_rows(*, actor: Actor) -> Sql:
    """Everybody whom the actor may see, as they are known now."""
    if access.may_see_everyone(actor):
        return Sql(f"{_PERSONS} WHERE true")
    own = sorted({each for person in access.own_ids(actor) for each in actor.ids_of(person)})
    return Sql(f"{_PERSONS} WHERE p.id = ANY (%s)", (own,))


def describe_same_rows() -> Sql:
    """Every person's id with the id of whom they are now: two ids with the same are one patient. Nothing
    else of them, so for whoever.
    """
    return Sql("SELECT p.id, p.current_id FROM identity_person p")


def describe_name_rows() -> Sql:
    """Person, family and given name as they are searched: folded, a row per ending of their words. To be
    joined with the persons whom the actor may see.
    """
    return Sql("SELECT k.person_id, k.family, k.given, k.phone FROM identity_searchkey k")


def describe_identifier_rows() -> Sql:
    """Person, system, type and value of each identifier, and ``plain``, which carries the index."""
    return Sql(
        "SELECT l.person_id, i.system, i.type, i.value, i.plain FROM identity_recordidentifier i"
        " JOIN identity_link l ON l.record_id = i.record_id AND l.closed_at IS NULL"
    )


def folded_name(text: str) -> str:
    """A name, or its beginning, as the rows of names hold it."""
    return " ".join(spelling.words(text))
