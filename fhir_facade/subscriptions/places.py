"""How many calls one receiver may have at a time: rows with a lease, so that a crash costs a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from fhir_facade.subscriptions.models import ReceiverPlace, Subscription

MOST: Final = 2  # of one receiver
LEASE: Final = timedelta(seconds=60)
# One that kept us waiting is left alone for a while, by this place at least.
REST: Final = timedelta(seconds=30)
_TAKE = """
INSERT INTO fhir_facade_receiverplace AS p (receiver, number, held_by, until)
VALUES (%(receiver)s, %(number)s, %(holder)s, %(until)s)
ON CONFLICT (receiver, number) DO UPDATE SET held_by = excluded.held_by, until = excluded.until
WHERE p.until <= %(now)s RETURNING number
"""


def take(subscription: Subscription, *, now: datetime) -> bool:
    """Whether it may call now. One that has a place already keeps it: its attempt before was cut short."""
    held = ReceiverPlace.objects.filter(receiver=subscription.receiver, held_by=subscription.pk)
    if held.update(until=now + LEASE):
        return True
    values: dict[str, Any] = {
        "receiver": subscription.receiver, "holder": subscription.pk, "now": now, "until": now + LEASE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for number in range(1, MOST + 1):
            cursor.execute(_TAKE, {**values, "number": number})
            if cursor.fetchone() is not None:
                return True
    return False


def free(subscription: Subscription, *, now: datetime, rests: bool = False) -> None:
    """``rests``: nobody calls from this place for a while, but the one who had it."""
    until = now + REST if rests else now
    held = ReceiverPlace.objects.filter(receiver=subscription.receiver, held_by=subscription.pk)
    held.update(until=until, **({} if rests else {"held_by": None}))


def forget(*, now: datetime) -> None:
    ReceiverPlace.objects.filter(until__lt=now - timedelta(days=1)).delete()
