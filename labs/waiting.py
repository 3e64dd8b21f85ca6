"""The queue of reports that are nobody's yet: seen by staff of the site, and matched by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from labs import access
from labs.errors import ReportNotFound
from labs.models import Order, Report
from labs.types import WaitingReport
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, SourceRecordId

MOST = 100
_SUGGESTED = 6


def list_waiting(
    *, actor: Actor, now: datetime, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[WaitingReport]:
    """What waits at the actor's sites, oldest first. ``after`` is the last of the page before.

    NotFound for whoever matches nothing anywhere.
    """
    found = Report.objects.filter(access.matchable(actor)).exclude(waits="")
    if after is not None:
        at, last = after
        found = found.filter(Q(received_at__gt=at) | Q(received_at=at, pk__gt=last))
    reports = list(found.order_by("received_at", "pk")[: min(limit, MOST)])
    return _views(actor, reports, now)


def count_waiting(*, actor: Actor) -> int:
    """How many wait at the actor's sites, 100 at most: for a badge. One statement of a small index."""
    found = Report.objects.filter(access.matchable(actor)).exclude(waits="")
    return len(found.order_by("received_at", "pk").values_list("pk", flat=True)[:MOST])


def count_sql(actor: Actor) -> tuple[str, dict[str, Any]]:
    """The rows of ``count_waiting`` as a statement to be counted in another, and its values."""
    found = Report.objects.filter(access.matchable(actor)).exclude(waits="")
    query, values = found.order_by("received_at", "pk").values("pk")[:MOST].query.sql_with_params()
    named = {f"waits_{number}": value for number, value in enumerate(values)}
    return query % tuple(f"%({name})s" for name in named), named


def get_waiting(*, actor: Actor, report_id: UUID, now: datetime) -> WaitingReport:
    """One of them. Raises ReportNotFound, also when it no longer waits."""
    report = Report.objects.filter(pk=report_id).exclude(waits="").first()
    access.may_match(actor, report)
    if report is None:
        raise ReportNotFound
    return _views(actor, [report], now)[0]


def list_candidates(*, actor: Actor, report_id: UUID, now: datetime) -> list[identity.PersonSummary]:
    """Who it may be, best first: whom the order names, and who has the same name and birth date."""
    waiting = get_waiting(actor=actor, report_id=report_id, now=now)
    found: dict[PersonId, identity.PersonSummary] = {}
    if waiting.order_person_id is not None:
        found |= identity.names(actor=actor, person_ids=[waiting.order_person_id], now=now)
    if waiting.said is not None:
        for text in _questions(waiting.said):
            for person in identity.search(actor=actor, text=text, now=now, limit=_SUGGESTED):
                if person.person_id != waiting.said.person_id:
                    found.setdefault(person.person_id, person)
    return list(found.values())[:_SUGGESTED]


def _questions(said: identity.PersonSummary) -> Sequence[str]:
    born = said.birth_date.isoformat() if said.birth_date else ""
    exact = f"{said.given_name} {said.family_name} {born}".strip()
    return [exact, f"{said.family_name} {born}"] if born else [exact]


def _views(actor: Actor, reports: Sequence[Report], now: datetime) -> list[WaitingReport]:
    """Three statements for the whole page, and one audit row for each report."""
    records = {SourceRecordId(each.record_id) for each in reports if each.record_id}
    standings = {each.record_id: each.person_id for each in identity.list_standings(record_ids=records)}
    people = identity.names(actor=actor, person_ids=set(standings.values()), now=now)
    orders = dict(
        Order.objects.filter(pk__in={each.order_id for each in reports if each.order_id}).values_list(
            "pk", "person_id"
        )
    )
    audit.record_many(
        [audit.Entry(action="lab.view-waiting", category="lab", entity_id=each.pk) for each in reports],
        actor=actor,
        now=now,
    )
    return [
        WaitingReport(
            report_id=each.pk,
            reason=each.waits,
            sender=each.sender,
            site_id=SiteId(each.site_id) if each.site_id else None,
            received_at=each.received_at,
            name=each.name if access.reads(actor, each) else "",
            critical=each.critical,
            said=people.get(standings[SourceRecordId(each.record_id)]) if each.record_id else None,
            order_person_id=PersonId(orders[each.order_id]) if each.order_id else None,
        )
        for each in reports
    ]
