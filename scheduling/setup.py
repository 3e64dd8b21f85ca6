"""Changing the set-up: sites, rooms, clinicians, visit types, hours, exceptions, holidays. Each change is
audited, and every process sees it with its next search (see catalogue.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models as django_models
from django.db import transaction

from scheduling import models
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import SiteId


class SetUp(StrEnum):
    ORGANISATION = "organisation"
    SITE = "site"
    RESOURCE = "resource"
    PRACTITIONER = "practitioner"
    VISIT_TYPE = "visit-type"
    HOURS = "hours"
    EXCEPTION = "exception"
    HOLIDAY = "holiday"


_MODELS: Mapping[SetUp, type[django_models.Model]] = {
    SetUp.ORGANISATION: models.Organisation,
    SetUp.SITE: models.Site,
    SetUp.RESOURCE: models.Resource,
    SetUp.PRACTITIONER: models.Practitioner,
    SetUp.VISIT_TYPE: models.VisitType,
    SetUp.HOURS: models.WeeklyHours,
    SetUp.EXCEPTION: models.AvailabilityException,
    SetUp.HOLIDAY: models.Holiday,
}
# What visits refer to is taken out of service (``active``), never deleted.
_DELETABLE = frozenset({SetUp.HOURS, SetUp.EXCEPTION, SetUp.HOLIDAY})
# What a manager may change at their own sites; the rest is the administrator's.
_OF_A_SITE = frozenset({SetUp.RESOURCE, SetUp.HOURS, SetUp.EXCEPTION, SetUp.HOLIDAY})


def save_setup(
    *, actor: Actor, kind: SetUp, values: Mapping[str, Any], now: datetime, entity_id: UUID | None = None
) -> UUID:
    """Make or change one row of the set-up. ``values`` are its fields, references as ids (``site_id``).

    Raises Invalid with the fields that are wrong, Forbidden, NotFound for an id that is not there.
    """

    def work() -> UUID:
        row = _find(kind, entity_id) if entity_id else _MODELS[kind]()
        if entity_id:
            _may_change(actor, kind, row)
        for name, value in values.items():
            setattr(row, name, value)
        _may_change(actor, kind, row)
        try:
            row.full_clean()
        except ValidationError as wrong:
            raise Invalid(
                fields={name: " ".join(texts) for name, texts in wrong.message_dict.items()}
            ) from wrong
        row.save()
        action = "setup.change" if entity_id else "setup.add"
        _record(actor, action, kind, row, now, {"fields": ",".join(sorted(values))[:200]})
        return UUID(str(row.pk))

    # Not durable: the admin has its own transaction around a form.
    with transaction.atomic():
        return work()


def remove_setup(*, actor: Actor, kind: SetUp, entity_id: UUID, now: datetime) -> None:
    """Delete hours, an exception or a holiday. Visits booked in them stand."""
    if kind not in _DELETABLE:
        raise Forbidden

    def work() -> None:
        row = _find(kind, entity_id)
        _may_change(actor, kind, row)
        _record(actor, "setup.remove", kind, row, now, {})
        row.delete()

    with transaction.atomic():
        work()


def _find(kind: SetUp, entity_id: UUID) -> django_models.Model:
    row = _MODELS[kind]._default_manager.select_for_update().filter(pk=entity_id).first()
    if row is None:
        raise NotFound
    return row


def _may_change(actor: Actor, kind: SetUp, row: django_models.Model) -> None:
    if actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        return
    site_id = getattr(row, "site_id", None)
    if kind in _OF_A_SITE and site_id and Role.MANAGER in actor.roles_at(SiteId(site_id)):
        return
    raise Forbidden


def _record(
    actor: Actor,
    action: str,
    kind: SetUp,
    row: django_models.Model,
    now: datetime,
    detail: Mapping[str, str],
) -> None:
    site_id = getattr(row, "site_id", None)
    audit.record(
        actor=actor,
        action=action,
        category="set-up",
        now=now,
        entity_id=UUID(str(row.pk)),
        detail={"kind": kind.value, **detail},
        site_id=SiteId(site_id) if site_id else None,
    )
