"""The demonstration's providers: they stand where the settings say, and keep what arrives where the
demonstration's mailbox and handset show it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection

from notifications.models import Channel, DemoMail, Message
from notifications.simulator.behaviour import Arrival, Behaviour, Shown
from notifications.simulator.house import House
from notifications.simulator.running import serve
from steadwell import clock


def run(*, control: int) -> None:
    """Until SIGTERM. Providers are called what the settings call them."""
    accounts = {each["code"]: each for each in settings.NOTIFICATION_PROVIDERS}
    ports = {code: urlsplit(each["url"]).port or 0 for code, each in accounts.items()}
    house = House(
        ports={"control": control, **ports},
        behaviours={code: _behaviour(each) for code, each in accounts.items()},
        keep=keep,
    )
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(serve(house, lambda _ports: None))


def _behaviour(account: Mapping[str, Any]) -> Behaviour:
    """They report deliveries, as well-behaved ones do."""
    if not account["report_secret"]:
        return Behaviour()
    return Behaviour(
        report="once",
        report_secret=account["report_secret"],
        report_url=f"{settings.REPORTS_URL}/providers/{account['code']}/reports/",
    )


def keep(arrival: Arrival, shown: Shown) -> None:
    """As a row, once, whatever happened to the sender or to us meanwhile."""
    message_id = _message_id(arrival)
    if message_id is None:
        return
    try:
        if not Message.objects.filter(pk=message_id).exists():
            return  # somebody's own letter, sent here by hand
        made = DemoMail(
            message_id=message_id, channel=arrival.channel, address=arrival.to[:254],
            subject=(arrival.subject or arrival.text)[:200], text=arrival.text, html=shown.html,
            calendar=shown.calendar, sent_at=clock.now(),
        )  # fmt: skip
        DemoMail.objects.bulk_create([made], ignore_conflicts=True)
    finally:
        connection.close()  # a thread of a pool


def _message_id(arrival: Arrival) -> UUID | None:
    try:
        if arrival.channel == Channel.PUSH:
            return UUID(bytes=base64.urlsafe_b64decode(arrival.key + "=="))
        return UUID(arrival.key)
    except ValueError:
        return None
