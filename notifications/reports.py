"""What providers report back: verified at the door, stored as it came, taken in by a worker.

A report of a text message is signed over the time, the address it was sent to and the body; one of e-mail as
``channels.mail_reports`` says, and how old it may be. The same report again is the same row, and a
message only moves forward: so a report that comes late, twice or replayed changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

from django.db import connection, transaction

from notifications import bounces, fallback
from notifications.carrying import health, rows
from notifications.carrying.accounts import all_accounts
from notifications.channels import mail_reports, sms
from notifications.channels.http import plain
from notifications.channels.mail_said import Said, What
from notifications.models import Attempt, DeliveryReport, Message
from steadwell.errors import NotFound
from steadwell.events import DeliveryReported, Event, MailReported
from steadwell.ids import new_id
from steadwell.outbox import service as outbox

TOLERANCE: Final = timedelta(minutes=5)
LONGEST: Final = 8 * 1024
LONGEST_OF_MAIL: Final = 64 * 1024
# So long a report of e-mail waits for the answer to its call, by which alone it may be known.
WAITS: Final = timedelta(minutes=10)
_STORE = """
INSERT INTO notifications_deliveryreport (id, provider, body, digest, received_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (digest) DO NOTHING
"""
# Also from a provider that said no, or nothing, after it had taken the message: it goes no further then.
_DELIVERED = """
UPDATE notifications_message m SET state = 'delivered', delivered_at = %(now)s, provider_ref = %(reference)s,
    accepted_at = coalesce(accepted_at, %(now)s), provider = %(provider)s
WHERE id = %(id)s AND (
    provider = %(provider)s AND state IN ('handed', 'uncertain', 'accepted')
    OR state IN ('due', 'claimed', 'handed') AND EXISTS (SELECT FROM notifications_attempt a
        WHERE a.message_id = m.id AND a.step = 'began' AND a.provider = %(provider)s))
RETURNING coalesce(accepted_at, %(now)s)
"""
_BOUNCED = """
UPDATE notifications_message SET state = 'failed', ended_at = %(now)s, cause = %(cause)s,
    provider_ref = %(reference)s
WHERE id = %(id)s AND provider = %(provider)s AND state IN ('handed', 'uncertain', 'accepted', 'delivered')
RETURNING coalesce(accepted_at, %(now)s)
"""


class BadSignature(NotFound):
    """Unsigned, wrongly signed or too old: to a stranger there is nothing here."""

    code = "report-not-signed"


def sign(secret: str, *, at: int, url: str, body: bytes) -> str:
    """The header ``X-Signature``: ``t=<unix seconds>,v1=<hex>``."""
    signed = hmac.new(secret.encode(), b"%d.%s.%s" % (at, url.encode(), body), hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def receive(*, provider: str, message_id: UUID, url: str, body: bytes, signature: str, now: datetime) -> None:
    """Store a report and promise that it is taken in. Raises BadSignature; a repeated one changes nothing."""
    account = all_accounts().get(provider)
    if account is None or not account.report_secret or len(body) > LONGEST:
        raise BadSignature
    at = _signed_at(signature)
    expected = sign(account.report_secret, at=at, url=url, body=body)
    is_genuine = hmac.compare_digest(expected.encode(), signature.encode())
    if not is_genuine or abs(now.timestamp() - at) > TOLERANCE.total_seconds():
        raise BadSignature
    digest = hashlib.sha256(b"%s.%s.%d.%s" % (provider.encode(), message_id.bytes, at, body)).digest()
    _store(
        provider, body, digest,
        lambda report_id: DeliveryReported(report_id=report_id, message_id=message_id), now=now,
    )  # fmt: skip


def receive_mail(*, provider: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """As ``receive``, for what an e-mail provider tells of any of its messages."""
    account = all_accounts().get(provider)
    dialect = mail_reports.DIALECTS.get(account.dialect) if account else None
    if account is None or dialect is None or not account.report_secret or len(body) > LONGEST_OF_MAIL:
        raise BadSignature
    name = dialect.genuine(account.report_secret, headers, body, now=now)
    if name is None:
        raise BadSignature
    # The report's own name, not the time: a provider that repeats it signs it anew.
    digest = hashlib.sha256(b"%s.mail.%s" % (provider.encode(), name.encode())).digest()
    _store(provider, body, digest, lambda report_id: MailReported(report_id=report_id), now=now)


def _store(
    provider: str, body: bytes, digest: bytes, promise: Callable[[UUID], Event], *, now: datetime
) -> None:
    report_id = new_id()
    text = body.decode("utf-8", "replace").replace("\0", "\ufffd")  # a NUL is kept in no text
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_STORE, [report_id, provider, text, digest, now])
            is_new = bool(cursor.rowcount)
        if is_new:
            outbox.publish(promise(report_id), now=now)


def take_in(heard: Sequence[outbox.Heard[DeliveryReported]]) -> None:
    """Move the messages that reports are about."""
    stored = DeliveryReport.objects.in_bulk([each.event.report_id for each in heard])
    steps = []
    for each in heard:
        report = stored.get(each.event.report_id)
        if report is not None:
            steps += _apply(report, _of_text(report, each.event.message_id), each.ctx.now)
    rows.note(steps, now=heard[0].ctx.now)


def take_in_mail(heard: Sequence[outbox.Heard[MailReported]]) -> None:
    """The same for e-mail. What is about no message of ours is left alone, once its answer must have come."""
    stored = DeliveryReport.objects.in_bulk([each.event.report_id for each in heard])
    steps = []
    for each in heard:
        report = stored.get(each.event.report_id)
        if report is None:
            continue
        for said in _of_mail(report):
            steps += _apply(report, _known(report, said, each.ctx.now), each.ctx.now)
    rows.note(steps, now=heard[0].ctx.now)


def _of_mail(report: DeliveryReport) -> list[Said]:
    """In the dialect of its provider; nothing when that is none of ours any more."""
    account = all_accounts().get(report.provider)
    dialect = mail_reports.DIALECTS.get(account.dialect) if account else None
    told = dialect.read(report.body.encode()) if dialect else []
    return [said for said in told if said.what is not What.OTHER]


def _known(report: DeliveryReport, said: Said, now: datetime) -> Said:
    """With the message's id, looked up by the provider's own where it gave back none of ours."""
    if said.message_id is not None or not said.reference:
        return said
    found = Message.objects.filter(provider=report.provider, provider_ref=said.reference)
    message_id = found.values_list("id", flat=True).first()
    if message_id is None and now - report.received_at < WAITS:
        raise outbox.Retry("message-not-known")
    return replace(said, message_id=message_id)


def _of_text(report: DeliveryReport, message_id: UUID) -> Said:
    told = {name: values[0] for name, values in parse_qs(report.body).items()}
    status, reference = told.get("MessageStatus", ""), plain(told.get("MessageSid", ""), 120)
    what, cause = What.OTHER, ""
    if status in sms.DELIVERED:
        what = What.DELIVERED
    elif status in sms.FAILED:
        what, cause = What.FAILED, f"sms-{plain(told.get('ErrorCode') or status, 40)}"
    return Said(what=what, message_id=message_id, reference=reference, cause=cause)


def _apply(report: DeliveryReport, said: Said, now: datetime) -> list[rows.Step]:
    if said.message_id is None:
        return []
    if said.what is What.DELIVERED:
        return _delivered(report, said.message_id, said.reference, now)
    if said.what is What.FAILED:
        return _bounced(report, said.message_id, said.reference, said.cause, now)
    if said.what is What.COMPLAINED:
        return _complained(report, said.message_id, said, now)
    return []


def _complained(report: DeliveryReport, message_id: UUID, said: Said, now: datetime) -> list[rows.Step]:
    """Who calls it unwanted has got it; their address is written to no more until they confirm it again."""
    steps = _delivered(report, message_id, said.reference, now)
    if not Message.objects.filter(pk=message_id, provider=report.provider).exists():
        return []
    bounces.note_complaint(message_id, cause=said.cause, now=now)
    step = Attempt.Step.COMPLAINED
    return [*steps, rows.Step(id=message_id, number=0, step=step, provider=report.provider, cause=said.cause)]


def _delivered(report: DeliveryReport, message_id: UUID, reference: str, now: datetime) -> list[rows.Step]:
    values = {"id": message_id, "provider": report.provider, "reference": reference, "now": now}
    accepted_at = _moved(_DELIVERED, values)
    if accepted_at is None:
        return []
    health.note_report(report.provider, accepted_at=accepted_at)
    health.close([report.provider], now=now, reported=True)
    return [rows.Step(id=message_id, number=0, step=Attempt.Step.DELIVERED, provider=report.provider)]


def _bounced(
    report: DeliveryReport, message_id: UUID, reference: str, cause: str, now: datetime
) -> list[rows.Step]:
    values = {
        "id": message_id, "provider": report.provider, "reference": reference, "cause": cause, "now": now,
    }  # fmt: skip
    if _moved(_BOUNCED, values) is None:
        return []
    bounces.note([message_id], now=now)
    fallback.after_failure([message_id], now=now)
    step = Attempt.Step.BOUNCED
    return [rows.Step(id=message_id, number=0, step=step, provider=report.provider, cause=cause)]


def _moved(statement: str, values: Mapping[str, Any]) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _signed_at(signature: str) -> int:
    stamp = signature.partition(",")[0].removeprefix("t=")
    return int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else 0
