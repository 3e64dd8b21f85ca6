"""What every page of a clinician shows about what waits: asked once for each request."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from labs import waiting
from labs.ports import directory
from labs.presenters.clinic_inbox import number, summary
from labs.review import inbox
from labs.review.inbox import Counts, What, Who
from steadwell import clock
from steadwell.actor import Role
from steadwell.ids import PractitionerId, SiteId
from steadwell.portal import service as portal

READERS = frozenset({Role.CLINICIAN})
_KEPT = "_what_waits_in_labs"


def counts_of(request: portal.PortalRequest) -> Counts:
    """How much waits; the badge, the banner and the inbox share one statement."""
    found: Counts | None = getattr(request, _KEPT, None)
    if found is None:
        found = inbox.counts(actor=request.actor, now=clock.now())
        setattr(request, _KEPT, found)
    return found


def to_read(request: portal.PortalRequest) -> int:
    return counts_of(request).of(Who.MINE)


def unmatched(request: portal.PortalRequest) -> int:
    """Reports that wait for their patient at the reader's clinics. For clinicians no statement of its own."""
    known = counts_of(request).unmatched
    if known is not None:
        return known
    return waiting.count_waiting(actor=request.actor)


def alert_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """The banner on every page of those who are called; empty while there is nothing, so that it can fill."""
    return portal.Panel(template="labs/clinic/_alert.html", context={"calls": counts_of(request).calls})


def clinic_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """Above the clinic's day: what waits to be read."""
    counts = counts_of(request)
    if not counts.of(Who.MINE):
        return None
    context = {
        "summary": summary(counts),
        "critical": counts.of(Who.MINE, What.CRITICAL),
        "queue": number(counts.of(Who.QUEUE)) if counts.of(Who.QUEUE) else "",
    }
    return portal.Panel(template="labs/clinic/_panel.html", context=context)


def zones_of(site_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    now = clock.now()
    return {
        site: directory().site_zone(site_id=SiteId(site), now=now) for site in dict.fromkeys(site_ids) if site
    }


def names_of(practitioner_ids: Iterable[PractitionerId | None]) -> dict[PractitionerId, str]:
    ids = {each for each in practitioner_ids if each}
    if not ids:
        return {}
    return dict(directory().practitioner_names(practitioner_ids=ids, now=clock.now()))
