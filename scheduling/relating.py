"""Visits and the clinic's set-up as relations, for searches (ADR 0150). The caller records the read."""

from __future__ import annotations

from collections.abc import Collection

from scheduling import visits
from steadwell.actor import Actor, Role
from steadwell.ids import SiteId
from steadwell.relations import TRUE, Sql, some

_VISITS = """
SELECT a.id, a.person_id, a.version, a.status, a.visit_type_id, vt.name AS visit_type, vt.code AS visit_code,
  vt.modality, vt.speciality, a.practitioner_id, p.name AS practitioner, a.site_id, s.name AS site,
  a.starts_at, a.ends_at, a.booked_at, a.note, a.cancelled_by, a.cancel_reason, a.time_zone, a.overbooked,
  c.recorded_at AS changed_at, md5(a.practitioner_id::text || a.site_id::text)::uuid AS schedule_id
FROM scheduling_appointment a
JOIN scheduling_site s ON s.id = a.site_id
JOIN scheduling_visittype vt ON vt.id = a.visit_type_id
JOIN scheduling_practitioner p ON p.id = a.practitioner_id
JOIN scheduling_appointmentversion c ON c.entity_id = a.id AND c.version = a.version
WHERE """
_VERSIONS = """
SELECT v.entity_id AS id, v.person_id, v.version, v.status, v.visit_type_id, vt.name AS visit_type,
  vt.code AS visit_code, vt.modality, vt.speciality, v.practitioner_id, p.name AS practitioner, v.site_id,
  s.name AS site, v.starts_at, v.ends_at, a.booked_at, a.note,
  CASE WHEN v.status = 'cancelled' THEN a.cancelled_by ELSE '' END AS cancelled_by,
  CASE WHEN v.status = 'cancelled' THEN a.cancel_reason ELSE '' END AS cancel_reason, v.time_zone,
  a.overbooked, v.recorded_at AS changed_at,
  md5(v.practitioner_id::text || v.site_id::text)::uuid AS schedule_id
FROM scheduling_appointmentversion v
JOIN scheduling_appointment a ON a.id = v.entity_id
JOIN scheduling_site s ON s.id = v.site_id
JOIN scheduling_visittype vt ON vt.id = v.visit_type_id
JOIN scheduling_practitioner p ON p.id = v.practitioner_id
WHERE """
# A visit that somebody came to. What was called off or taken back after that stays one; when it began and
# ended is when it was noted, else when it was to be. ``of`` has the visit's columns: the visit as it stands,
# or each of its versions.
_ENCOUNTERS = """
SELECT a.id, a.person_id, {of}.version, {of}.status, {of}.visit_type_id, vt.name AS visit_type,
  vt.code AS visit_code, vt.modality, vt.speciality, {of}.practitioner_id, p.name AS practitioner,
  {of}.site_id, s.name AS site, s.organisation_id, o.name AS organisation, c.recorded_at AS changed_at,
  came.at AS came_at, coalesce(came.at, {of}.starts_at) AS began_at,
  CASE WHEN {of}.status = 'fulfilled'
    THEN greatest(coalesce(came.left_at, {of}.ends_at), coalesce(came.at, {of}.starts_at)) END AS ended_at
FROM scheduling_appointment a
JOIN scheduling_appointmentversion c ON c.entity_id = a.id{which}
JOIN scheduling_site s ON s.id = {of}.site_id
JOIN scheduling_organisation o ON o.id = s.organisation_id
JOIN scheduling_visittype vt ON vt.id = {of}.visit_type_id
JOIN scheduling_practitioner p ON p.id = {of}.practitioner_id
LEFT JOIN LATERAL (
  SELECT min(w.recorded_at) FILTER (WHERE w.status IN ('arrived', 'in-progress')) AS at,
    max(w.recorded_at) FILTER (WHERE w.status = 'fulfilled') AS left_at
  FROM scheduling_appointmentversion w WHERE w.entity_id = a.id{until}
) came ON true
WHERE ({of}.status IN ('arrived', 'in-progress', 'fulfilled')
  OR ({of}.status IN ('cancelled', 'entered-in-error') AND came.at IS NOT NULL)) AND """
