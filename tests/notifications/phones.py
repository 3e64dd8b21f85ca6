"""Confirmed addresses for tests, by the same way as a reader's."""

from __future__ import annotations

import re
from datetime import datetime

from notifications import service as notifications
from notifications.models import DemoMail
from tests.notifications.house import NOW, Somebody, carry

_numbers = iter(range(100, 1000))


def number() -> str:
    return f"+1202555{next(_numbers):04d}"


def code_sent(now: datetime = NOW) -> str:
    """Carry what waits and read the newest code, as its reader does."""
    carry(now)
    (code,) = re.findall(r"\b\d{6}\b", DemoMail.objects.order_by("-id")[0].subject)
    return str(code)


def phone_of(somebody: Somebody, now: datetime = NOW) -> str:
    """A telephone of this reader, confirmed."""
    wanted = number()
    added = notifications.add_contact(actor=somebody.actor, channel="sms", address=wanted, now=now)
    notifications.confirm_contact(
        actor=somebody.actor, contact_id=added.contact_id, code=code_sent(now), now=now
    )
    DemoMail.objects.all().delete()
    return wanted
