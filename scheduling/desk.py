"""What waits for a clinic's answer, and what ended without one."""

from __future__ import annotations

from datetime import datetime

from scheduling import access, visits
from scheduling.queries import fetch, record_read
from scheduling.types import Appointment
from steadwell.actor import Actor
from steadwell.ids import SiteId


def list_requests(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 100
) -> tuple[Appointment, ...]:
    """Requests of a site that wait for its answer: first those of which it was reminded, then the oldest. Two
    statements.
    """
    return _of_site(
        "a.status = 'pending' AND a.ends_at > %(now)s ORDER BY a.overdue_at, a.booked_at",
        actor=actor,
        site_id=site_id,
        now=now,
        limit=limit,
    )


def list_overdue(*, actor: Actor, site_id: SiteId, now: datetime, limit: int = 20) -> tuple[Appointment, ...]:
    """Requests of which the desk was reminded, of visits and of moves to a time at this site. Two
    statements.
    """
    access.may_run_site(actor, site_id)
    found = fetch(
        "WHERE (a.site_id = %(site)s AND a.status = 'pending' AND a.overdue_at IS NOT NULL"
        " AND a.ends_at > %(now)s) OR a.id = ANY (ARRAY(SELECT appointment_id FROM scheduling_moverequest"
        " WHERE state = 'open' AND site_id = %(site)s AND overdue_at IS NOT NULL AND ends_at > %(now)s))"
        " ORDER BY a.starts_at LIMIT %(limit)s",
        {"site": site_id, "now": now, "limit": min(limit, 200)},
    )
    record_read([v.appointment for v in found], actor=actor, action="appointment.list", now=now)
    return tuple(visits.shown(visit, actor=actor, now=now) for visit in found)


def list_move_requests(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 100
) -> tuple[Appointment, ...]:
    """Visits whose patients asked to move them to a time at this site, as for ``list_requests``. Two
    statements.
    """
    access.may_run_site(actor, site_id)
    found = fetch(
        "JOIN scheduling_moverequest w ON w.appointment_id = a.id AND w.state = 'open'"
        " WHERE w.site_id = %(site)s AND w.ends_at > %(now)s"
        " ORDER BY w.overdue_at, w.asked_at LIMIT %(limit)s",
        {"site": site_id, "now": now, "limit": min(limit, 200)},
    )
    record_read([v.appointment for v in found], actor=actor, action="appointment.list", now=now)
    return tuple(visits.shown(visit, actor=actor, now=now) for visit in found)


def list_lapsed(*, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50) -> tuple[Appointment, ...]:
    """Requests of the last weeks that ended because nobody answered, the latest first. Two statements."""
    return _of_site(
        "a.lapsed_at > %(now)s - interval '30 days' ORDER BY a.lapsed_at DESC",
        actor=actor,
        site_id=site_id,
        now=now,
        limit=limit,
    )


def _of_site(
    where: str, *, actor: Actor, site_id: SiteId, now: datetime, limit: int
) -> tuple[Appointment, ...]:
    access.may_run_site(actor, site_id)
    found = fetch(
        f"WHERE a.site_id = %(site)s AND {where} LIMIT %(limit)s",
        {"site": site_id, "now": now, "limit": min(limit, 200)},
    )
    record_read([v.appointment for v in found], actor=actor, action="appointment.list", now=now)
    return tuple(visits.shown(visit, actor=actor, now=now) for visit in found)