_AS_IT_STANDS = _ENCOUNTERS.format(of="a", which=" AND c.version = a.version", until="")
_IN_EACH_VERSION = _ENCOUNTERS.format(of="c", which="", until=" AND w.version <= c.version")
# Who works where: whoever has hours at a site, in the week or on a day of its own.
_PLACES = """
SELECT md5(h.practitioner_id::text || h.site_id::text)::uuid AS id, h.practitioner_id, h.site_id,
  p.name AS practitioner, p.title, p.specialities, p.active AND s.active AS active, s.name AS site,
  s.time_zone,
  s.organisation_id
FROM (SELECT practitioner_id, site_id FROM scheduling_weeklyhours
      UNION SELECT practitioner_id, site_id FROM scheduling_availabilityexception) h
JOIN scheduling_practitioner p ON p.id = h.practitioner_id
JOIN scheduling_site s ON s.id = h.site_id"""
SETUP = {
    "organisations": "SELECT o.id, o.name FROM scheduling_organisation o",
    "sites": "SELECT s.id, s.name, s.address, s.phone, s.time_zone, s.active, s.organisation_id"
    " FROM scheduling_site s",
    "practitioners": "SELECT p.id, p.name, p.title, p.specialities, p.languages, p.active"
    " FROM scheduling_practitioner p",
    "visit_types": "SELECT v.id, v.code, v.name, v.description, v.speciality, v.modality, v.minutes,"
    " v.active, v.organisation_id FROM scheduling_visittype v",
    "places": _PLACES,
}


def describe_visit_rows(*, actor: Actor) -> Sql:
    """Visits: the patient's side, staff of the site, the clinician (access.sees_visit)."""
    return Sql(_VISITS) + _seen(actor)


def describe_visit_version_rows(*, actor: Actor) -> Sql:
    """The same in each of their versions. Who sees a visit as it stands sees what it was."""
    return Sql(_VERSIONS) + _seen(actor)


def describe_encounter_rows(*, actor: Actor) -> Sql:
    """Visits that began, were completed, or ended after somebody had come: who sees the visit sees it."""
    return Sql(_AS_IT_STANDS) + _seen(actor)


def describe_encounter_version_rows(*, actor: Actor) -> Sql:
    """The same in each version from the one on in which somebody came, as it was known then."""
    return Sql(_IN_EACH_VERSION) + _seen(actor)


def describe_patients_of_sites(*, site_ids: Collection[SiteId]) -> Sql:
    """``person_id`` of everybody who has, or had, a visit there: once per visit. Not when, nor what for."""
    return Sql(
        "SELECT a.person_id FROM scheduling_appointment a WHERE a.site_id = ANY (%s)", (list(site_ids),)
    )


def describe_setup_rows(*, part: str) -> Sql:
    """``organisations``, ``sites``, ``practitioners``, ``visit_types``, or ``places``: who works where."""
    return Sql(SETUP[part])


def _seen(actor: Actor) -> Sql:
    if actor.has(Role.ADMINISTRATOR, Role.SYSTEM) or any(
        site is None and role in actor.roles for role, site in actor.grants
    ):
        return TRUE
    people = {*([actor.person_id] if actor.person_id else []), *actor.proxy_for}
    own = sorted({each for person in people for each in actor.ids_of(person)})
    sites = sorted(site for site in {*actor.site_ids, *visits.sites_of(actor)} if actor.works_at(site))
    found = [Sql("a.person_id = ANY (%s)", (own,)), Sql("a.site_id = ANY (%s)", (sites,))]
    if actor.practitioner_id is not None:
        found.append(Sql("a.practitioner_id = %s", (actor.practitioner_id,)))
    return Sql("(") + some(found) + Sql(")")
