"""Alerting staff: something needs one of them now. By e-mail in the urgent lane; what it is, the portal says.

A member of staff is no patient: the message has a reader and nobody it is about. Its one link leads to a page
of the clinic behind the sign-in, and its words name no patient and no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from notifications import rendering, wordings
from notifications.models import Channel, Message, MessageState
from notifications.promising import promise
from notifications.types import Urgency
from steadwell.accounts import service as accounts
from steadwell.ids import SiteId

FOR_STAFF = "staff."


def alert_staff(
    *,
    user_ids: Iterable[UUID],
    template: str,
    params: Mapping[str, str],
    key: str,
    about: UUID | None,
    now: datetime,
    site_id: SiteId | None = None,
    urgency: str = Urgency.URGENT,
) -> int:
    """Write to each of these users once per ``key``; answers to how many. Nothing leaves before the commit.

    ``template`` is one of those for staff; ``params`` as for ``tell``, ``path`` is where the mail leads.
    """
    if not template.startswith(FOR_STAFF):
        raise ValueError(f"{template} is not for staff.")
    found, lane = rendering.checked(template, params), Urgency(urgency)
    version = wordings.live_version(template)
    rows = [
        Message(
            key=key, reader_id=contact.user_id, channel=Channel.EMAIL, template=found.code,
            template_version=version, params=dict(params), language=contact.language, urgency=lane,
            about=about, site_id=site_id, state=MessageState.DUE, told_at=now,
        )
        for contact in accounts.contacts_of_users(user_ids).values()
    ]  # fmt: skip
    with transaction.atomic():
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        written = list(Message.objects.filter(pk__in=[row.pk for row in rows]))
        promise(written, now=now)
        return len(written)
