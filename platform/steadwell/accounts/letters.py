"""The e-mails of the doors: promised in the ledger, carried by a worker, forgotten once sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from steadwell.accounts.models import Letter
from steadwell.accounts.sealing import seal, unseal
from steadwell.events import AccountLetterDue
from steadwell.outbox import service as outbox

# A code lives a quarter of an hour, a link an hour. Later than that a letter only confuses.
USEFUL = timedelta(hours=1)
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
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
        return Call(address=letter.address, subject=letter.subject, text=unseal(letter.sealed))

    def call(self, call: Call) -> bool:
        try:
            EmailMessage(
                call.subject,
                call.text,
                to=[call.address],
                headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
            ).send()
        except (SMTPException, OSError) as error:
            raise outbox.Retry("mail-not-taken") from error
        return True

    def settle(self, event: AccountLetterDue, ctx: outbox.DeliveryContext, outcome: bool) -> None:
        Letter.objects.filter(pk=event.letter_id).update(sent_at=ctx.now, sealed="")


def clear_sent(*, now: datetime) -> None:
    Letter.objects.filter(created_at__lt=now - KEPT).delete()


def read(letter: Letter) -> str:
    """What a letter says, while it is kept."""
    return unseal(letter.sealed) if letter.sealed else ""
