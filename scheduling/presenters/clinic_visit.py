"""One visit, one patient, one time to choose: as staff read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.presenters.clinic_words import MOVES, STATUSES, USUAL, Button, Names, marks_of, name_of
from scheduling.status import Move
from scheduling.types import Appointment, AppointmentVersion, Modality, Offer, RequestedMove
from steadwell.identity import service as identity
from steadwell.portal import service as portal

Fact = tuple[str, str]

QUICK = (Move.APPROVE, Move.APPROVE_MOVE, Move.CHECK_IN, Move.ARRIVE, Move.START, Move.COMPLETE, Move.NO_SHOW)
PAGES = (Move.DECLINE_MOVE, Move.RESCHEDULE, Move.DECLINE, Move.CANCEL, Move.MARK_ERROR)
ROLES: Mapping[str, Promise] = {
    "patient": gettext_lazy("Patient"),
    "proxy": gettext_lazy("Proxy"),
    "clinician": gettext_lazy("Clinician"),
    "front-desk": gettext_lazy("Front desk"),
    "manager": gettext_lazy("Manager"),
    "administrator": gettext_lazy("Administrator"),
    "system": gettext_lazy("Steadwell"),
}
HISTORY: Mapping[str, Promise] = {
    "book": gettext_lazy("Booked"),
    "request": gettext_lazy("Requested"),
    "overbook": gettext_lazy("Booked over a taken time"),
    "approve": gettext_lazy("Approved"),
    "decline": gettext_lazy("Declined"),
    "lapse": gettext_lazy("Ended without an answer"),
    "reschedule": gettext_lazy("Moved"),
    "ask-move": gettext_lazy("Another time asked for"),
    "approve-move": gettext_lazy("Moved as asked for"),
    "decline-move": gettext_lazy("Other time declined"),
    "withdraw-move": gettext_lazy("Wish for another time taken back"),
    "lapse-move": gettext_lazy("Wish for another time ended without an answer"),
    "cancel": gettext_lazy("Cancelled"),
    "call-off": gettext_lazy("Called off by the clinic"),
    "check-in": gettext_lazy("Checked in"),
    "arrive": gettext_lazy("Arrived"),
    "start": gettext_lazy("With the clinician"),
    "complete": gettext_lazy("Completed"),
    "no-show": gettext_lazy("Did not come"),
    "mark-error": gettext_lazy("Entered by mistake"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    quick: tuple[Button, ...]
    pages: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    ref: str
    day: str
    time: str
    clinician: str
    site: str
    iso: str
    url: str
    is_chosen: bool
    starts_group: bool  # the first of its day


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """``instead_of``: the time that stands, where a patient asked to move."""

    when: str
    instead_of: str
    iso: str
    patient: str
    number: str
    visit_type: str
    clinician: str
    note: str
    asked: str
    is_overdue: bool
    url: str
    approve_url: str
    decline_url: str


def facts_of(visit: Appointment) -> list[Fact]:
    place = _("By video") if visit.modality is Modality.VIDEO else visit.site_name
    return [
        (_("When"), portal.moment_text(visit.starts_at, visit.time_zone)),
        (_("Until"), portal.time_text(visit.ends_at, visit.time_zone)),
        (_("Asked to move to"), _asked(visit.requested_move)),
        (_("What"), visit.visit_type_name),
        (_("With"), visit.practitioner_name),
        (_("Where"), place),
        (_("Room"), ", ".join(visit.rooms)),
        (_("Patient's note"), visit.note),
        (_("Good to know"), ", ".join(mark for mark in marks_of(visit) if mark != _("Note"))),
        (_("Reason for cancelling"), visit.cancel_reason),
    ]


def _asked(move: RequestedMove | None) -> str:
    if move is None:
        return ""
    words = (portal.moment_text(move.starts_at, move.time_zone), move.practitioner_name, move.site_name)
    return " · ".join(word for word in words if word)


def offer_facts(offer: Offer) -> list[Fact]:
    return [
        (_("When"), portal.moment_text(offer.starts_at, offer.time_zone)),
        (_("Until"), portal.time_text(offer.ends_at, offer.time_zone)),
        (_("What"), offer.visit_type_name),
        (_("With"), offer.practitioner_name),
        (_("Where"), _("By video") if offer.modality is Modality.VIDEO else offer.site_name),
    ]


def person_facts(person: identity.PersonSummary | None) -> list[Fact]:
    if person is None:
        return [(_("Patient"), _("Name not shown"))]
    return [
        (_("Patient"), f"{person.given_name} {person.family_name}"),
        *portal.person_facts(person),
    ]


def steps_of(visit: Appointment, *, now: datetime) -> Steps:
    """What can be done now: at the press of a button, and on a page of its own."""
    quick = [move for move in QUICK if move in visit.moves]
    if portal.at_site(now, visit.time_zone).date() != visit.wall_start.date():
        quick = [move for move in quick if move in {Move.APPROVE, Move.APPROVE_MOVE, Move.NO_SHOW}]
    if now < visit.starts_at + timedelta(minutes=5):
        quick = [move for move in quick if move is not Move.NO_SHOW]
    quick.sort(key=lambda move: move not in USUAL)  # the first one is the button that stands out
    return Steps(
        quick=tuple(_button(visit, move) for move in quick),
        pages=tuple(_button(visit, move) for move in PAGES if move in visit.moves),
    )


def _button(visit: Appointment, move: Move) -> Button:
    if move is Move.RESCHEDULE:
        return Button(label=str(MOVES[move]), url=reverse("clinic:move", args=[visit.appointment_id]))
    return Button(label=str(MOVES[move]), url=reverse("clinic:step", args=[visit.appointment_id, move.value]))


def history_rows(versions: Iterable[AppointmentVersion]) -> list[Fact]:
    """What happened to a visit, the latest first: when and what, by whom, why."""
    rows = []
    for version in sorted(versions, key=lambda v: v.version, reverse=True):
        who = ", ".join(str(ROLES.get(role, role)) for role in version.recorded_role.split(",") if role)
        what = str(HISTORY.get(version.move, STATUSES[version.status][0]))
        when = portal.time_text(version.starts_at, version.time_zone)
        words = [
            what,
            f"{portal.day_text(version.wall_start.date(), 'day-short')}, {when}",
            who,
            version.reason,
        ]
        recorded = portal.at_site(version.recorded_at, version.time_zone)
        stamp = f"{portal.day_text(recorded.date(), 'day-short')}, {portal.clock_text(recorded)}"
        rows.append((stamp, " · ".join(word for word in words if word)))
    return rows


def offer_rows(
    offers: Sequence[Offer], *, address: str = "", chosen: datetime | None = None
) -> list[OfferRow]:
    """Times to choose from, in order, each a link when ``address`` is given."""
    rows: list[OfferRow] = []
    for offer in offers:
        day = portal.day_text(offer.wall_start.date(), "day-of-year")
        rows.append(
            OfferRow(
                ref=offer.ref.text,
                day=day,
                time=portal.time_text(offer.starts_at, offer.time_zone),
                clinician=offer.practitioner_name,
                site=offer.site_name,
                iso=offer.starts_at.isoformat(),
                url=f"{address}&{urlencode({'offer': offer.ref.text})}" if address else "",
                is_chosen=offer.starts_at == chosen,
                starts_group=not rows or rows[-1].day != day,
            )
        )
    return rows


def request_rows(visits: Iterable[Appointment], names: Names) -> list[RequestRow]:
    return [_request_row(visit, names) for visit in visits]


def _request_row(visit: Appointment, names: Names) -> RequestRow:
    """A visit that was asked for, or another time for one."""
    person, asked = names.get(visit.person_id), visit.requested_move
    approve, decline = Move.APPROVE, Move.DECLINE
    if asked is not None:
        approve, decline = Move.APPROVE_MOVE, Move.DECLINE_MOVE
    new = asked or visit
    return RequestRow(
        when=portal.moment_text(new.starts_at, new.time_zone),
        instead_of=portal.moment_text(visit.starts_at, visit.time_zone) if asked else "",
        iso=new.starts_at.isoformat(),
        patient=name_of(visit.person_id, names),
        number=person.number if person else "",
        visit_type=visit.visit_type_name,
        clinician=new.practitioner_name,
        note=visit.note,
        asked=portal.moment_text(asked.asked_at if asked else visit.booked_at, visit.time_zone),
        is_overdue=new.overdue,
        url=reverse("clinic:visit", args=[visit.appointment_id]),
        approve_url=reverse("clinic:step", args=[visit.appointment_id, approve.value]),
        decline_url=reverse("clinic:step", args=[visit.appointment_id, decline.value]),
    )
