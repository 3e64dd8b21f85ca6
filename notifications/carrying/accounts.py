"""The providers of each channel, from the settings, and the one object that speaks with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from notifications.channels.mail_http import AnymailChannel
from notifications.channels.push import WebPush
from notifications.channels.sms import FormPostSms
from notifications.channels.smtp import SmtpChannel
from notifications.models import Channel
from notifications.ports import Channel as Carries
from notifications.types import Account

DEMO = "demo"  # the kind whose letters lie in a table of ours
CALL_LIST = "call-list"  # the kind that a person works off
_KINDS: Mapping[str, Any] = {
    "smtp": SmtpChannel,
    "mail-http": AnymailChannel,
    "sms-form": FormPostSms,
    "web-push": WebPush,
}
_CALLS = Account(code="call-list", channel=Channel.VOICE, kind=CALL_LIST)
_last: tuple[object, object, Mapping[str, Account]] = (None, None, {})


def all_accounts() -> Mapping[str, Account]:
    """By code. Where the settings name nobody for a channel, the demonstration has its mailbox, and e-mail
    the mail server of the EMAIL_* settings.
    """
    global _last
    configured = settings.NOTIFICATION_PROVIDERS
    if _last[0] is not configured or _last[1] is not settings.DEMO:
        _last = configured, settings.DEMO, _read(configured)
    return _last[2]


def accounts_of(channel: str) -> list[Account]:
    return [each for each in all_accounts().values() if each.channel == channel]


def _read(configured: Sequence[Mapping[str, Any]]) -> Mapping[str, Account]:
    found = {each["code"]: Account(**each) for each in configured}
    channels = {each.channel for each in found.values()}
    standing = [_CALLS]
    if settings.DEMO:
        standing += [
            Account(code="demo-mailbox", channel=Channel.EMAIL, kind=DEMO),
            Account(code="demo-sms", channel=Channel.SMS, kind=DEMO),
            Account(code="demo-push", channel=Channel.PUSH, kind=DEMO),
        ]
    else:
        standing.append(Account(code="smtp", channel=Channel.EMAIL, kind="smtp", concurrency=4))
    return found | {each.code: each for each in standing if each.channel not in channels}


_channels: dict[str, tuple[Account, Carries]] = {}


def channel_of(account: Account) -> Carries:
    """What speaks with it; kept, for its sessions and keys."""
    kept = _channels.get(account.code)
    if kept is None or kept[0] is not account:
        kept = _channels[account.code] = account, _KINDS[account.kind](account)
    return kept[1]
