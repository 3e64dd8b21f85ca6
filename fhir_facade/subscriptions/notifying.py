"""Notifications as the R5 backport writes them in R4: a Bundle that begins with Parameters about the
subscription (http://hl7.org/fhir/uv/subscriptions-backport, 1.1.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from fhir_facade.server.wire import Resource, instant, read_stored
from fhir_facade.subscriptions import topics
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from fhir_facade.subscriptions.standing import words_of
from fhir_facade.subscriptions.wanted import BACKPORT, CONTENTS

HANDSHAKE: Final = "handshake"
HEARTBEAT: Final = "heartbeat"
EVENT: Final = "event-notification"
QUERY_STATUS: Final = "query-status"
QUERY_EVENT: Final = "query-event"
Part = dict[str, Any]


def status(
    subscription: Subscription, kind: str, *, key: UUID, number: int, parts: Iterable[Part] = ()
) -> Resource:
    """SubscriptionStatus, as Parameters."""
    said: list[Part] = [
        {"name": "subscription", "valueReference": {"reference": _address(subscription)}},
        *({"name": "topic", "valueCanonical": url} for url in _topic(subscription)),
        {"name": "status", "valueCode": subscription.state},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(number)},
        *parts,
    ]
    if subscription.cause:
        said.append({"name": "error", "valueCodeableConcept": {"text": words_of(subscription.cause)}})
    return {
        "resourceType": "Parameters",
        "id": str(key),
        "meta": {"profile": [f"{BACKPORT}backport-subscription-status-r4"]},
        "parameter": said,
    }


def _address(subscription: Subscription) -> str:
    return f"{subscription.base}/Subscription/{subscription.pk}"


def _topic(subscription: Subscription) -> list[str]:
    return [topics.TOPICS[each].url for each in subscription.topics] if subscription.by_topic else []


def bundle(
    subscription: Subscription, kind: str, *, key: UUID, number: int, at: datetime,
    parts: Iterable[Part] = (), entries: Iterable[Part] = (),
) -> Resource:  # fmt: skip
    """The same arguments make the same bundle: one that is sent again is the one that was sent."""
    own = uuid5(key, kind)
    return {
        "resourceType": "Bundle",
        "id": str(key),
        "meta": {"profile": [f"{BACKPORT}backport-subscription-notification-r4"]},
        "type": "history",
        "timestamp": instant(at),
        "entry": [
            {
                "fullUrl": f"urn:uuid:{own}",
                "resource": status(subscription, kind, key=own, number=number, parts=parts),
                "request": {"method": "GET", "url": f"Subscription/{subscription.pk}/$status"},
                "response": {"status": "200"},
            },
            *entries,
        ],
    }


def of_event(subscription: Subscription, event: SubscriptionEvent, focus: Resource | None) -> Resource:
    """``focus`` None: there was something, and it may not be told what any more."""
    shown = None if subscription.content == "empty" else focus
    parts = [_part(subscription, event, shown)]
    entries = [_entry(subscription, event, shown)] if shown is not None else []
    return bundle(
        subscription, EVENT, key=event.bundle_id, number=event.number or 0, at=event.occurred_at, parts=parts,
        entries=entries,
    )  # fmt: skip


def _part(subscription: Subscription, event: SubscriptionEvent, focus: Resource | None) -> Part:
    said: list[Part] = [
        {"name": "event-number", "valueString": str(event.number)},
        {"name": "timestamp", "valueInstant": instant(event.occurred_at)},
    ]
    if focus is not None:
        url = f"{subscription.base}/{focus['resourceType']}/{focus['id']}"
        said.append({"name": "focus", "valueReference": {"reference": url}})
    return {"name": "notification-event", "part": said}


def _entry(subscription: Subscription, event: SubscriptionEvent, focus: Resource) -> Part:
    where = f"{focus['resourceType']}/{focus['id']}"
    made: Part = {"fullUrl": f"{subscription.base}/{where}"}
    if subscription.content == "full-resource":
        made["resource"] = focus
    return made | {"request": {"method": "PUT", "url": where}, "response": {"status": "200"}}


def again(sent: Iterable[str], *, content: str) -> tuple[list[Part], list[Part]]:
    """What was sent, again: its events and its entries, at most as much of them as ``content``."""
    parts: list[Part] = []
    entries: list[Part] = []
    for text in sent:
        said = read_stored(text)
        for part in _events_in(said):
            kept = [p for p in part["part"] if p["name"] != "focus" or content != CONTENTS[0]]
            parts.append({**part, "part": kept})
        for entry in said["entry"][1:]:
            if content != CONTENTS[0]:
                entries.append({k: v for k, v in entry.items() if k != "resource" or content == CONTENTS[2]})
    return parts, entries


def _events_in(said: Resource) -> Iterator[Part]:
    for part in said["entry"][0]["resource"]["parameter"]:
        if part["name"] == "notification-event":
            yield part


def focus_in(text: str) -> Resource | None:
    """The resource in a notification that was made."""
    entries = read_stored(text)["entry"][1:]
    return entries[0].get("resource") if entries else None
