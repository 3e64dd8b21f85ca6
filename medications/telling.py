"""Telling of refills: the patient that it moved, the clinic's clinicians that one needs them. Once each."""

from __future__ import annotations

from collections.abc import Mapping

from medications import ports
from medications.models import Refill
from medications.types import RefillState
from notifications import service as notifications
from steadwell import events
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox

_TO_PATIENT: Mapping[str, str] = {
    RefillState.APPROVED.value: "refill.sent",
    RefillState.FILLED.value: "refill.ready",
    RefillState.DECLINED.value: "refill.declined",
    RefillState.UNANSWERED.value: "refill.delayed",
    RefillState.PHARMACY_REFUSED.value: "refill.delayed",
}
# With these the patient has heard that it is not done; what comes later is told as well.
_NOT_DONE = frozenset(
    {RefillState.DECLINED.value, RefillState.UNANSWERED.value, RefillState.PHARMACY_REFUSED.value}
)
_TO_STAFF = frozenset({RefillState.UNANSWERED.value, RefillState.PHARMACY_REFUSED.value})


def tell_patient(event: events.RefillMoved, ctx: outbox.DeliveryContext) -> None:
    template = _TO_PATIENT.get(event.state)
    refill = Refill.objects.filter(pk=event.refill_id).first()
    if template is None or refill is None:
        return
    notifications.tell(
        person_id=PersonId(event.person_id), template=template,
        params={"path": f"/medicines/refills/{event.refill_id}/"},
        key=f"{event.name}:{event.refill_id}:{event.version}", about=event.refill_id, now=ctx.now,
        site_id=SiteId(refill.site_id),
    )  # fmt: skip
    if event.state == RefillState.FILLED.value:
        notifications.close_actions(about=event.refill_id, now=ctx.now)
    elif event.state in _NOT_DONE:
        notifications.close_actions(
            about=event.refill_id, now=ctx.now, ending=notifications.Ending.NOT_DONE, cause=event.state
        )


def tell_staff(event: events.RefillMoved, ctx: outbox.DeliveryContext) -> None:
    refill = Refill.objects.filter(pk=event.refill_id).first()
    if event.state not in _TO_STAFF or refill is None:
        return
    site_id = SiteId(refill.site_id)
    notifications.alert_staff(
        user_ids=accounts.staff_at(site_id=site_id, role=Role.CLINICIAN, now=ctx.now),
        template="staff.refill-waits",
        params={
            "path": "/clinic/medicines/refills/",
            "place": ports.care().site_name(site_id=site_id, now=ctx.now),
        },
        key=f"{event.name}:{event.refill_id}:{event.version}", about=event.refill_id, site_id=site_id,
        urgency=notifications.Urgency.STANDARD, now=ctx.now,
    )  # fmt: skip
