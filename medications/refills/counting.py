"""How many refills wait for a clinician's own sites: a number for the header that tells of nobody."""

from __future__ import annotations

from django.db.models import Q

from medications.models import Refill
from medications.models.refills import FOR_STAFF
from steadwell.actor import Actor, Role
from steadwell.ids import SiteId

MOST = 1000


def count_waiting(*, actor: Actor) -> int:
    """At most ``MOST``. One statement, none for who is a clinician nowhere."""
    everywhere = any(role is Role.CLINICIAN and site is None for role, site in actor.grants)
    named = {site for role, site in actor.grants if role is Role.CLINICIAN and site is not None}
    candidates = named if actor.grants else actor.site_ids
    sites = sorted(site for site in candidates if Role.CLINICIAN in actor.roles_at(SiteId(site)))
    if not everywhere and not sites:
        return 0
    where = Q() if everywhere else Q(site_id__in=sites)
    return Refill.objects.filter(where, state__in=FOR_STAFF)[:MOST].count()
