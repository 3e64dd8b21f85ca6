"""Reading refills, each with its audit row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from medications import access, charts, checking, lines
from medications.dosage import read
from medications.errors import MedicineNotFound
from medications.models import Refill
from medications.models.refills import FOR_STAFF
from medications.refills import viewing
from medications.refills.asking import CATEGORY, MOST
from medications.types import CheckView, RefillState, RefillView
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.ids import PersonId, SiteId


def list_refills(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[RefillView, ...]:
    """A patient's refills, newest first."""
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    rows = (
        Refill.objects.filter(person_id__in=ids).select_related("pharmacy").order_by("-requested_at", "-pk")
    )
    audit.record(actor=actor, action="refill.list", category=CATEGORY, now=now, subject_id=person_id)
    return viewing.many(rows[:MOST])


def get_refill(*, actor: Actor, refill_id: UUID, now: datetime) -> RefillView:
    """One with its steps. While it waits for a decision, ``check`` is what the rules say now, and a clinician
    of its site sees what they would have to give a reason for. Raises PackUnusable then, without rules.
    """
    row = Refill.objects.select_related("pharmacy").filter(pk=refill_id).first()
    if row is None:
        raise MedicineNotFound
    ids = charts.ids_of(PersonId(row.person_id))
    staff = Role.CLINICIAN in actor.roles_at(SiteId(row.site_id))
    if not staff:
        access.may_read(actor, ids)
    view = viewing.with_steps(row)
    if staff and row.state == RefillState.REQUESTED:
        view = replace(view, check=_check_now(row, ids, now))
    audit.record(
        actor=actor, action="refill.view", category=CATEGORY, now=now, subject_id=PersonId(row.person_id),
        entity_id=refill_id, site_id=SiteId(row.site_id),
    )  # fmt: skip
    return view


def _check_now(row: Refill, ids: tuple[PersonId, ...], now: datetime) -> CheckView | None:
    found = lines.load(ids[0], ids)
    line = next((each for each in found if each.line_id == row.line_id), None)
    if line is None:
        return None
    change = checking.Change(
        key=line.key, name=line.name, rxcui=line.rxcui, ingredient_names=line.ingredient_names,
        dosage=read(row.dosage_text),
    )  # fmt: skip
    return checking.ask(ids=ids, lines=found, change=change, leaving_out=(), now=now)


def list_refill_queue(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50
) -> tuple[RefillView, ...]:
    """What a site's clinicians have to act on: asked for, unanswered, refused. The longest waiting first."""
    access.may_see_queue(actor, site_id)
    rows = Refill.objects.filter(site_id=site_id, state__in=FOR_STAFF).select_related("pharmacy")
    found = viewing.many(rows.order_by("requested_at", "pk")[: min(limit, MOST)])
    seen = dict.fromkeys(each.person_id for each in found)
    audit.record_many(
        [
            audit.Entry(action="refill.queue", category=CATEGORY, subject_id=p, site_ids=(site_id,))
            for p in seen
        ],
        actor=actor,
        now=now,
    )
    return found
