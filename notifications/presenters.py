"""Messages as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from notifications import checking, rendering
from notifications.carrying.accounts import CALL_LIST
from notifications.ledger import ActionKind
from notifications.models import Attempt, Channel, MessageState
from notifications.models.wordings import WordingState
from notifications.template import Template
from notifications.types import (
    ChangeOfProvider,
    InboxMessage,
    MissedAction,
    ProviderHealth,
    ToldMessage,
    WordingView,
)
from steadwell.actor import Actor
from steadwell.identity.service import PersonSummary
from steadwell.portal.service import moment_text, own_moment_text

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


ACTIONS: Mapping[str, str | Promise] = {
    ActionKind.BOOK: _("A visit"),
    ActionKind.CANCEL: _("Cancelling a visit"),
    ActionKind.MOVE: _("Moving a visit"),
    ActionKind.REQUEST: _("A visit that the clinic confirms"),
    ActionKind.MOVE_REQUEST: _("Moving a visit, which the clinic confirms"),
    ActionKind.MESSAGE: _("An answer to a message"),
    ActionKind.REFILL: _("A refill"),
    ActionKind.FORM: _("A form"),
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
    if cause.startswith(("smtp-5", "mail-")):
        return str(CAUSES["refused"])
    if cause.startswith("sms-"):
        return str(CAUSES["sms"])
    return str(CAUSES.get(cause, CAUSES["timeout"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedRow:
    """Something that did not end in time, in the list of staff."""

    action_id: UUID
    name: str
    number: str
    phone: str
    what: str
    since: str
    again: str
    replays: int
    was_told: bool
    can_replay: bool


def missed_row(action: MissedAction, person: PersonSummary | None) -> MissedRow:
    return MissedRow(
        action_id=action.action_id,
        name=person.full_name if person else "",
        number=person.number if person else "",
        phone=(person.phone or "") if person else "",
        what=str(ACTIONS.get(action.kind, "")),
        since=own_moment_text(action.opened_at),
        again=ngettext("tried again once", "tried again %(times)s times", action.replays)
        % {"times": action.replays},
        replays=action.replays,
        was_told=action.was_told,
        can_replay=action.can_replay,
    )


TEMPLATE_NAMES: Mapping[str, str | Promise] = {
    "visit.requested": _("A request for a visit came in"),
    "visit.booked": _("A visit is booked"),
    "visit.moved": _("A visit has moved"),
    "visit.moved-by-clinic": _("The clinic moved a visit"),
    "visit.cancelled": _("The patient cancelled a visit"),
    "visit.cancelled-by-clinic": _("The clinic cancelled a visit"),
    "visit.declined": _("A request could not be met"),
    "visit.unanswered": _("Nobody answered a request"),
    "visit.alternatives": _("Other times to choose from"),
    "visit.reminder": _("Reminder of a visit"),
    "visit.move-requested": _("A request to move a visit came in"),
    "visit.move-declined": _("A visit could not be moved"),
    "visit.move-unanswered": _("Nobody answered a request to move"),
    "visit.move-ended": _("A request to move is over"),
    "result.ready": _("A result is ready"),
    "result.corrected": _("A result was corrected"),
    "action.not-done": _("Something asked for is not done"),
    "conversation.answered": _("A message was answered"),
    "conversation.closed": _("A conversation was closed"),
    "contact.code": _("Code that confirms an address"),
    "digest.daily": _("The news of a day together"),
    "campaign.flu-shot": _("Invitation to a flu shot"),
    "campaign.check-up": _("Invitation to a check-up"),
    "campaign.recall": _("Invitation to come again"),
    "staff.critical-result": _("Staff: a result needs a clinician now"),
    "staff.unread-result": _("Staff: a result was not read in time"),
    "staff.overdue-request": _("Staff: a request waits"),
}
VARIABLE_WORDS: Mapping[str, str | Promise] = {
    "day": _("The day of the visit"),
    "moment": _("Day and time of the visit"),
    "old_moment": _("Day and time before the change"),
    "asked_moment": _("Day and time that was asked for"),
    "place": _("Where it is; may have no value, then its paragraph is left out"),
    "count": _("How many"),
    "code": _("The code"),
}
_STATES = {"proposed": "warn", "live": "good", "retired": "", "refused": "bad"}


def template_name(code: str) -> str:
    return str(TEMPLATE_NAMES.get(code, code))


def variable_rows(template: Template) -> list[dict[str, str]]:
    return [
        {"name": f"{{{name}}}", "means": str(VARIABLE_WORDS[name])}
        for name in VARIABLE_WORDS
        if name in checking.allowed(template)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingRow:
    """One version of a message's words, as a colleague decides about it."""

    wording_id: UUID | None
    url: str
    title: str
    state: str
    kind: str
    when: str
    reason: str
    is_waiting: bool
    is_own: bool
    may_decide: bool


def wording_row(found: WordingView, actor: Actor) -> WordingRow:
    waiting, own = found.state == WordingState.PROPOSED, found.proposed_by == actor.user_id
    address = (
        reverse("notifications_wording_version", kwargs={"wording_id": found.wording_id})
        if found.wording_id
        else ""
    )
    title = gettext("Version %(number)s") if found.wording_id else gettext("Version %(number)s, as shipped")
    return WordingRow(
        wording_id=found.wording_id,
        url=address,
        title=title % {"number": found.version},
        state=str(WordingState(found.state).label),
        kind=_STATES[found.state],
        when=own_moment_text(found.proposed_at) if found.proposed_at else "",
        reason=found.reason,
        is_waiting=waiting,
        is_own=own,
        may_decide=waiting and not own,
    )


def waited(seconds: float) -> str:
    """How long the oldest has waited, as exact as one needs it."""
    if seconds < 1:
        return "–"
    if seconds < 120:
        return gettext("%(n)s s") % {"n": round(seconds)}
    if seconds < 2 * 3600:
        return gettext("%(n)s min") % {"n": round(seconds / 60)}
    if seconds < 2 * 86_400:
        return gettext("%(n)s h") % {"n": round(seconds / 3600)}
    return gettext("%(n)s days") % {"n": round(seconds / 86_400)}


def provider(each: ProviderHealth) -> dict[str, object]:
    """One provider in the words of whoever watches over sending."""
    words: str | Promise
    kind, words = "good", _("Works")
    if each.is_off:
        kind, words = "warn", _("Switched off")
    elif each.breaker != "closed":
        kind, words = "bad", BREAKER_CAUSES.get(each.cause, _("Left alone"))
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
            {
                "words": Attempt.Step(step.step).label, "at": step.at,
                # A call is made by people here: the channel says so already.
                "provider": "" if step.provider == CALL_LIST else step.provider,
            }
            for step in each.steps
        ],
    }  # fmt: skip
