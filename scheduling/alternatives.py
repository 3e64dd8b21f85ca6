"""Other times for a visit that was called off, or is to be moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduling import access, catalogue, queries, scanning, search
from scheduling.scanning import Criteria
from scheduling.types import Alternative
from steadwell.actor import Actor
from steadwell.ids import AppointmentId

_DAYS = 28


def alternatives_for(
    *, actor: Actor, appointment_id: AppointmentId, now: datetime, limit: int = 6
) -> tuple[Alternative, ...]:
    """Times from the visit's own day on (today, when that is over): the same clinician first, then others at
    the site, then other sites. Three statements; one more for staff.
    """
    visit = queries.see(actor, appointment_id)
    a = visit.appointment
    queries.record_read([a], actor=actor, action="appointment.read", now=now)
    start = max(a.wall_start.date(), scanning.today(catalogue.latest(), [a.site_id], now=now))
    criteria = Criteria(
        visit_type_id=a.visit_type_id,
        now=now,
        from_on=start,
        until_on=start + timedelta(days=_DAYS),
        patient_side=access.is_patient_side(actor, a.person_id),
        person_ids=tuple(access.ids_of(actor, a.person_id)),
        without=frozenset({a.appointment_id}),
    )
    return search.around(criteria=criteria, practitioner_id=a.practitioner_id, site_id=a.site_id, limit=limit)
