"""Which results a member of staff may read and act on: those of the sites where they are clinicians."""

from __future__ import annotations

from uuid import UUID

from labs.models import Report
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.ids import SiteId, UserId


def reads_at(actor: Actor, site_id: UUID | None) -> bool:
    """Whether the actor is a clinician there. A role held at another site does not count."""
    return site_id is not None and Role.CLINICIAN in actor.roles_at(SiteId(site_id))


def reads(actor: Actor, report: Report) -> bool:
    own = actor.practitioner_id is not None and actor.practitioner_id == report.practitioner_id
    return reads_at(actor, report.site_id) or (own and actor.has(Role.CLINICIAN))


def may_read(actor: Actor, report: Report | None) -> Report:
    """The report, or NotFound: not there and not theirs look the same."""
    if report is None or not reads(actor, report):
        raise NotFound
    return report


def user_of(actor: Actor) -> UserId:
    """The signed-in user who acts; the platform itself reads and signs nothing."""
    if actor.user_id is None:
        raise NotFound
    return actor.user_id
