"""The e-mails of the doors: promised in the ledger, carried by a worker, forgotten once sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction

from steadwell.accounts.models import Letter
from steadwell.accounts.sealing import seal, unseal
from steadwell.events import AccountLetterDue
from steadwell.outbox import service as outbox

# A code lives a quarter of an hour, a link an hour. Later than that a letter only confuses.
USEFUL = timedelta(hours=1)
KEPT = timedelta(days=7)
# The server said no, so it has not taken the letter.
_ANSWERED = (SMTPResponseException, SMTPRecipientsRefused, SMTPNotSupportedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    letter_id: UUID
    address: str
    subject: str
    text: str


def post(*, address: str, subject: str, text: str, now: datetime) -> None:
    """Promise a letter. The text is sealed until a worker takes it."""
    with transaction.atomic():
        letter = Letter.objects.create(
            address=address, subject=subject[:200], sealed=seal(text), created_at=now
        )
        outbox.publish(AccountLetterDue(letter_id=letter.pk), now=now)


class LetterSender:
    """The outbox's consumer. In the demo nothing leaves: letters stay to be read on a page."""

    def prepare(self, event: AccountLetterDue, ctx: outbox.DeliveryContext) -> Call | None:
        letter = Letter.objects.select_for_update().filter(pk=event.letter_id, sent_at=None).first()
        if letter is None:
            return None
        if settings.DEMO:
            Letter.objects.filter(pk=letter.pk).update(sent_at=ctx.now)
            return None
        if ctx.now - letter.created_at > USEFUL:
            Letter.objects.filter(pk=letter.pk).update(sent_at=ctx.now, sealed="")
            return None
        return Call(
            letter_id=letter.pk, address=letter.address, subject=letter.subject, text=unseal(letter.sealed)
        )

    def call(self, call: Call) -> bool:
        """Only what was certainly not taken says so. A line that goes silent later raises what it raised, so
        that the next attempt is known to be in doubt; it carries the same Message-ID.
        """
        line = get_connection()
        try:
            line.open()
        except (SMTPException, OSError) as error:
            raise outbox.Retry("mail-not-taken") from error
        try:
            line.send_messages([_mail(call)])
        except _ANSWERED as error:
            raise outbox.Retry("mail-not-taken") from error
        finally:
            line.close()
        return True

    def settle(self, event: AccountLetterDue, ctx: outbox.DeliveryContext, outcome: bool) -> None:
        Letter.objects.filter(pk=event.letter_id).update(sent_at=ctx.now, sealed="")


def _mail(call: Call) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return EmailMessage(
        call.subject,
        call.text,
        to=[call.address],
        headers={
            "Message-ID": f"<{call.letter_id}@{domain}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )


def clear_sent(*, now: datetime) -> None:
    Letter.objects.filter(created_at__lt=now - KEPT).delete()


def read(letter: Letter) -> str:
    """What a letter says, while it is kept."""
    return unseal(letter.sealed) if letter.sealed else ""
