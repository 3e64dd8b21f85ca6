"""What must hold between settings for mails to be carried once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

DEADLINE_TOO_LONG = "notifications.E001"


@register()
def check_deadline(**_: Any) -> list[CheckMessage]:
    """An attempt that outlives its lease would run beside the next one and send the mail twice."""
    if settings.DEMO or settings.EMAIL_DEADLINE < settings.OUTBOX_RUN_LEASE_SECONDS:
        return []
    return [
        Error(
            "EMAIL_DEADLINE must be shorter than OUTBOX_RUN_LEASE_SECONDS.",
            hint="A mail is handed over within the deadline; after the lease another worker sends it again.",
            id=DEADLINE_TOO_LONG,
        )
    ]
