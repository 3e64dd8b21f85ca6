"""The patient's side of a refill: what may be refilled, asking, taking back, and the pharmacy of choice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from medications import access, charts, recording
from medications.charts import Locked
from medications.errors import CannotRefill, MedicineNotFound, RefillUnderWay, StaleFact
from medications.models import Chart, Pharmacy, Refill
from medications.models.refills import UNDER_WAY
from medications.recording import State
from medications.refills import steps, viewing
from medications.settling import Settled, Word
from medications.statements import person_of_line
from medications.types import PharmacyView, RefillState, RefillView, StatementKind, Status
from notifications import service as notifications
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.ids import PersonId, SiteId
from steadwell.outbox.service import begin_request
from steadwell.transactions import write

CATEGORY = "refill"
MOST = 200
# A clinician answers and a pharmacy fills within this; else the patient is told that it is not done.
LONGEST_WAIT = timedelta(days=5)


def list_refillable(*, actor: Actor, person_id: PersonId, now: datetime) -> Mapping[UUID, UUID]:
    """The lines that a refill may be asked for now, each with the order it would renew."""
    from medications import lines

    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    found = lines.load(ids[0], ids)
    under_way = set(
        Refill.objects.filter(person_id__in=ids, state__in=UNDER_WAY).values_list("statement_id", flat=True)
    )
    audit.record(actor=actor, action="refill.possible", category=CATEGORY, now=now, subject_id=person_id)
    orders = {line.line_id: order_of(line) for line in found}
    return {
        line_id: word.statement_id
        for line_id, word in orders.items()
        if word is not None and word.statement_id not in under_way
    }


def order_of(line: Settled) -> Word | None:
    """The active order of a clinic of ours that says what counts on its line, else the newest: on a line that
    is taken and understood.
    """
    if line.status is not Status.ACTIVE or line.needs:
        return None
    orders = [
        word
        for word in line.words
        if word.kind is StatementKind.ORDER and word.status is Status.ACTIVE and word.site_id is not None
    ]
    return max(
        orders,
        key=lambda word: (word.dosage.text == line.dosage_text, word.said_at, word.statement_id),
        default=None,
    )


def request_refill(
    *,
    actor: Actor,
    line_id: UUID,
    pharmacy_id: UUID | None = None,
    note: str = "",
    request_key: str,
    now: datetime,
) -> RefillView:
    """Ask for a refill of a line; a clinician of the site that prescribed it decides.

    ``pharmacy_id`` None: the patient's own. Raises CannotRefill, RefillUnderWay, Invalid, MedicineNotFound.
    """
    if len(note) > 500:
        raise Invalid(fields={"note": "too-long"})
    body = {"line": str(line_id), "pharmacy": str(pharmacy_id), "note": note}
    person_id = person_of_line(line_id)

    def work() -> RefillView:
        chart = charts.lock(person_id, now)
        access.may_ask_refill(actor, chart.ids)
        refill_id, is_new = begin_request(actor, request_key, "medications.request-refill", body, now)
        if not is_new:
            return viewing.with_steps(_get(refill_id))
        state = recording.look(chart)
        row = _asked(state, line_id, refill_id, pharmacy_id, note, actor)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise RefillUnderWay from None
        steps.add_step(row, RefillState.REQUESTED.value, actor=actor, at=chart.recorded_at)
        _audit(actor, "refill.request", row, chart)
        notifications.open_action(
            kind=notifications.ActionKind.REFILL, about=row.pk, person_id=PersonId(row.person_id),
            deadline=now + LONGEST_WAIT, now=now, site_id=SiteId(row.site_id),
        )  # fmt: skip
        return viewing.with_steps(row)

    return write(work)


def withdraw_refill(
    *, actor: Actor, refill_id: UUID, seen_version: int, request_key: str, now: datetime
) -> RefillView:
    """Take a request back, as long as nobody has decided. Raises StaleFact, RefillMoved."""
    body = {"refill": str(refill_id), "seen": seen_version}
    person_id = person_of_refill(refill_id)

    def work() -> RefillView:
        chart = charts.lock(person_id, now)
        access.may_ask_refill(actor, chart.ids)
        row = steps.lock(refill_id)
        _, is_new = begin_request(actor, request_key, "medications.withdraw-refill", body, now)
        if is_new:
            refuse_stale(row, seen_version)
            steps.move(row, RefillState.WITHDRAWN, actor=actor, at=chart.recorded_at)
            _audit(actor, "refill.withdraw", row, chart)
            notifications.close_actions(about=row.pk, now=now)
        return viewing.with_steps(row)

    return write(work)


def choose_pharmacy(
    *, actor: Actor, person_id: PersonId, pharmacy_id: UUID, request_key: str, now: datetime
) -> PharmacyView:
    """Where refills go from now on, unless another is chosen for one of them."""
    body = {"person": str(person_id), "pharmacy": str(pharmacy_id)}

    def work() -> PharmacyView:
        chart = charts.lock(person_id, now)
        access.may_ask_refill(actor, chart.ids)
        found = pharmacy_by(pharmacy_id)
        _, is_new = begin_request(actor, request_key, "medications.choose-pharmacy", body, now)
        if is_new:
            Chart.objects.filter(pk=chart.person_id).update(pharmacy=found)
            audit.record(
                actor=actor, action="refill.pharmacy", category=CATEGORY, now=chart.recorded_at,
                subject_id=person_id, entity_id=found.pk,
            )  # fmt: skip
        return viewing.pharmacy(found)

    return write(work)


def list_pharmacies(*, actor: Actor, now: datetime) -> tuple[PharmacyView, ...]:
    """All that refills can be sent to, by name."""
    if actor.user_id is None and not actor.is_system:
        raise MedicineNotFound
    return tuple(
        viewing.pharmacy(row) for row in Pharmacy.objects.filter(active=True).order_by("name")[:MOST]
    )


def find_pharmacy_of(*, actor: Actor, person_id: PersonId, now: datetime) -> PharmacyView | None:
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    audit.record(actor=actor, action="refill.pharmacy", category=CATEGORY, now=now, subject_id=person_id)
    row = Pharmacy.objects.filter(pk__in=Chart.objects.filter(pk=ids[0]).values("pharmacy_id")).first()
    return viewing.pharmacy(row) if row else None


def pharmacy_by(pharmacy_id: UUID) -> Pharmacy:
    found = Pharmacy.objects.filter(pk=pharmacy_id, active=True).first()
    if found is None:
        raise Invalid(fields={"pharmacy_id": "unknown"})
    return found


def person_of_refill(refill_id: UUID) -> PersonId:
    found = Refill.objects.filter(pk=refill_id).values_list("person_id", flat=True).first()
    if found is None:
        raise MedicineNotFound
    return PersonId(found)


def refuse_stale(row: Refill, seen_version: int) -> None:
    if row.version != seen_version:
        raise StaleFact(seen=viewing.as_seen(row, seen_version), current=viewing.with_steps(row))


def _asked(
    state: State, line_id: UUID, refill_id: UUID, pharmacy_id: UUID | None, note: str, actor: Actor
) -> Refill:
    line = state.line(line_id)
    order = order_of(line)
    if order is None or order.site_id is None:
        raise CannotRefill
    at = state.chart.recorded_at
    chosen = pharmacy_id or Chart.objects.values_list("pharmacy_id", flat=True).get(pk=state.chart.person_id)
    return Refill(
        id=refill_id, version=1, person_id=state.chart.person_id, site_id=order.site_id, line_id=line_id,
        statement_id=order.statement_id, state=RefillState.REQUESTED.value, name=line.name, rxcui=line.rxcui,
        # As it stands on the list, and so as the patient asked for it: another source may say another dose.
        dosage_text=line.dosage_text or order.dosage.text,
        quantity_text=state.rows[order.statement_id]["quantity_text"], note=note,
        pharmacy=pharmacy_by(chosen) if chosen else None, requested_at=at, requested_by=actor.user_id,
        changed_at=at,
    )  # fmt: skip


def _get(refill_id: UUID) -> Refill:
    return Refill.objects.select_related("pharmacy").get(pk=refill_id)


def _audit(actor: Actor, action: str, row: Refill, chart: Locked) -> None:
    audit.record(
        actor=actor, action=action, category=CATEGORY, now=chart.recorded_at, entity_id=row.pk,
        subject_id=PersonId(row.person_id), site_id=SiteId(row.site_id),
        detail={"state": row.state, "version": str(row.version)},
    )  # fmt: skip
