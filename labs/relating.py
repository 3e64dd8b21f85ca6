"""Reports, results and orders as relations: what one actor may see of them, for searches (ADR 0150).

The rules are those of access.py and release.py. Whoever reads from a relation records the read.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from labs import access, identifying, release, rows
from labs.models import Report
from labs.policy import Audience
from steadwell.actor import Actor, Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.relations import FALSE, TRUE, Sql, every, some

# Each row has its words: LEFT JOIN lets Postgres leave them out where a statement asks for none of them.
_RESULTS = """
SELECT r.id, r.report_id, rep.version, rep.changed_at, r.status, r.corrected, r.flag, r.loinc, r.person_id,
  r.observed_at, w.name, w.code, w.code_system, w.value_text, w.value_code, w.value_code_system, w.unit_text,
  w.unit, w.unit_reason, w.problem, w.kind, w.comparator, w.number, w.low, w.high, w.range_text, w.range_low,
  w.range_high, w.range_is_ours, w.absent_reason, w.effective_text, w.effective_at, w.method, w.performer,
  w.notes, w.parent_key, w.position, w.flag_sent, rep.performer AS laboratory, rep.specimen, rep.issued_at,
  rep.practitioner_id, rep.site_id, rep.order_id, rep.sender,
  CASE WHEN w.number <> '' AND w.unit_reason = '' AND w.problem = '' THEN w.number::numeric END AS quantity
FROM labs_result r
JOIN labs_report rep ON rep.id = r.report_id
LEFT JOIN labs_resultversion w ON w.entity_id = r.id AND w.version = r.version
WHERE rep.waits = ''"""
_REPORTS = """
SELECT rep.id, rep.version, rep.changed_at, rep.status, rep.corrected, rep.loinc, rep.name, rep.performer,
  rep.specimen, rep.person_id, rep.site_id, rep.practitioner_id, rep.order_id, rep.collected_at,
  rep.issued_at, rep.charted_at, rep.received_at, rep.sender, v.code, v.code_system, v.filler_number,
  v.placer_number, v.ordered_by_name, rep.notes,
  (SELECT count(*) FROM labs_result r WHERE r.report_id = rep.id) AS results,
  ARRAY(SELECT d.id FROM labs_document d WHERE d.report_id = rep.id ORDER BY d.version, d.id) AS documents
FROM labs_report rep
LEFT JOIN labs_reportversion v ON v.entity_id = rep.id AND v.version = rep.shown_version
WHERE rep.waits = ''"""
_ORDERS = """
SELECT o.id, o.number, o.person_id, o.site_id, o.practitioner_id, o.name, o.loinc, o.placed_at, o.state
FROM labs_order o WHERE true"""
_OPEN_HOLD = (
    "SELECT FROM labs_hold h WHERE h.report_id = rep.id AND h.ended_at IS NULL AND h.starts_at <= %s"
    " AND h.ends_at > %s AND h.loinc <> '' AND h.audience = ANY (%s)"
)


def describe_result_id(*, report_id: UUID, key: str) -> UUID:
    """The id of the observation that a report has under a key, over its versions."""
    return rows.result_id(report_id, identifying.key_of(key))


def describe_result_rows(*, actor: Actor, now: datetime) -> Sql:
    """Every observation that counts and that this actor may see, as its newest words have it.

    The patient's side sees what is released, test by test; what hangs under another result is left out as
    long as any test of its report is held back.
    """
    return Sql(_RESULTS) + _and(some([_read_by_staff(actor), _released(actor, now, tests=True)]))


def describe_report_rows(*, actor: Actor, now: datetime) -> Sql:
    """Every report that this actor may see. Of one that is released in part, notes are not to be shown: the
    relation of results has fewer rows than ``results`` then.
    """
    return Sql(_REPORTS) + _and(some([_read_by_staff(actor), _released(actor, now, tests=False)]))


def describe_order_rows(*, actor: Actor, now: datetime) -> Sql:
    """Lab orders at the actor's sites, and the patient's own."""
    if access.sees_everything(actor):
        return Sql(_ORDERS)
    sites = access.clinician_sites(actor)
    return Sql(_ORDERS) + _and(
        some([Sql("o.site_id = ANY (%s)", (sites,)), Sql("o.person_id = ANY (%s)", (_own(actor),))])
    )


def _and(condition: Sql) -> Sql:
    return Sql(" AND (") + condition + Sql(")")


def _own(actor: Actor) -> list[PersonId]:
    people = {*([actor.person_id] if actor.person_id else []), *actor.proxy_for}
    return sorted({each for person in people for each in actor.ids_of(person)})


def _read_by_staff(actor: Actor) -> Sql:
    if access.sees_everything(actor):
        return TRUE
    if not actor.has(Role.CLINICIAN):
        return FALSE
    return _among(Report.objects.filter(access.readable(actor)))


def _released(actor: Actor, now: datetime, *, tests: bool) -> Sql:
    """Each patient by themself: what is held from a proxy is not held from the patient."""
    found = []
    for person_id in sorted({*([actor.person_id] if actor.person_id else []), *actor.proxy_for}):
        ids = identity.ids_for(actor, person_id)
        reports = _among(
            Report.objects.filter(release.released(actor, ids, now), person_id__in=ids, waits="")
        )
        mine = Sql("rep.person_id = ANY (%s)", (list(ids),))
        audiences = [Audience.EVERYONE.value]
        if not any(release.is_patient(actor, each) for each in ids):
            audiences.append(Audience.PROXIES.value)
        shown = every([mine, reports])
        found.append(every([shown, *(_shown_tests(now, audiences) if tests else ())]))
    return some(found)


def _shown_tests(now: datetime, audiences: list[str]) -> list[Sql]:
    holds = (now, now, audiences)
    return [
        Sql("EXISTS (SELECT FROM labs_release d WHERE d.report_id = rep.id AND r.loinc = ANY (d.decided))"),
        Sql(f"NOT EXISTS ({_OPEN_HOLD} AND h.loinc = r.loinc)", holds),
        Sql(f"w.parent_key = '' OR NOT EXISTS ({_OPEN_HOLD})", holds),
    ]


def _among(reports: QuerySet[Report]) -> Sql:
    try:
        text, params = reports.values("pk").query.sql_with_params()
    except EmptyResultSet:
        return FALSE
    return Sql(f"rep.id IN ({text})", tuple(params))
