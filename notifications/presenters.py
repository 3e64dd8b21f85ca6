"""Messages as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from notifications import rendering
from notifications.models import Attempt, Channel, MessageState
from notifications.types import ChangeOfProvider, InboxMessage, ProviderHealth, ToldMessage
from steadwell.portal.service import moment_text

# Why a message did not arrive, in the words of whoever has to do something about it.
CAUSES: dict[str, str | Promise] = {
    "no-address": _("There is no e-mail address. Please call."),
    "timeout": _("The mail server did not answer."),
    "refused": _("The mail server refused the address. Please check it, and call."),
    "sms": _("The number did not take the text message. Please check it, and call."),
    "no-provider": _("Nobody who carries such messages could be reached in time."),
    "uncertain": _("Nobody can say whether it arrived. Please call."),
    "not-reached": _("Could not be reached on the telephone."),
    "push-gone": _("The device takes no notices any more."),
}
CHANNELS = dict(Channel.choices)
BREAKER_CAUSES: dict[str, str | Promise] = {
    "failing": _("Left alone: it fails"),
    "slow": _("Left alone: it is slow"),
    "silent": _("Left alone: it reports no deliveries"),
}
CHANGES: dict[str, str | Promise] = {
    "opened": _("left alone"),
    "closed": _("works again"),
    "switched-off": _("switched off by staff"),
    "switched-on": _("switched on by staff"),
}
QUEUES: dict[str, str | Promise] = {
    "notifications.urgent": _("Urgent"),
    "notifications.standard": _("Standard"),
    "notifications.bulk": _("Campaigns"),
    "notifications.retry": _("Second attempts"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message in the list and on its own page."""

    subject: str
    lines: tuple[str, ...]
    action: str
    path: str
    token: str
    told: str
    is_read: bool
    has_calendar: bool


def row(message: InboxMessage, zone: str) -> Row:
    return Row(
        subject=message.words.subject,
        lines=message.words.lines,
        action=message.words.action,
        path=message.words.path,
        token=message.token,
        told=moment_text(message.told_at, zone),
        is_read=message.is_read,
        has_calendar=message.has_calendar,
    )


def rows(messages: Iterable[InboxMessage], zone: str) -> list[Row]:
    return [row(message, zone) for message in messages]


def subject(template: str, params: Mapping[str, str]) -> str:
    """What a message was about, in the language of the reader of this page."""
    return rendering.words(template, params, get_language() or "en").subject


def cause_text(cause: str) -> str:
    if cause.startswith("smtp-5"):
        return str(CAUSES["refused"])
    if cause.startswith("sms-"):
        return str(CAUSES["sms"])
    return str(CAUSES.get(cause, CAUSES["timeout"]))


def provider(each: ProviderHealth) -> dict[str, object]:
    """One provider in the words of whoever watches over sending."""
    words: str | Promise
    kind, words = "ok", _("Works")
    if each.is_off:
        kind, words = "warning", _("Switched off")
    elif each.breaker != "closed":
        kind, words = "danger", BREAKER_CAUSES.get(each.cause, _("Left alone"))
    calls = each.passed + each.failed
    return {
        "code": each.code, "channel": CHANNELS.get(each.channel, each.channel), "kind": kind, "words": words,
        "is_off": each.is_off, "since": each.since, "reason": each.reason, "weight": each.weight,
        "passed": each.passed, "calls": calls, "mean_ms": each.mean_ms,
    }  # fmt: skip


def change(each: ChangeOfProvider) -> dict[str, object]:
    what = CHANGES.get(each.what, each.what)
    return {"provider": each.provider, "what": what, "at": each.at,
            "cause": BREAKER_CAUSES.get(each.cause, each.cause)}  # fmt: skip


def told(each: ToldMessage) -> dict[str, object]:
    """One message of a person, for staff."""
    return {
        "message_id": each.message_id, "subject": subject(each.template, each.params),
        "channel": CHANNELS.get(each.channel, each.channel), "state": MessageState(each.state).label,
        "is_failed": each.state == MessageState.FAILED, "told_at": each.told_at,
        "cause": cause_text(each.cause) if each.cause else "",
        "steps": [
            {"words": Attempt.Step(step.step).label, "provider": step.provider, "at": step.at}
            for step in each.steps
        ],
    }  # fmt: skip
