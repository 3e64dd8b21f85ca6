"""Who is on call for a site's critical values, and who else has to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs.models import Shift
from labs.ports import directory
from labs.review.errors import NotReading
from labs.review.rules import may_manage
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PractitionerId, SiteId, UserId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import write

# Rungs of a call: those on call and the one responsible; all clinicians; the managers too, again and again.
ON_CALL, EVERY_CLINICIAN, MANAGERS = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    shift_id: UUID
    site_id: SiteId
    practitioner_id: PractitionerId
    starts_at: datetime
    ends_at: datetime


def on_call(*, site_id: UUID, now: datetime) -> list[PractitionerId]:
    """Those of the roster; where it has nobody at this moment, those who work there now."""
    rows = Shift.objects.filter(site_id=site_id, starts_at__lte=now, ends_at__gt=now)
    found = [PractitionerId(each) for each in rows.order_by("pk").values_list("practitioner_id", flat=True)]
    return found or list(directory().on_call(site_id=SiteId(site_id), now=now))


def to_tell(*, site_id: UUID | None, responsible_id: UUID | None, level: int, now: datetime) -> list[UserId]:
    """The accounts to alert at a rung. A report of no site has only the clinician it names."""
    practitioners: set[PractitionerId] = set()
    users: set[UserId] = set()
    if responsible_id:
        practitioners.add(PractitionerId(responsible_id))
    if site_id:
        practitioners.update(on_call(site_id=site_id, now=now))
        if level >= EVERY_CLINICIAN:
            users.update(accounts.staff_at(site_id=SiteId(site_id), role=Role.CLINICIAN, now=now))
        if level >= MANAGERS:
            users.update(accounts.staff_at(site_id=SiteId(site_id), role=Role.MANAGER, now=now))
    users.update(accounts.users_of_practitioners(practitioners).values())
    return sorted(users)


def list_shifts(*, actor: Actor, site_id: SiteId, now: datetime) -> Sequence[OnCall]:
    """The roster from now on, for those who work at the site."""
    if not actor.works_at(site_id):
        raise NotFound
    rows = Shift.objects.filter(site_id=site_id, ends_at__gt=now).order_by("starts_at", "pk")[:100]
    return [
        OnCall(
            shift_id=row.pk,
            site_id=SiteId(row.site_id),
            practitioner_id=PractitionerId(row.practitioner_id),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows
    ]


def add_shift(
    *,
    actor: Actor,
    site_id: SiteId,
    practitioner_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    request_key: str,
    now: datetime,
) -> UUID:
    """Put a clinician of the site on call. Managers; raises NotFound, Invalid, NotReading."""
    may_manage(actor, site_id)
    if ends_at <= max(starts_at, now):
        raise Invalid(fields={"until": ""})
    clinicians = accounts.staff_at(site_id=site_id, role=Role.CLINICIAN, now=now).values()
    if practitioner_id not in clinicians:
        raise NotReading

    def work() -> UUID:
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.on-call", result_id=wanted, now=now,
            body={"site": site_id, "who": practitioner_id, "from": starts_at, "until": ends_at},
        )  # fmt: skip
        if found == wanted:
            Shift.objects.create(
                pk=wanted, site_id=site_id, practitioner_id=practitioner_id, starts_at=starts_at,
                ends_at=ends_at, made_by=actor.user_id, made_at=now,
            )  # fmt: skip
            _audit(actor, "lab.on-call", wanted, now)
        return found

    return write(work)


def end_shift(*, actor: Actor, shift_id: UUID, now: datetime) -> None:
    """End it now, or take it back before it began."""

    def work() -> None:
        row = Shift.objects.select_for_update().filter(pk=shift_id).first()
        if row is None:
            raise NotFound
        may_manage(actor, row.site_id)
        if row.ends_at > now:
            row.ends_at = max(now, row.starts_at)
            row.save(update_fields=["ends_at"])
            _audit(actor, "lab.on-call.end", row.pk, now)

    write(work)


def _audit(actor: Actor, action: str, shift_id: UUID, now: datetime) -> None:
    audit.record(actor=actor, action=action, category="lab-settings", now=now, entity_id=shift_id)
