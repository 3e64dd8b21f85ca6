"""Statements, orders and allergies as relations: what one actor may see of them, for searches (ADR 0150).

The rules are those of access.py. Whoever reads from a relation records the read. A row is what one source
said; what of it is taken for true is the list's business (ADR 0136).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection

from medications import access, ports
from medications.types import StatementKind
from steadwell.actor import Actor, Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId
from steadwell.relations import FALSE, TRUE, Sql, every, some

MOST_SEEN: Final = 2_000
# What the source is, and where it belongs; the words are those of the version that counts.
_HEAD = """s.id, s.person_id, s.kind, s.source, s.system, s.external_id, s.site_id, s.practitioner_id"""
_WORDS = (
    "drug_text", "drug_name", "code_sent", "rxcui", "grade", "needs", "status", "status_word", "dosage_text",
    "amount_low", "amount_high", "amount_unit", "per_day", "as_needed", "started_on", "ended_on",
    "reason_text", "prescriber_name", "quantity_text", "refills_left", "said_at",
)  # fmt: skip
_ALLERGY_HEAD = "s.id, s.person_id, s.source, s.system, s.external_id, s.site_id"
_ALLERGY_WORDS = (
    "substance_text", "substance_name", "code_sent", "rxcui", "needs", "status", "status_word",
    "reaction_text", "severity", "said_at",
)  # fmt: skip


def _now(table: str, head: str, words: Iterable[str]) -> str:
    return f"SELECT {head}, s.version, s.changed_at, {_of('s', words)} FROM {table} s WHERE "  # noqa: S608


def _then(table: str, head: str, words: Iterable[str]) -> str:
    """Every version with its own words."""
    return (
        f"SELECT {head}, v.version, v.recorded_at AS changed_at, {_of('v', words)}"  # noqa: S608 - our names
        f" FROM {table}version v JOIN {table} s ON s.id = v.entity_id WHERE "
    )


def _of(alias: str, words: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{each}" for each in words)


_STATEMENTS = _now("medications_statement", _HEAD, _WORDS)
_STATEMENT_VERSIONS = _then("medications_statement", _HEAD, _WORDS)
_ALLERGIES = _now("medications_allergy", _ALLERGY_HEAD, _ALLERGY_WORDS)
_ALLERGY_VERSIONS = _then("medications_allergy", _ALLERGY_HEAD, _ALLERGY_WORDS)


def describe_statement_rows(*, actor: Actor, kinds: Iterable[StatementKind]) -> Sql:
    """What sources say in statements of these kinds, as each counts now; of the patients whose medicines the
    actor may read, whole or not at all.
    """
    return Sql(_STATEMENTS) + every([_of_kinds(kinds), _seen(actor)])


def describe_statement_version_rows(*, actor: Actor, kinds: Iterable[StatementKind]) -> Sql:
    """The same in each of their versions. ``said_at`` tells which of them counted: the one said last."""
    return Sql(_STATEMENT_VERSIONS) + every([_of_kinds(kinds), _seen(actor)])


def describe_allergy_rows(*, actor: Actor) -> Sql:
    return Sql(_ALLERGIES) + _seen(actor)


def describe_allergy_version_rows(*, actor: Actor) -> Sql:
    return Sql(_ALLERGY_VERSIONS) + _seen(actor)


def describe_statement_number_rows() -> Sql:
    """``id``, ``system`` and ``external_id``: what each source calls its statements. To be joined with the
    rows that the actor may see. No parameters.
    """
    return Sql(_numbers("medications_statement"))


def describe_allergy_number_rows() -> Sql:
    """The same of allergies."""
    return Sql(_numbers("medications_allergy"))


def _numbers(table: str) -> str:
    """System by system, which are few: so that a number alone is found by the index of both."""
    return (
        "SELECT f.id, f.system, f.external_id FROM (WITH RECURSIVE d(system) AS ("  # noqa: S608 - our names
        f"SELECT min(system) FROM {table} UNION ALL"
        f" SELECT (SELECT min(s.system) FROM {table} s WHERE s.system > d.system) FROM d"
        f" WHERE d.system IS NOT NULL) SELECT system FROM d WHERE system IS NOT NULL) d"
        f" JOIN {table} f ON f.system = d.system"
    )


def _of_kinds(kinds: Iterable[StatementKind]) -> Sql:
    return Sql("s.kind = ANY (%s)", (sorted(each.value for each in kinds),))


def _seen(actor: Actor) -> Sql:
    """access.may_read as a condition on a row."""
    if access.sees_everybody(actor):
        return TRUE
    own = _own(actor)
    found = [Sql("s.person_id = ANY (%s)", (own,))] if own else []
    if actor.has(Role.CLINICIAN):
        found.append(_treated(access.clinician_sites(actor)))
    return Sql("(") + some(found) + Sql(")")


def find_patients_seen(*, actor: Actor) -> frozenset[PersonId] | None:
    """Every id of the patients whose rows a clinician's relations hold, where these are few; None for many,
    and for whoever sees everybody. For a search of everybody's: from few it begins with their rows, of many
    the newest rows soon fill a page. One look at most at ``MOST_SEEN`` rows of each kind.
    """
    if access.sees_everybody(actor) or not actor.has(Role.CLINICIAN):
        return None
    sites = sorted(access.clinician_sites(actor))
    kinds = [
        Sql("SELECT x.person_id FROM medications_statement x WHERE x.site_id = ANY (%s)", (sites,)),
        Sql("SELECT r.person_id FROM medications_refill r WHERE r.site_id = ANY (%s)", (sites,)),
        ports.care().describe_patients_of_sites(site_ids=sites),
    ]
    found: set[PersonId] = set(_own(actor))
    with connection.cursor() as cursor:
        for rows in kinds:
            limited: Any = (f"{rows.text} LIMIT {MOST_SEEN}", rows.params)
            cursor.execute(*limited)
            several = cursor.fetchall()
            if len(several) == MOST_SEEN:
                return None
            found.update(PersonId(person_id) for (person_id,) in several)
    same = identity.ids_of_many(found)
    return frozenset(found.union(*same.values()))


def _own(actor: Actor) -> list[PersonId]:
    people = {*([actor.person_id] if actor.person_id else []), *actor.proxy_for}
    return sorted({each for person in people for each in actor.ids_of(person)})


def _treated(sites: Iterable[SiteId]) -> Sql:
    """A patient whom one of these sites cares for, under whichever of their ids."""
    at = sorted(sites)
    if not at:
        return FALSE
    visits = ports.care().describe_patients_of_sites(site_ids=at)
    return (
        Sql(f"EXISTS (SELECT FROM unnest({identity.same_sql('s.person_id')}) AS one(id) WHERE")
        + Sql(
            " EXISTS (SELECT FROM medications_statement x"
            " WHERE x.person_id = one.id AND x.site_id = ANY (%s))"
            " OR EXISTS (SELECT FROM medications_refill r"
            " WHERE r.person_id = one.id AND r.site_id = ANY (%s))"
            " OR EXISTS (SELECT FROM (",
            (at, at),
        )
        + visits
        + Sql(") c WHERE c.person_id = one.id))")
    )
