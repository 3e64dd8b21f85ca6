"""Reports find their patients and their orders: by a person, by an order, or by what identity learnt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from labs import access, locking, metrics, publishing, recognising
from labs.errors import NotWaiting
from labs.models import Order, Report, Result
from labs.recognising import Wait
from steadwell import events
from steadwell.actor import Actor, system
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SourceRecordId

MATCHER = system("labs.matching")
# What identity can answer by itself, once it knows more. The others wait for a person.
_BY_IDENTITY = (Wait.UNKNOWN.value,)
_BEGINNING = (datetime.min.replace(tzinfo=UTC), events.NOBODY)
_PAGE = 500


def match_report(
    *, actor: Actor, report_id: UUID, person_id: PersonId | None, reason: str, now: datetime
) -> PersonId:
    """A person says whose a waiting report is; from now on its readers see it. Returns the patient.

    Where the laboratory's patient was unknown, what is decided is who that is: all reports of that patient
    follow, and so do later ones. ``person_id`` None says that it is a new patient. Where a single report
    contradicts itself or its order, only that report is decided. Raises NotWaiting, NotFound.
    """
    with transaction.atomic(durable=True):
        report = Report.objects.filter(pk=report_id).first()
        access.may_match(actor, report)
        assert report is not None  # noqa: S101 - may_match refuses it
        if not report.waits:
            raise NotWaiting
        if report.record_id is not None and report.waits in _BY_IDENTITY:
            _decide_record(actor, SourceRecordId(report.record_id), person_id, reason, now)
            _follow([report.record_id], now=now, outcome="person")
        else:
            if person_id is None:
                person_id = _stands_for(report)
            identity.current_person(person_id)
            locked = locking.lock_reports([report_id])[report_id]
            if not locked.waits:
                raise NotWaiting
            _give(locked, person_id, pinned=True, now=now, outcome="person")
        found = Report.objects.values_list("person_id", flat=True).get(pk=report_id) or events.NOBODY
        audit.record(
            actor=actor, action="lab.match", category="lab", now=now, entity_id=report_id,
            subject_id=PersonId(found), reason=reason, site_id=access.site_of(report),
        )  # fmt: skip
    return PersonId(found)


def _decide_record(
    actor: Actor, record_id: SourceRecordId, person_id: PersonId | None, reason: str, now: datetime
) -> None:
    standing = next(iter(identity.list_standings(record_ids=[record_id])))
    if person_id is None or person_id == standing.person_id:
        identity.confirm_record(actor=actor, record_id=record_id, reason=reason, now=now)
    else:
        identity.relink(actor=actor, record_id=record_id, person_id=person_id, reason=reason, now=now)


def _stands_for(report: Report) -> PersonId:
    """The person whom the laboratory's own record of its patient makes."""
    if report.record_id is None:
        raise NotFound
    return next(iter(identity.list_standings(record_ids=[SourceRecordId(report.record_id)]))).person_id


def person_changed(person_id: PersonId, *, now: datetime) -> int:
    """Identity learnt something about a person: the reports of their laboratory records follow."""
    ids = identity.person_ids_of(person_id)
    return _follow((each.record_id for each in identity.list_standings(person_ids=ids)), now=now)


def sweep(*, now: datetime) -> int:
    """Look again at all that waits for identity, in case nobody told. Run every few minutes."""
    moved, last = 0, _BEGINNING
    while True:
        found = Report.objects.filter(waits=Wait.UNKNOWN.value, record_id__isnull=False)
        page = list(
            found.filter(Q(received_at__gt=last[0]) | Q(received_at=last[0], pk__gt=last[1]))
            .order_by("received_at", "pk")
            .values_list("received_at", "pk", "record_id")[:_PAGE]
        )
        moved += _follow((record_id for _, _, record_id in page), now=now)
        if len(page) < _PAGE:
            return moved
        last = page[-1][:2]


