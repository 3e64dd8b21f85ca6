"""Lab orders of the clinic. The order's number is what the laboratory sends back with its report."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from labs import access, matching, surroundings
from labs.errors import OrderNumberTaken
from labs.models import Order, Report
from labs.types import LabOrder
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId, new_id
from steadwell.outbox import service as outbox

MOST = 200


def place_order(
    *, actor: Actor, number: str, person_id: PersonId, site_id: SiteId, name: str,
    practitioner_id: PractitionerId | None = None, loinc: str = "", request_key: str, now: datetime,
) -> LabOrder:  # fmt: skip
    """Order a test under a number of ours. A report that came first finds its order, and its clinician.

    Raises OrderNumberTaken, NotFound for a patient or a site that is not the actor's.
    """
    access.may_order(actor, site_id)
    number, name = number.strip(), name.strip()
    fields = {
        field: f"Enter 1 to {most} characters."
        for field, value, most in (("number", number, 200), ("name", name, 250))
        if not 0 < len(value) <= most
    }
    if fields:
        raise Invalid(fields=fields)
    identity.current_person(person_id)  # NotFound when there is nobody
    body = {"number": number, "person_id": str(person_id), "site_id": str(site_id), "loinc": loinc}
    with transaction.atomic(durable=True):
        fresh = new_id()
        order_id = outbox.claim_request(
            actor=actor, key=request_key, operation="labs.place_order", body=body, result_id=fresh, now=now
        )
        if order_id != fresh:
            return _view(Order.objects.get(pk=order_id))
        surroundings.lock_numbers([number])
        if Order.objects.filter(number=number).exists():
            raise OrderNumberTaken
        order = Order.objects.create(
            id=order_id, number=number, person_id=person_id, site_id=site_id, loinc=loinc[:12], name=name,
            practitioner_id=practitioner_id, placed_at=now, placed_by=actor.user_id,
        )  # fmt: skip
        matching.answer_order(order, now=now)
        audit.record(
            actor=actor, action="lab.order", category="lab", now=now, subject_id=person_id, entity_id=order_id
        )
    return _view(order)


def list_orders(*, actor: Actor, person_id: PersonId, now: datetime, limit: int = 50) -> list[LabOrder]:
    """A patient's orders at the actor's sites, newest first, with the reports that came of each."""
    person_ids = identity.person_ids_of(person_id)
    sites = access.clinician_sites(actor)
    if not (sites or access.sees_everything(actor)):
        raise NotFound
    rows = Order.objects.filter(person_id__in=person_ids)
    if not access.sees_everything(actor):
        rows = rows.filter(site_id__in=sites)
    found = list(rows.order_by("-placed_at", "-pk")[: min(limit, MOST)])
    came: dict[UUID, list[UUID]] = {}
    for report_id, order_id in Report.objects.filter(order__in=found).values_list("pk", "order_id"):
        came.setdefault(order_id, []).append(report_id)
    audit.record(actor=actor, action="lab.list-orders", category="lab", now=now, subject_id=person_id)
    return [_view(order, came.get(order.pk, ())) for order in found]


def _view(order: Order, report_ids: tuple[UUID, ...] | list[UUID] = ()) -> LabOrder:
    return LabOrder(
        order_id=order.pk,
        number=order.number,
        person_id=PersonId(order.person_id),
        site_id=SiteId(order.site_id),
        practitioner_id=PractitionerId(order.practitioner_id) if order.practitioner_id else None,
        name=order.name,
        loinc=order.loinc,
        placed_at=order.placed_at,
        report_ids=tuple(report_ids),
    )
