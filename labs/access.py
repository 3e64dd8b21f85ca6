"""Who may see and do what: one check per kind of data. "Not yours" answers as "not there"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from labs import release
from labs.errors import ReportNotFound
from labs.models import Report
from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden, NotFound
from steadwell.ids import PersonId, SiteId

# Who reads results; the front desk sees whose report waits, never what is in it.
READERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR, Role.SYSTEM})
# Who says whose a report is.
MATCHERS = frozenset({Role.CLINICIAN, Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR})
_EVERYWHERE = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})


def site_of(report: Report) -> SiteId | None:
    """Where it belongs: the roles that a member of staff holds there are those in which they act on it."""
    return SiteId(report.site_id) if report.site_id else None


def may_file(actor: Actor) -> None:
    if not actor.has(Role.SYSTEM, Role.ADMINISTRATOR):
        raise Forbidden


def may_order(actor: Actor, site_id: SiteId) -> None:
    if not actor.roles_at(site_id) & READERS:
        raise NotFound


def sees_everything(actor: Actor) -> bool:
    return actor.has(*_EVERYWHERE)


def reads(actor: Actor, report: Report) -> bool:
    """As a clinician: of the report's site, or the one whom it names."""
    if actor.has(*_EVERYWHERE):
        return True
    if actor.practitioner_id is not None and actor.practitioner_id == report.practitioner_id:
        return actor.has(Role.CLINICIAN)
    return report.site_id is not None and bool(actor.roles_at(SiteId(report.site_id)) & READERS)


def may_read(
    actor: Actor, report: Report, *, person_ids: Iterable[PersonId], now: datetime
) -> release.Visibility | None:
    """What the actor sees of it; None: all. ``person_ids``: all ids of the report's patient. A patient, and
    who stands for them, see what is released to them.
    """
    if reads(actor, report):
        return None
    if report.waits or not any(actor.stands_for(person_id) for person_id in person_ids):
        raise ReportNotFound
    seen = release.visibility([report], actor, now)[report.pk]
    if not seen.is_released:
        raise ReportNotFound
    return seen


def readable(actor: Actor) -> Q:
    """The reports that ``reads`` lets a clinician see, as a condition."""
    if actor.has(*_EVERYWHERE):
        return Q()
    own = Q(practitioner_id=actor.practitioner_id) if actor.practitioner_id else Q(pk__in=[])
    if not actor.has(Role.CLINICIAN):
        return Q(pk__in=[])
    everywhere = (Role.CLINICIAN, None) in actor.grants
    return Q(site_id__isnull=False) | own if everywhere else Q(site_id__in=clinician_sites(actor)) | own


def released(actor: Actor, person_ids: Iterable[PersonId], now: datetime) -> Q:
    """What the patient's side may see in a list of one person's reports, as a condition."""
    return release.released(actor, person_ids, now)


def clinician_sites(actor: Actor) -> list[SiteId]:
    """The sites, by name, where the actor is a clinician."""
    named = {site for role, site in actor.grants if site is not None and role is Role.CLINICIAN}
    sites = named if actor.grants else actor.site_ids
    return sorted(site for site in sites if Role.CLINICIAN in actor.roles_at(site))


def may_see_reports_of(actor: Actor, person_ids: Iterable[PersonId]) -> bool:
    """Whether it is the patient's side (True) or a clinician's (False). NotFound to anybody else."""
    if any(actor.stands_for(person_id) for person_id in person_ids):
        return True
    if not actor.has(*READERS):
        raise NotFound
    return False


def may_correct(actor: Actor) -> None:
    """What could not be read is clinical content of any site: whoever runs the platform puts it right."""
    if not actor.has(Role.ADMINISTRATOR):
        raise NotFound


def may_match(actor: Actor, report: Report | None) -> None:
    """Staff of the report's site; for one without a site, whoever manages the organisation."""
    if report is None or not matches(actor, report):
        raise ReportNotFound


def matches(actor: Actor, report: Report) -> bool:
    if actor.has(Role.ADMINISTRATOR):
        return True
    if report.site_id is None:
        return actor.has(Role.MANAGER)
    return bool(actor.roles_at(SiteId(report.site_id)) & MATCHERS)


def matchable(actor: Actor) -> Q:
    """The reports that ``matches`` lets staff decide about, as a condition."""
    if actor.has(Role.ADMINISTRATOR):
        return Q()
    if not actor.has(*MATCHERS):
        raise NotFound
    if any(site is None and role in MATCHERS for role, site in actor.grants):
        anywhere = Q(site_id__isnull=False)
    else:
        named = {site for role, site in actor.grants if site is not None and role in MATCHERS}
        anywhere = Q(site_id__in=sorted(named if actor.grants else actor.site_ids))
    return anywhere | Q(site_id__isnull=True) if actor.has(Role.MANAGER) else anywhere
