"""A message in the words and the shape of its channel."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from notifications import contact_points, rendering
from notifications.addresses import Where
from notifications.carrying.rows import Row
from notifications.carrying.settling import ATTEMPTS
from notifications.models import Channel
from notifications.status import MAY_BE_OUT
from notifications.types import Account, Letter, Urgency
from steadwell.ids import MessageId

_MAIL_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def write(row: Row, account: Account, where: Where, attempt: int, *, asks: bool = False) -> Letter:
    """What the channel needs. A question (``asks``) needs no words. Without a notice (an alert to staff) the
    link leads to the message's own page of the clinic.
    """
    if asks:
        return _letter(row, where, attempt)
    params = {**row.params, **contact_points.params_of_code(row.template, row.key)}
    # As its reader reads now; what may be out already is said again in the same words.
    language = row.language if row.state in MAY_BE_OUT else where.language or row.language
    words = rendering.words(row.template, params, language, row.template_version)
    if row.channel == Channel.EMAIL:
        mail = rendering.mail(words, token=row.token, language=language)
        return _letter(
            row, where, attempt, language=language, subject=mail.subject, text=mail.text, html=mail.html,
            calendar=row.calendar, headers=_MAIL_HEADERS, report_url=_report_url(row, account),
        )  # fmt: skip
    path = words.path if row.token is None else f"/inbox/{row.token}/"
    return _letter(
        row, where, attempt, language=language, subject=words.subject,
        text=rendering.short(words, token=row.token), path=path, report_url=_report_url(row, account),
    )  # fmt: skip


def _report_url(row: Row, account: Account) -> str:
    """Where the provider tells what became of it; the message's id lets a quick report find it."""
    if not account.report_secret:
        return ""
    return f"{settings.REPORTS_URL}/providers/{quote(account.code)}/reports/{row.id}/"


def _letter(
    row: Row,
    where: Where,
    attempt: int,
    *,
    language: str = "",
    subject: str = "",
    text: str = "",
    html: str = "",
    calendar: str = "",
    headers: dict[str, str] | None = None,
    report_url: str = "",
    path: str = "",
) -> Letter:
    return Letter(
        message_id=MessageId(row.id), attempt=attempt, address=where.text,
        language=language or row.language,
        subject=subject, text=text, html=html, calendar=calendar, is_last_attempt=attempt >= ATTEMPTS,
        headers=headers or {}, report_url=report_url, path=path, urgent=row.urgency == Urgency.URGENT,
        devices=where.devices, expires_at=row.expires_at,
    )  # fmt: skip
