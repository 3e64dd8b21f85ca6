"""Messages as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from notifications import rendering
from notifications.ledger import ActionKind
from notifications.types import InboxMessage, MissedAction
from steadwell.identity.service import PersonSummary
from steadwell.portal.service import moment_text

# Why a message did not arrive, in the words of whoever has to do something about it.
CAUSES: dict[str, str | Promise] = {
    "no-address": _("There is no e-mail address. Please call."),
    "timeout": _("The mail server did not answer."),
    "refused": _("The mail server refused the address. Please check it, and call."),
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
    if cause.startswith("smtp-5"):
        return str(CAUSES["refused"])
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
        since=moment_text(action.opened_at, "UTC"),
        again=ngettext("tried again once", "tried again %(times)s times", action.replays)
        % {"times": action.replays},
        replays=action.replays,
        was_told=action.was_told,
        can_replay=action.can_replay,
    )
