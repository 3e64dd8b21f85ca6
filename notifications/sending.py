"""Carrying one e-mail: prepare in a transaction, call with no connection held, settle with the promise's
mark.

In the demonstration the mailbox is a table of ours, written in the transaction that keeps the promise:
exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from notifications import contact_points, metrics, readers, rendering, status
from notifications.models import Attempt, DemoMail, Message, MessageState
from notifications.ports import Channel, Unreached, Unsure
from notifications.smtp import SmtpChannel
from notifications.types import Letter, Receipt
from steadwell import clock
from steadwell.events import MessageDue
from steadwell.ids import MessageId, PersonId, UserId
from steadwell.outbox import service as outbox

ATTEMPTS = 8
_DEMO = "demo-mailbox"
# The mail server knows no such mailbox, for good (RFC 5321, section 4.2.3).
GONE = frozenset({"smtp-550", "smtp-551", "smtp-553"})


class EmailSender:
    """The outbox's consumer for e-mail. ``channel`` is made per call, so that settings decide."""

    def prepare(self, event: MessageDue, ctx: outbox.DeliveryContext) -> Letter | None:
        message = Message.objects.select_for_update().filter(pk=event.message_id).first()
        if message is None or message.state not in status.UNDELIVERED:
            return None  # superseded meanwhile, or settled by an attempt that lost its lease
        if message.expires_at is not None and ctx.now >= message.expires_at:
            _move(message, MessageState.EXPIRED, ctx.now, cause="too-late")
            return None
        reader_id = UserId(message.reader_id) if message.reader_id else None
        code = contact_points.for_code(message)
        if code is not None:
            message.address = code[0]
        elif message.person_id is None:
            message.address = readers.staff_address(reader_id)
        else:
            message.address = readers.address_of(PersonId(message.person_id), reader_id, now=ctx.now)
        if not message.address:
            _move(message, MessageState.FAILED, ctx.now, cause="no-address")
            return None
        message.uncertain = message.uncertain or ctx.uncertain
        _note(message, ctx.attempt, Attempt.Step.BEGAN, ctx.now, uncertain=ctx.uncertain)
        _move(message, MessageState.HANDED, ctx.now)
        letter = _letter(message, ctx.attempt, code[1] if code else {})
        if settings.DEMO:
            _put_in_demo_mailbox(message, letter, ctx.now)
            return None
        return letter

    def call(self, call: Letter) -> Receipt:
        channel = email_channel()
        try:
            return channel.send(call)
        except Unreached as error:
            _note_letter(call, Attempt.Step.UNREACHED, channel.provider, error.cause)
            if call.attempt >= ATTEMPTS:
                return Receipt(accepted=False, provider=channel.provider, cause=error.cause)
            raise outbox.Retry(error.cause) from error
        except Unsure as error:
            _note_letter(call, Attempt.Step.UNSURE, channel.provider, error.cause)
            if call.attempt >= ATTEMPTS:
                return Receipt(accepted=False, provider=channel.provider, cause=error.cause)
            raise

    def settle(self, event: MessageDue, ctx: outbox.DeliveryContext, outcome: Receipt) -> None:
        message = Message.objects.select_for_update().get(pk=event.message_id)
        now = clock.now()  # the call took its time; ctx.now is when the attempt began
        step = Attempt.Step.ACCEPTED if outcome.accepted else Attempt.Step.REFUSED
        _note(message, ctx.attempt, step, now, provider=outcome.provider, cause=outcome.cause)
        message.provider = outcome.provider
        if outcome.accepted:
            _move(message, MessageState.ACCEPTED, now)
        else:
            _move(message, MessageState.FAILED, now, cause=outcome.cause)
            if outcome.cause in GONE and message.reader_id and message.person_id:
                contact_points.note_bounce(
                    reader_id=message.reader_id, channel=message.channel, address=message.address,
                    cause=outcome.cause, now=now,
                )  # fmt: skip


def email_channel() -> Channel:
    return SmtpChannel()


def _letter(message: Message, attempt: int, more: Mapping[str, str]) -> Letter:
    notice = message.notice  # none for an alert to staff
    words = rendering.words(
        message.template, {**message.params, **more}, message.language, message.template_version
    )
    mail = rendering.mail(words, token=(notice.token or "") if notice else None, language=message.language)
    return Letter(
        message_id=MessageId(message.pk),
        attempt=attempt,
        address=message.address,
        language=message.language,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        calendar=notice.calendar if notice else "",
        is_last_attempt=attempt >= ATTEMPTS,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )


def _put_in_demo_mailbox(message: Message, letter: Letter, now: datetime) -> None:
    DemoMail.objects.create(
        message=message, address=letter.address, subject=letter.subject, text=letter.text, html=letter.html,
        calendar=letter.calendar, headers=dict(letter.headers), sent_at=now,
    )  # fmt: skip
    _note(message, letter.attempt, Attempt.Step.ACCEPTED, now, provider=_DEMO)
    message.provider, message.accepted_at = _DEMO, now
    _move(message, MessageState.DELIVERED, now)


def _move(message: Message, state: MessageState, now: datetime, *, cause: str = "") -> None:
    """The one place where an e-mail's state changes. A repeated attempt hands over what is handed over
    already.
    """
    old, new = status.State(message.state), status.State(state)
    if old is not new and not status.may_move(old, new):
        return  # superseded while the call was under way: what is known of the call is in its attempts
    message.state, message.cause = state, cause
    if state in {MessageState.FAILED, MessageState.EXPIRED}:
        message.ended_at = now
    elif state == MessageState.HANDED:
        message.handed_at = message.handed_at or now
    elif state == MessageState.ACCEPTED:
        message.accepted_at = now
    elif state == MessageState.DELIVERED:
        message.delivered_at = now
    message.save()
    if state != MessageState.HANDED:
        transaction.on_commit(lambda: _count(message, state, now))


def _count(message: Message, state: MessageState, now: datetime) -> None:
    metrics.ended.inc(template=message.template, outcome=state)
    if state in {MessageState.ACCEPTED, MessageState.DELIVERED}:
        seconds = max(0.0, (now - message.told_at).total_seconds())
        metrics.latency.observe(seconds, template=message.template)


def _note(
    message: Message,
    number: int,
    step: Attempt.Step,
    now: datetime,
    *,
    provider: str = "",
    cause: str = "",
    uncertain: bool = False,
) -> None:
    Attempt.objects.create(
        message=message, number=number, step=step, provider=provider, cause=cause, uncertain=uncertain, at=now
    )


def _note_letter(letter: Letter, step: Attempt.Step, provider: str, cause: str) -> None:
    """After the call, by itself: the promise is not kept yet, and the next attempt should know why."""
    Attempt.objects.create(
        message_id=letter.message_id,
        number=letter.attempt,
        step=step,
        provider=provider,
        cause=cause,
        at=clock.now(),
    )
