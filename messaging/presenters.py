"""Conversations in words, as the patient's side and the care team read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from messaging.types import ConversationView, EntryView, Side, State, Step, Subject
from steadwell.actor import Role
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId
from steadwell.portal import service as portal

Words = tuple[str | Promise, str]  # what it says, and its tone

SUBJECT: Mapping[Subject, str | Promise] = {
    Subject.APPOINTMENT: _lazy("A visit"),
    Subject.MEDICINES: _lazy("Medicines"),
    Subject.RESULTS: _lazy("Results"),
    Subject.OTHER: _lazy("Something else"),
}
STATE_FOR_PATIENT: Mapping[State, Words] = {
    State.WAITING: (_lazy("Waits for an answer"), "accent"),
    State.ANSWERED: (_lazy("Answered"), "good"),
    State.CLOSED: (_lazy("Closed"), "plain"),
}
STATE_FOR_TEAM: Mapping[State, Words] = {
    **STATE_FOR_PATIENT,
    State.WAITING: (_lazy("To be answered"), "accent"),
}
_JUST_NOW = timedelta(minutes=1)
_LAST_MOMENT = timedelta(seconds=1)  # a promise ends with a day, not at the next one's start


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One entry on a page. ``note``: what was done, where nothing was said."""

    who: str
    is_own: bool
    is_new: bool
    text: str
    note: str
    at: str
    iso: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``lead`` says what happens next. ``late``: an answer was promised before now."""

    conversation_id: UUID
    version: int
    subject: str
    place: str
    state: str
    tone: str
    lead: str
    late: bool
    is_closed: bool
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a list."""

    conversation_id: UUID
    subject: str
    place: str
    patient: str
    state: str
    tone: str
    since: str
    iso: str
    late: bool
    due: str
    has_news: bool
    holder: str


Clinicians = Mapping[PractitionerId, str]


def when(at: datetime, zone: str) -> str:
    local = portal.at_site(at, zone)
    day = portal.day_text(local.date(), "day-short-year")
    return _("%(day)s at %(time)s") % {"day": day, "time": portal.time_text(at, zone)}


def promised(answer_by: datetime, zone: str) -> str:
    """The day by whose end there is an answer."""
    return portal.day_text(portal.at_site(answer_by - _LAST_MOMENT, zone).date(), "day-of-year")


def page_for_patient(
    view: ConversationView, *, reader: UserId | None, place: str, clinicians: Clinicians, zone: str,
    now: datetime,
) -> Page:  # fmt: skip
    text, tone = STATE_FOR_PATIENT[view.state]
    return Page(
        conversation_id=view.conversation_id, version=view.version, subject=str(SUBJECT[view.subject]),
        place=place, state=str(text), tone=tone, lead=_lead(view, zone, now), late=_is_late(view, now),
        is_closed=view.state is State.CLOSED,
        said=tuple(_to_patient(each, reader, clinicians, zone) for each in view.entries),
    )  # fmt: skip


def page_for_team(
    view: ConversationView, *, reader: UserId | None, place: str, holders: Mapping[UserId, str],
    clinicians: Clinicians, seen: int, zone: str, now: datetime,
) -> Page:  # fmt: skip
    """``seen``: the version that the reader wrote against; what is newer stands out."""
    text, tone = STATE_FOR_TEAM[view.state]
    return Page(
        conversation_id=view.conversation_id, version=view.version, subject=str(SUBJECT[view.subject]),
        place=place, state=str(text), tone=tone, lead=_due(view, zone, now), late=_is_late(view, now),
        is_closed=view.state is State.CLOSED,
        said=tuple(_to_team(each, reader, holders, clinicians, seen, zone) for each in view.entries),
    )  # fmt: skip


def rows_for_patient(
    views: Iterable[ConversationView], places: Mapping[SiteId, str], zones: Mapping[SiteId, str], *,
    now: datetime,
) -> list[Row]:  # fmt: skip
    return [
        _row(each, places, zones[each.site_id], patient="", holder="", words=STATE_FOR_PATIENT, now=now)
        for each in views
    ]


def rows_for_team(
    views: Iterable[ConversationView], names: Mapping[PersonId, str], holders: Mapping[UserId, str],
    places: Mapping[SiteId, str], zone: str, *, now: datetime,
) -> list[Row]:  # fmt: skip
    return [
        _row(
            each, places, zone, patient=names.get(each.person_id, _("Patient")),
            holder=_holder(each.assigned_to, holders), words=STATE_FOR_TEAM, now=now,
        )
        for each in views
    ]  # fmt: skip


