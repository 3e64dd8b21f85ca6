"""What is delivered in the house: the demonstration's mailbox, and the list of calls that staff make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from notifications import calling
from notifications.carrying.accounts import CALL_LIST, DEMO
from notifications.carrying.calls import Call
from notifications.carrying.plan import Plan
from notifications.carrying.rows import Row, Settling, Step
from notifications.models import Attempt, DemoMail, MessageState


def keep(
    within: Sequence[Call],
    rows: Mapping[int, Row],
    attempts: Mapping[int, int],
    plan: Plan,
    now: datetime,
) -> None:
    """The transaction that hands them over is the whole delivery."""
    if not within:
        return
    DemoMail.objects.bulk_create(
        [_demo_mail(each, rows[each.delivery_id], now) for each in within if each.account.kind == DEMO],
        ignore_conflicts=True,
    )
    calling.open_calls([rows[each.delivery_id] for each in within if each.account.kind == CALL_LIST], now=now)
    for each in within:
        row, code = rows[each.delivery_id], each.account.code
        state = MessageState.DELIVERED if each.account.kind == DEMO else MessageState.ACCEPTED
        plan.done.add(each.delivery_id)
        plan.ends[each.delivery_id] = Settling(id=row.id, state=state, provider=code)
        plan.steps[each.delivery_id] = Step(
            id=row.id, number=attempts[each.delivery_id], step=Attempt.Step.ACCEPTED, provider=code
        )


def _demo_mail(call: Call, row: Row, now: datetime) -> DemoMail:
    letter = call.letter
    return DemoMail(
        message_id=row.id, channel=row.channel, address=letter.address, subject=letter.subject,
        text=letter.text, html=letter.html, calendar=letter.calendar, headers=dict(letter.headers),
        sent_at=now,
    )  # fmt: skip
