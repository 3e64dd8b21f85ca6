"""What accounts hears, and what it does by itself once an hour."""

from __future__ import annotations

from datetime import timedelta

from steadwell.accounts import letters, throttle
from steadwell.accounts.sessions import SessionStore
from steadwell.accounts.sign_in import lockout
from steadwell.events import AccountLetterDue
from steadwell.outbox import service as outbox


def connect() -> None:
    """Called once when the app is ready."""
    outbox.subscribe_outside(
        AccountLetterDue,
        consumer="accounts.letters",
        queue="notifications.urgent",
        handler=letters.LetterSender(),
    )
    outbox.repeat("accounts.tidy", every=timedelta(hours=1), queue="default", handler=tidy)


def tidy(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Forget sessions nobody can use, windows that have passed, failures that close nothing, old letters."""
    SessionStore.clear_expired()
    throttle.clear_passed(now=ctx.now)
    lockout.clear_passed(now=ctx.now)
    letters.clear_sent(now=ctx.now)
