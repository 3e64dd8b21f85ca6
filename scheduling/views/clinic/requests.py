"""Visits that patients asked for and the clinic has to answer."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from scheduling import service as scheduling
from scheduling.presenters.clinic_visit import request_rows
from scheduling.types import Appointment
from scheduling.views.clinic.looking import look
from steadwell import clock
from steadwell.actor import STAFF_ROLES
from steadwell.identity import service as identity
from steadwell.portal import service as portal


def _is_fresh(visit: Appointment) -> bool:
    """Those that wait too long come first; within each the lists keep their order."""
    return not (visit.requested_move.overdue if visit.requested_move else visit.overdue)


@require_GET
@portal.requires(*STAFF_ROLES)
def waiting(request: portal.PortalRequest) -> HttpResponse:
    """The requests of one clinic, those that have waited too long first; and those that nobody answered."""
    now = clock.now()
    looking = look(request, now=now)
    site_id = looking.site.site_id
    asked = scheduling.list_requests(actor=request.actor, site_id=site_id, now=now)
    moves = scheduling.list_move_requests(actor=request.actor, site_id=site_id, now=now)
    waiting = sorted((*asked, *moves), key=_is_fresh)
    lapsed = scheduling.list_lapsed(actor=request.actor, site_id=site_id, now=now)
    people = [visit.person_id for visit in (*waiting, *lapsed)]
    names = identity.names(actor=request.actor, person_ids=people, now=now)
    context = {
        "looking": looking,
        "rows": request_rows(waiting, names),
        "lapsed": request_rows(lapsed, names),
        "back_url": f"{reverse('clinic:day')}?site={site_id}",
    }
    return render(request, "scheduling/clinic/requests.html", context)