def _follow(record_ids: Iterable[UUID | None], *, now: datetime, outcome: str = "identity") -> int:
    """Bring the reports of these source records to whom they stand for now; says how many moved."""
    wanted = [SourceRecordId(each) for each in dict.fromkeys(record_ids) if each is not None]
    if not wanted:
        return 0
    standings = {each.record_id: each for each in identity.list_standings(record_ids=wanted)}
    moved = 0
    with transaction.atomic():
        found = Report.objects.filter(
            Q(waits="") | Q(waits__in=_BY_IDENTITY), record_id__in=wanted, pinned=False
        )
        for report in locking.lock_reports(found.values_list("pk", flat=True)).values():
            standing = standings.get(SourceRecordId(report.record_id or events.NOBODY))
            if standing is None or report.pinned or report.waits not in {"", *_BY_IDENTITY}:
                continue
            if not recognising.is_known(standing):
                continue
            if _contradicts_order(report, standing.person_id):
                moved += _withhold(report, Wait.ANOTHERS_ORDER)
            elif report.waits or not _same(report.person_id, standing.person_id):
                moved += _give(report, standing.person_id, pinned=False, now=now, outcome=outcome)
    return moved


def _give(report: Report, person_id: PersonId, *, pinned: bool, now: datetime, outcome: str) -> int:
    """The report is theirs from now on. Its results move with it; its versions stay as they came."""
    before = PersonId(report.person_id) if report.person_id else None
    Report.objects.filter(pk=report.pk).update(person_id=person_id, waits="", pinned=report.pinned or pinned)
    Result.objects.filter(report_id=report.pk).update(person_id=person_id)
    if before is not None:
        audit.record(
            actor=MATCHER, action="lab.moved", category="lab", now=now, entity_id=report.pk,
            subject_id=before, detail={"to": str(person_id)},
        )  # fmt: skip
    publishing.tell_found(report_id=report.pk, person_id=person_id, version=report.version, now=now)
    metrics.matched.inc(outcome=outcome)
    return 1


def _withhold(report: Report, wait: Wait) -> int:
    """It is nobody's again, until a person decides."""
    Report.objects.filter(pk=report.pk).update(person_id=None, waits=wait.value)
    Result.objects.filter(report_id=report.pk).update(person_id=None)
    return 1


def _contradicts_order(report: Report, person_id: PersonId) -> bool:
    order = Order.objects.filter(pk=report.order_id).first() if report.order_id else None
    return order is not None and not identity.same_person(PersonId(order.person_id), person_id)


def _same(known: UUID | None, person_id: PersonId) -> bool:
    return known is not None and identity.same_person(PersonId(known), person_id)


def answer_order(order: Order, *, now: datetime) -> None:
    """Reports with the order's number that came before it. The caller holds the number's lock."""
    early = Report.objects.filter(placer_number=order.number, order__isnull=True)
    for report in locking.lock_reports(early.values_list("pk", flat=True)).values():
        changes: dict[str, object] = {"order_id": order.pk, "site_id": order.site_id}
        if order.practitioner_id is not None:
            changes["practitioner_id"] = order.practitioner_id
        Report.objects.filter(pk=report.pk).update(**changes)
        _hold_against(order, report, now)


def _hold_against(order: Order, report: Report, now: datetime) -> None:
    """The order agrees with whose the report is, settles it, or contradicts it: as if it had come first."""
    if report.pinned:
        return
    if report.person_id is not None and not report.waits:
        if identity.same_person(PersonId(report.person_id), PersonId(order.person_id)):
            publishing.tell_found(
                report_id=report.pk, person_id=report.person_id, version=report.version, now=now
            )
            return
        _withhold(report, Wait.ANOTHERS_ORDER)
    elif (
        report.waits == Wait.UNKNOWN
        and report.record_id is not None
        and recognising.record_agrees(
            SourceRecordId(report.record_id), PersonId(order.person_id), actor=MATCHER, now=now
        )
    ):
        _give(report, PersonId(order.person_id), pinned=False, now=now, outcome="order")
