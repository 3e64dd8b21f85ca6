"""Which of what happened a client may hear of, and under which number.

Under the subscription's row lock, in the order in which things were heard: each that the client may read then
gets the next number, its notification is made, and the audit trail says so; each that it may not read, or
that its filters leave out, is forgotten. So numbers have no gap, and none tells of what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

from fhir_facade.consents import masking
from fhir_facade.server import auditing, wire
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import Failed
from fhir_facade.server.registry import Definition, Origin, registry
from fhir_facade.server.search import clauses, compiling, running
from fhir_facade.subscriptions import notifying, topics
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from steadwell.relations import Sql, every, some

MOST: Final = 200  # at once: the rest has its turn after


def number(subscription: Subscription, access: Access) -> None:
    """In the row's lock."""
    waiting = SubscriptionEvent.objects.filter(subscription=subscription, number__isnull=True)
    before = subscription.number
    for event in waiting.order_by("pk")[:MOST]:
        found = focus_of(access, event, subscription.queries)
        if found is None:
            event.delete()
            continue
        subscription.number += 1
        event.number, event.focus_type = subscription.number, found.resource["resourceType"]
        event.body = wire.text(notifying.of_event(subscription, event, found.resource))
        event.save(update_fields=["number", "focus_type", "body"])
        auditing.record(access, "notify", event.focus_type, [found.person_id], entity=str(event.focus_id))
    if subscription.number != before:
        subscription.save(update_fields=["number"])


def check_again(
    subscription: Subscription, access: Access, event: SubscriptionEvent, *, keeps: bool = True
) -> None:
    """Before one that was made earlier is sent: what may not be read any more is taken out of it, and so are
    references to what a patient keeps back by now. Without ``keeps`` for this once: another token of the
    client may read it still.
    """
    if not event.focus_type:
        return
    before = event.body
    if focus_of(access, event, ()) is None:
        event.focus_type = ""
        event.body = wire.text(notifying.of_event(subscription, event, None))
    elif access.grant.limited:
        event.body = _masked(access, event.body)
    if keeps and event.body != before:
        event.save(update_fields=["focus_type", "body"])


def _masked(access: Access, body: str) -> str:
    """A notification without references to what this client may not see."""
    bundle = wire.read_stored(body)
    _status, *told = bundle["entry"]
    shown = masking.bodies(access, [each.get("resource") for each in told])
    for each, resource in zip(told, shown, strict=True):
        if resource is not None:
            each["resource"] = resource
    return wire.text(bundle)


def focus_of(
    access: Access, event: SubscriptionEvent, queries: list[list[str]] | tuple[()]
) -> running.Found | None:
    """What it is about, if this reader may read it and a filter matches."""
    topic = topics.TOPICS.get(event.topic)
    for kind in topic.types if topic else ():
        definition = registry().find(kind)
        if topic is None or definition is None or not access.rules(kind, "r"):
            continue
        for origin in definition.origins:
            try:
                tail = _tail(access, definition, origin, event, queries, whole=topic.whole)
                found = running.read_rows(access, definition, origin, "r", origin.person or "NULL", tail)
            except Failed:
                continue  # what cannot be asked any more matches nothing
            if found:
                return next(iter(found.values()))
    return None


def _tail(
    access: Access, definition: Definition, origin: Origin, event: SubscriptionEvent,
    queries: list[list[str]] | tuple[()], *, whole: bool,
) -> Sql:  # fmt: skip
    conditions = list(_conditions(access, definition, origin, event, queries))
    if whole and origin.name == "labs" and not access.reads_everybody:
        conditions.append(Sql("cardinality(t.shown) = t.results"))
    return Sql(" AND ") + every(conditions)


def _conditions(
    access: Access, definition: Definition, origin: Origin, event: SubscriptionEvent,
    queries: list[list[str]] | tuple[()],
) -> Iterator[Sql]:  # fmt: skip
    yield Sql("t.id = %s", (event.focus_id,))
    if queries:
        ways = []
        for kind, query in queries:
            if kind == definition.type:
                read = clauses.read(definition, _pairs(query), strict=True)
                ways.append(compiling.conditions(access, definition, origin, read.clauses))
        yield some(ways)


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)
