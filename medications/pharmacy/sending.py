"""Handing refills over and fetching what pharmacies say: consumers of the queue ``medications``.

Prepare in a transaction, call with no connection held, settle in the one that marks the promise kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from medications import metrics, ports
from medications.models import Pharmacy, PharmacyMailbox, PharmacyMessage, Refill
from medications.pharmacy import answers, demo, waiting, wire
from medications.ports import NotReached, Outgoing
from medications.refills import deciding, steps
from medications.types import RefillState
from steadwell import clock, events
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from steadwell.outbox import service as outbox

ACTOR = system("medications.pharmacy")
# Of one promise; a message that is not taken by then goes again when the pharmacy's hours are over.
ATTEMPTS = 5
MAILBOX = "medications.mailbox"
_OPEN = frozenset({RefillState.APPROVED.value, RefillState.SENT.value})
_FULL = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What came of a call: the answer, or why there is none."""

    network: str
    answer: Mapping[str, Any] | None
    cause: str = ""


class RefillSender:
    """Hands one approved refill to its pharmacy."""

    def prepare(self, event: events.RefillSendDue, ctx: outbox.DeliveryContext) -> Outgoing | None:
        refill = steps.lock(event.refill_id)
        if refill.state not in _OPEN or refill.pharmacy is None:
            return None  # answered, or closed meanwhile
        if not deciding.is_still_ordered(refill):
            # Hours may lie between the yes and a network that is back. A clinician looks; it is not sent.
            waiting.forget(refill)
            steps.move(refill, RefillState.UNANSWERED, actor=ACTOR, at=ctx.now, reason="order-stopped")
            return None
        patient = identity.get_person(actor=ACTOR, person_id=PersonId(refill.person_id), now=ctx.now)
        body = wire.new_rx(refill, patient, at=ctx.now)
        network = refill.pharmacy.network
        _keep_sent(refill, network, body, ctx)
        refill.attempts += 1
        steps.note(refill, "handed", actor=ACTOR, at=ctx.now, attempt=refill.attempts)
        if demo.stands_in(network):
            demo.accept(refill, network, ctx.now)
            return None
        return Outgoing(
            network=network,
            wire_id=str(refill.message_id),
            body=body,
            is_last_attempt=ctx.attempt >= ATTEMPTS,
        )

    def call(self, call: Outgoing) -> Handed:
        try:
            answer = ports.network().send(call)
        except NotReached as error:
            metrics.pharmacy_calls.inc(outcome=error.cause)
            if call.is_last_attempt:
                return Handed(network=call.network, answer=None, cause=error.cause)
            if error.cause == "breaker-open":
                raise outbox.Retry(error.cause, after=timedelta(seconds=30)) from error
            raise outbox.Retry(error.cause) from error
        metrics.pharmacy_calls.inc(outcome="answered")
        return Handed(network=call.network, answer=answer)

    def settle(self, event: events.RefillSendDue, ctx: outbox.DeliveryContext, outcome: Handed) -> None:
        now = clock.now()
        if outcome.answer is None:
            refill = steps.lock(event.refill_id)
            steps.note(refill, "not-reached", actor=ACTOR, at=now, reason=outcome.cause)
            return  # the hours that a pharmacy has to answer run on, and then it is handed over again
        answers.take(outcome.answer, network=outcome.network, now=now)
        refill = steps.lock(event.refill_id)
        if refill.state == RefillState.APPROVED:
            refill.sent_at = now
            steps.move(refill, RefillState.SENT, actor=ACTOR, at=now, attempt=refill.attempts)
        elif refill.sent_at is None:
            Refill.objects.filter(pk=refill.pk).update(sent_at=now)


class MailboxReader:
    """Fetches what one network holds for us, from where it was read to."""

    def prepare(self, event: events.PharmacyMailboxDue, ctx: outbox.DeliveryContext) -> tuple[str, str]:
        row, _ = PharmacyMailbox.objects.get_or_create(network=event.network)
        return event.network, row.cursor

    def call(self, call: tuple[str, str]) -> tuple[str, str, Sequence[Mapping[str, Any]], str]:
        network, cursor = call
        try:
            messages, after = ports.network().collect(network=network, cursor=cursor)
        except NotReached as error:
            metrics.pharmacy_calls.inc(outcome=error.cause)
            return network, cursor, (), cursor  # the next round, a minute from now, reads it
        return network, cursor, messages, after

    def settle(
        self, event: events.PharmacyMailboxDue, ctx: outbox.DeliveryContext,
        outcome: tuple[str, str, Sequence[Mapping[str, Any]], str],
    ) -> None:  # fmt: skip
        network, cursor, messages, after = outcome
        now = clock.now()
        box = PharmacyMailbox.objects.select_for_update().get(network=network)
        if box.cursor != cursor:
            return  # another reader was here first; messages count once in any case
        for message in messages:
            answers.take(message, network=network, now=now)
        box.cursor, box.read_at = after, now
        box.save()
        if len(messages) >= _FULL:
            outbox.publish(events.PharmacyMailboxDue(network=network), now=now)


def read_mailboxes(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Every minute: one promise per network that has pharmacies."""
    used = set(Pharmacy.objects.values_list("network", flat=True)) & set(settings.PHARMACY_NETWORKS)
    outbox.publish_many([events.PharmacyMailboxDue(network=each) for each in sorted(used)], now=ctx.now)


def _keep_sent(refill: Refill, network: str, body: Mapping[str, Any], ctx: outbox.DeliveryContext) -> None:
    """The message as it went out, once: sent again, it is the same message."""
    wire_id = str(refill.message_id)
    if not PharmacyMessage.objects.filter(network=network, direction="out", wire_id=wire_id).exists():
        PharmacyMessage.objects.create(
            id=new_id(), network=network, direction="out", wire_id=wire_id, kind="NewRx", refill=refill,
            body=body, at=ctx.now, effect="handed",
        )  # fmt: skip
