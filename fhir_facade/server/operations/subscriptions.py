"""``$status`` and ``$events``: how far a subscription is, and what was sent, again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from fhir_facade.server import auditing
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.operations import parameters
from fhir_facade.server.outcome import failed, not_found
from fhir_facade.server.registry import Definition
from fhir_facade.server.wire import Resource
from fhir_facade.subscriptions import locking, notifying, numbering, rights
from fhir_facade.subscriptions.keeping import own
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from fhir_facade.subscriptions.wanted import CONTENTS
from steadwell.ids import new_id

MOST_EVENTS: Final = 100
MOST_SUBSCRIPTIONS: Final = 100


def status(access: Access, definition: Definition, call: Call) -> Answer:
    """Of one, or of this client's own, by ``id`` and ``status``."""
    access.need("Subscription", "r")
    _by_get_or_post(call)
    found = [_own(access, call.path[1])] if len(call.path) == 3 else _several(access, call)
    entries = []
    for each in found:
        now = _up_to_date(each, access)
        entries.append(_entry(access, notifying.status(
            now, notifying.QUERY_STATUS, key=new_id(), number=now.number
        )))  # fmt: skip
    auditing.record(access, "subscription-status", "Subscription", [])
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "id": str(new_id()),
        "type": "searchset",
        "total": len(entries),
    }
    if entries:
        bundle["entry"] = entries
    return Answer(status=200, resource=bundle)


def events(access: Access, definition: Definition, call: Call) -> Answer:
    """What was sent with the numbers from ``eventsSinceNumber`` to ``eventsUntilNumber``, both included: at
    most 100 events, the first ones. Of what this token may not read any more, only the number.
    """
    access.need("Subscription", "r")
    _by_get_or_post(call)
    said = parameters.read(call)
    now = _up_to_date(_own(access, call.path[1]), access)
    content = parameters.one(said, "content") or now.content
    if content not in CONTENTS:
        raise failed(400, "value", "content is empty, id-only or full-resource.")
    first = _number(parameters.one(said, "eventsSinceNumber"), 1)
    last = _number(parameters.one(said, "eventsUntilNumber"), now.number)
    rows = SubscriptionEvent.objects.filter(
        subscription=now, number__isnull=False, number__gte=first, number__lte=last
    )
    sent = list(rows.order_by("number")[:MOST_EVENTS])
    for each in sent:
        numbering.check_again(now, access, each, keeps=False)
    parts, entries = notifying.again((each.body for each in sent), content=str(content))
    auditing.record(access, "subscription-events", "Subscription", _people(sent), entity=str(now.pk))
    return Answer(
        status=200,
        resource=notifying.bundle(
            now, notifying.QUERY_EVENT, key=new_id(), number=now.number, at=access.now, parts=parts,
            entries=entries,
        ),
    )  # fmt: skip


def _people(sent: Iterable[SubscriptionEvent]) -> list[UUID | None]:
    return [each.person_id for each in sent if each.focus_type]


def _by_get_or_post(call: Call) -> None:
    if call.method not in {"GET", "POST"}:
        raise failed(405, "not-supported", "This takes GET and POST.", headers={"Allow": "GET, POST"})


def _own(access: Access, key: str) -> Subscription:
    try:
        found = Subscription.objects.filter(pk=UUID(key), **own(access)).first()
    except ValueError:
        raise not_found() from None
    if found is None:
        raise not_found()
    return found


def _several(access: Access, call: Call) -> list[Subscription]:
    said = parameters.read(call)
    rows = Subscription.objects.filter(**own(access))
    if ids := [each for value in said.get("id", []) for each in str(value).split(",")]:
        rows = rows.filter(pk__in=[found for found in map(_uuid, ids) if found])
    if states := [each for value in said.get("status", []) for each in str(value).split(",")]:
        rows = rows.filter(state__in=states)
    return list(rows.order_by("pk")[:MOST_SUBSCRIPTIONS])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(said: Any, otherwise: int) -> int:
    if said is None:
        return otherwise
    text = str(said)
    if not text.isdecimal() or len(text) > 18:
        raise failed(400, "value", "The number of an event is a whole number.")
    return int(text)


def _up_to_date(subscription: Subscription, access: Access) -> Subscription:
    """With everything numbered that has happened, also while its receiver is away."""
    waiting = SubscriptionEvent.objects.filter(subscription=subscription, number__isnull=True)
    if not waiting.exists():
        return subscription
    with transaction.atomic():
        locked = locking.lock(subscription.pk)
        if locked is None:
            raise not_found()
        own_rights = rights.access_of(locked, now=access.now)
        if own_rights is not None and locked.state != Subscription.State.OFF:
            numbering.number(locked, own_rights)
    return locked


def _entry(access: Access, resource: Resource) -> dict[str, Any]:
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "search": {"mode": "match"},
    }
