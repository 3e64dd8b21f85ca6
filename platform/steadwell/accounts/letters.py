"""The e-mails of the doors: promised in the ledger, carried by a worker, forgotten once sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from steadwell import clock
from steadwell.accounts.models import Letter
from steadwell.accounts.sealing import seal, unseal
from steadwell.events import AccountLetterDue
from steadwell.mail import service as mail
from steadwell.outbox import service as outbox

# A code lives a quarter of an hour, a link an hour. Later than that a letter only confuses.
USEFUL = timedelta(hours=1)
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    letter_id: UUID
    address: str
    subject: str
    text: str


def post(
    *, address: str, subject: str, text: str, now: datetime, useful_until: datetime | None = None
) -> UUID:
    """Promise a letter. The text is sealed until a worker takes it."""
    with transaction.atomic():
        letter = Letter.objects.create(
            address=address,
            subject=subject[:200],
            sealed=seal(text),
            created_at=now,
            useful_until=useful_until,
        )
        outbox.publish(AccountLetterDue(letter_id=letter.pk), now=now)
    return letter.pk


class LetterSender:
    """The outbox's consumer. In the demo nothing leaves: letters stay to be read on a page."""

    def prepare(self, event: AccountLetterDue, ctx: outbox.DeliveryContext) -> Call | None:
        letter = Letter.objects.select_for_update().filter(pk=event.letter_id, sent_at=None).first()
        if letter is None:
            return None
        if settings.DEMO:
            Letter.objects.filter(pk=letter.pk).update(sent_at=ctx.now)
            return None
        if ctx.now > (letter.useful_until or letter.created_at + USEFUL):
            _forget(letter.pk, ctx.now, because="too-late")
            return None
        return Call(
            letter_id=letter.pk, address=letter.address, subject=letter.subject, text=unseal(letter.sealed)
        )

    def call(self, call: Call) -> str:
        """Only what was certainly not taken says so. A line that goes silent later raises what it raised, so
        that the next attempt is known to be in doubt; it carries the same Message-ID.
        """
        try:
            return mail.hand_over(mail=_mail(call), address=call.address)
        except mail.NotTaken as error:
            raise outbox.Retry(error.cause) from error

    def settle(self, event: AccountLetterDue, ctx: outbox.DeliveryContext, outcome: str) -> None:
        _forget(event.letter_id, ctx.now, because=outcome)


def _forget(letter_id: UUID, now: datetime, *, because: str) -> None:
    """``because``: why it did not leave; empty when it did."""
    Letter.objects.filter(pk=letter_id).update(sent_at=now, sealed="", not_sent_because=because)


def _mail(call: Call) -> EmailMessage:
    found = EmailMessage(policy=SMTP)
    found["Message-ID"] = f"<{call.letter_id}@{mail.domain_of_ours()}>"
    found["Date"] = format_datetime(clock.now())
    found["From"] = settings.DEFAULT_FROM_EMAIL
    found["Subject"] = " ".join(call.subject.split())
    found["Auto-Submitted"] = "auto-generated"
    found["X-Auto-Response-Suppress"] = "All"
    found.set_content(call.text)
    return found


def clear_sent(*, now: datetime) -> None:
    Letter.objects.filter(created_at__lt=now - KEPT).delete()


def read(letter: Letter) -> str:
    """What a letter says, while it is kept."""
    return unseal(letter.sealed) if letter.sealed else ""
