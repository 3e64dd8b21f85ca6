"""Subscriptions as clients write them: made, changed, taken away; only their own (DESIGN 4)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from fhir_facade.server import documents, wire
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import failed, not_found, stale
from fhir_facade.server.wire import Resource
from fhir_facade.server.writers import Stored
from fhir_facade.smart.models import Client
from fhir_facade.subscriptions import hearing, locking, places, rights, sealing, standing, wanted
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from steadwell.ids import new_id
from steadwell.outbox import service as outbox

MOST_OF_A_SYSTEM: Final = 100
MOST_OF_AN_APP: Final = 10  # of one client for one patient or user
_DUE = "fhir.subscription-"
# What the receiver is, and what it gets: a change of these greets it again.
_GREETS: Final = (
    "criteria", "queries", "topics", "content", "payload", "endpoint", "timeout", "heartbeat", "by_topic",
)  # fmt: skip
State = Subscription.State


def own(access: Access) -> dict[str, Any]:
    """Whose subscriptions a token reaches: its client's, made for the same user and patient."""
    grant = access.grant
    found: dict[str, Any] = {"client__client_id": grant.client_id, "deleted_at__isnull": True}
    for name, value in (("user_id", grant.user_id), ("person_id", grant.person_id)):
        found |= {name: value} if value is not None else {f"{name}__isnull": True}
    return found


class Keeping:
    """The writer of Subscription."""

    def create(self, access: Access, said: Resource) -> Stored:
        asked = wanted.read(access, said)
        # Of those that a client makes at the same time, each is counted.
        client = Client.objects.select_for_update(no_key=True).get(client_id=access.grant.client_id)
        _not_too_many(access)
        key = access.key_for_next or new_id()
        access.key_for_next = None
        made = Subscription.objects.create(
            id=key, client=client, changed_at=access.now, **rights.columns_of(access),
            **_columns(access, asked, said),
        )  # fmt: skip
        _note(access, made, "POST")
        if not asked.off:
            hearing.wake(made.topics, now=access.now)
            standing.promise(made, now=access.now)
        standing.promise_end(made, now=access.now)
        return Stored(key=made.pk)

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored:
        """Written with another token of the same client, it sends with the rights of that one from now on."""
        asked = wanted.read(access, said)
        now = _locked(access, key, version)
        before = {name: getattr(now, name) for name in _GREETS}
        headers = sealing.unseal(now.headers)
        columns = rights.columns_of(access) | _columns(access, asked, said)
        works = now.state in {State.ACTIVE, State.REQUESTED} and not now.failures
        if works and not asked.off and _is_known(now, columns, asked):
            return Stored(key=key)  # the same again: no version, and its receiver hears nothing of it
        was = now.state
        for name, value in columns.items():
            setattr(now, name, value)
        now.version, now.changed_at, now.cause, now.failures = now.version + 1, access.now, "", 0
        same = before == {name: getattr(now, name) for name in _GREETS} and headers == asked.headers
        if same and was == State.ACTIVE and not asked.off:
            now.state = State.ACTIVE
        elif not asked.off:
            now.handshake_id = new_id()
        now.save()
        _note(access, now, "PUT")
        self._go_on(now, access)
        return Stored(key=key)

    def _go_on(self, now: Subscription, access: Access) -> None:
        standing.promise_end(now, now=access.now)
        if now.state == State.OFF:
            standing.rest(now)
        else:  # at once, whatever pause it was in
            hearing.wake(now.topics, now=access.now)
            standing.promise_anew(now, now=access.now)

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        now = _locked(access, key, version)
        now.deleted_at, now.changed_at, now.state, now.promised = access.now, access.now, State.OFF, False
        now.version, now.headers = now.version + 1, ""
        now.save()
        _note(access, now, "DELETE")
        SubscriptionEvent.objects.filter(subscription=now).delete()
        outbox.cancel_due(kind_prefix=_DUE, about=now.pk)
        places.free(now, now=access.now)


def _locked(access: Access, key: UUID, version: int | None) -> Subscription:
    """The version is compared under the lock: of two writers who saw the same one, one is stale."""
    if not Subscription.objects.filter(pk=key, **own(access)).exists():
        raise not_found()
    found = locking.lock(key)
    if found is None:
        raise not_found()
    if version is not None and version != found.version:
        raise stale(str(found.version))
    return found


def _not_too_many(access: Access) -> None:
    grant = access.grant
    most = MOST_OF_A_SYSTEM if grant.user_id is None and grant.person_id is None else MOST_OF_AN_APP
    if Subscription.objects.filter(**own(access)).exclude(state=State.OFF).count() >= most:
        raise failed(
            422, "too-costly", f"At most {most} subscriptions of a client. Delete one, or turn it off."
        )


def _note(access: Access, now: Subscription, method: str) -> None:
    """Who wrote it, for its Provenance. What it read as is not kept: its headers are secrets."""
    documents.add_version(
        access, now.pk, now.version, method, None, access.grant.person_id, kind="Subscription"
    )


def _columns(access: Access, asked: wanted.Wanted, said: Resource) -> dict[str, Any]:
    return {
        "body": wire.text(_without_ours(access, said)), "criteria": asked.criteria,
        "by_topic": asked.by_topic, "topics": asked.topics, "queries": asked.queries,
        "content": asked.content, "payload": asked.payload, "endpoint": asked.endpoint,
        "receiver": asked.receiver, "headers": sealing.seal(asked.headers), "heartbeat": asked.heartbeat,
        "timeout": asked.timeout, "ends_at": asked.ends_at,
        "state": State.OFF if asked.off else State.REQUESTED,
    }  # fmt: skip


def _is_known(now: Subscription, columns: dict[str, Any], asked: wanted.Wanted) -> bool:
    own = {"body", "headers", "state"}
    same = all(getattr(now, name) == value for name, value in columns.items() if name not in own)
    before, said = (wire.canonical(wire.read_stored(each)) for each in (now.body, columns["body"]))
    return same and before == said and sealing.unseal(now.headers) == asked.headers


def _without_ours(access: Access, said: Resource) -> Resource:
    """Status and error are the server's, headers are kept sealed."""
    left = {n: v for n, v in said.items() if n not in {"resourceType", "id", "meta", "status", "error"}}
    meta = {n: v for n, v in said.get("meta", {}).items() if n not in {"versionId", "lastUpdated"}}
    channel = {n: v for n, v in said["channel"].items() if n not in {"header", "_header"}}
    return {**left, "channel": channel, "meta": {**meta, "source": documents.source_of(access, said)}}


def was_deleted(access: Access, key: str) -> bool:
    """Whether this token's own one was: then it is gone, and not unknown."""
    try:
        wanted_id = UUID(key)
    except ValueError:
        return False
    reached = own(access) | {"deleted_at__isnull": False}
    return Subscription.objects.filter(pk=wanted_id, **reached).exists()


WRITER = Keeping()