def _row(
    view: ConversationView, places: Mapping[SiteId, str], zone: str, *, patient: str, holder: str,
    words: Mapping[State, Words], now: datetime,
) -> Row:  # fmt: skip
    text, tone = words[view.state]
    since = view.waiting_since or view.changed_at
    late = _is_late(view, now)
    return Row(
        conversation_id=view.conversation_id, subject=str(SUBJECT[view.subject]),
        place=places.get(view.site_id, ""), patient=patient, state=str(text), tone=tone,
        since=_age(since, now) if patient else when(view.changed_at, zone), iso=since.isoformat(), late=late,
        due=_due(view, zone, now) if patient else "", has_news=view.has_news, holder=holder,
    )  # fmt: skip


def _age(since: datetime, now: datetime) -> str:
    if now - since < _JUST_NOW:
        return _("Just now")
    return _("%(age)s ago") % {"age": timesince(since, now, depth=1)}


def _is_late(view: ConversationView, now: datetime) -> bool:
    return view.answer_by is not None and view.answer_by <= now


def _lead(view: ConversationView, zone: str, now: datetime) -> str:
    if view.state is State.CLOSED:
        return _("Your care team closed this. If you write again, it is open again.")
    if view.answer_by is None:
        return _("Your care team answered.")
    if _is_late(view, now):
        return _("We are sorry: the answer is late. Your clinic was told. If it cannot wait, please call.")
    return _("You can expect an answer by the end of %(day)s.") % {"day": promised(view.answer_by, zone)}


def _due(view: ConversationView, zone: str, now: datetime) -> str:
    if view.answer_by is None:
        return ""
    words = _("Was promised by the end of %(day)s") if _is_late(view, now) else _("By the end of %(day)s")
    return words % {"day": promised(view.answer_by, zone)}


def _holder(user_id: UserId | None, holders: Mapping[UserId, str]) -> str:
    return holders.get(user_id, _("A colleague")) if user_id else ""


def _to_patient(entry: EntryView, reader: UserId | None, clinicians: Clinicians, zone: str) -> Said:
    own = entry.side is Side.PATIENT
    if own:
        mine = entry.author_id is not None and entry.author_id == reader
        other = _("Somebody who acts for the patient") if entry.role == Role.PROXY else _("The patient")
        who = _("You") if mine else other
    else:
        who = _author(entry, clinicians)
    receipt = _("Read by the care team: %(when)s") if own else ""
    return _said(entry, who=who, is_own=own, is_new=False, zone=zone, receipt=receipt, note="")


def _to_team(
    entry: EntryView, reader: UserId | None, holders: Mapping[UserId, str], clinicians: Clinicians, seen: int,
    zone: str,
) -> Said:  # fmt: skip
    own = entry.side is Side.CARE_TEAM
    if own:
        who = _author(entry, clinicians)
        who = _("You") if entry.author_id is not None and entry.author_id == reader else who
    else:
        who = _("Acting for the patient") if entry.role == Role.PROXY else _("The patient")
    receipt = _("Read on the patient's side: %(when)s") if own and entry.text else ""
    note = _assigned(entry, holders) if entry.step is Step.ASSIGNED else ""
    return _said(
        entry, who=who, is_own=own, is_new=entry.number > seen, zone=zone, receipt=receipt, note=note
    )


def _said(
    entry: EntryView, *, who: str, is_own: bool, is_new: bool, zone: str, receipt: str, note: str
) -> Said:
    if receipt:
        receipt = receipt % {"when": when(entry.read_at, zone)} if entry.read_at else _("Not read yet")
    closed = _("Closed this conversation:") if entry.step is Step.CLOSED else ""
    return Said(
        who=who, is_own=is_own, is_new=is_new, text=entry.text, note=note or closed,
        at=when(entry.at, zone), iso=entry.at.isoformat(), receipt=receipt,
    )  # fmt: skip


def _author(entry: EntryView, clinicians: Clinicians) -> str:
    name = clinicians.get(entry.practitioner_id, "") if entry.practitioner_id else ""
    if name:
        return name
    return _("Front desk") if entry.role == Role.FRONT_DESK else _("Care team")


def _assigned(entry: EntryView, holders: Mapping[UserId, str]) -> str:
    if entry.assigned_to is None:
        return _("Put it back for everybody")
    return _("Sees to it now: %(who)s") % {"who": _holder(entry.assigned_to, holders)}
