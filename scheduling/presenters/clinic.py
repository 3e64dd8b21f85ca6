"""A clinic's days as staff read them: columns of visits, free times and closures; strings and class names
only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scheduling.presenters.board import Frame, Stretch, frame_of, frames_alike, free_of, lanes
from scheduling.presenters.clinic_words import (
    HIDDEN,
    STATUSES,
    USUAL,
    Button,
    Names,
    is_today,
    marks_of,
    move_button,
    name_of,
)
from scheduling.status import TAKES_TIME, Move, Status
from scheduling.types import Appointment, ClinicDay, ClinicianDay, Closure, ClosureKind
from steadwell.ids import PersonId
from steadwell.portal import service as portal

CLOSURES: Mapping[ClosureKind, Promise] = {
    ClosureKind.LEAVE: gettext_lazy("Leave"),
    ClosureKind.BLOCK: gettext_lazy("Blocked"),
    ClosureKind.IMPORTED: gettext_lazy("Busy in another calendar"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Something with a place on the board: a visit, a group, a free time, a closure."""

    kind: str
    place: str
    time: str
    title: str
    detail: str = ""
    url: str = ""
    status: str = ""
    status_kind: str = ""
    marks: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    iso: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    heading: str
    url: str
    summary: str
    open_places: tuple[str, ...]
    blocks: tuple[Block, ...]
    now_place: str = ""
    actions: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One local day of one site."""

    heading: str
    zone: str
    holiday: str
    marks: tuple[Mark, ...]
    columns: tuple[Column, ...]


def people_of(days: Iterable[ClinicDay]) -> list[PersonId]:
    """Whose names a page with these days needs."""
    columns = [column for day in days for column in day.columns]
    shown = [v.person_id for column in columns for v in column.visits if v.status not in HIDDEN]
    return shown + [v.person_id for column in columns for v in column.asked]


def board_of(day: ClinicDay, names: Names, *, now: datetime) -> Board:
    """One day of a site: a column per clinician."""
    zone = ZoneInfo(day.time_zone)
    midday = _midday(day)
    stretches = [stretch for column in day.columns for stretch in _stretches(column)]
    frame = frame_of(stretches, midday=midday, zone=zone)
    return Board(
        heading=day.site_name,
        zone=portal.zone_text(day.time_zone, midday),
        holiday=day.holiday,
        marks=tuple(_marks(frame)),
        columns=tuple(
            _column(day, column, names, frame=frame, now=now, heading=column.practitioner_name)
            for column in day.columns
        ),
    )


def week_board_of(days: Sequence[ClinicDay], names: Names, *, now: datetime) -> Board | None:
    """A clinician's week at one site: a column per day with something in it."""
    pairs = [(d, c) for d in days for c in d.columns if c.hours or c.visits or c.closures]
    if not pairs:
        return None
    zone = ZoneInfo(pairs[0][0].time_zone)
    frames = frames_alike([(_midday(day), _stretches(column)) for day, column in pairs], zone=zone)
    return Board(
        heading=pairs[0][0].site_name,
        zone=portal.zone_text(pairs[0][0].time_zone, _midday(pairs[0][0])),
        holiday=", ".join(day.holiday for day, _ in pairs if day.holiday),
        marks=tuple(_marks(frames[0])),
        columns=tuple(
            _column(day, column, names, frame=frame, now=now, heading=portal.day_text(day.on, "day-short"))
            for (day, column), frame in zip(pairs, frames, strict=True)
        ),
    )


def _midday(day: ClinicDay) -> datetime:
    return datetime(day.on.year, day.on.month, day.on.day, 12, tzinfo=ZoneInfo(day.time_zone))


def _stretches(column: ClinicianDay) -> list[Stretch]:
    hours = [Stretch(each.starts_at, each.ends_at) for each in column.hours]
    asked = [Stretch(m.starts_at, m.ends_at) for v in column.asked if (m := v.requested_move)]
    return hours + asked + [Stretch(v.starts_at, v.ends_at) for v in column.visits if v.status not in HIDDEN]


def _marks(frame: Frame) -> Iterable[Mark]:
    for hour in frame.hours():
        text = portal.clock_text(hour)
        if portal.is_ambiguous(hour) and hour.fold:
            text += " ↻"
        yield Mark(text=text, place=frame.place(Stretch(hour, hour)))


def _column(
    day: ClinicDay, column: ClinicianDay, names: Names, *, frame: Frame, now: datetime, heading: str
) -> Column:
    hours = [Stretch(each.starts_at, each.ends_at) for each in column.hours]
    shown = [visit for visit in column.visits if visit.status not in HIDDEN]
    groups = _grouped(shown)
    visit_lanes = lanes([Stretch(group[0].starts_at, group[0].ends_at) for group in groups])
    closures = [each for each in column.closures if _in_frame(each, frame)]
    taken = [Stretch(v.starts_at, v.ends_at) for v in shown if v.status in TAKES_TIME]
    taken += [Stretch(m.starts_at, m.ends_at) for each in column.asked if (m := each.requested_move)]
    taken += [Stretch(each.starts_at, each.ends_at) for each in closures]
    free = free_of(hours, taken, after=now)
    blocks = [
        *(
            _visit_block(group, names, frame=frame, lane=lane, now=now)
            for group, lane in zip(groups, visit_lanes, strict=True)
        ),
        *(_asked_block(each, names, frame) for each in column.asked),
        *(_closure_block(each, frame) for each in closures),
        *(_free_block(day, column, stretch, frame) for stretch in free),
    ]
    base = f"?clinician={column.practitioner_id}&on={day.on.isoformat()}"
    count = len(shown)
    return Column(
        heading=heading,
        url=reverse("clinic:day") + base,
        summary=ngettext("%(n)d visit", "%(n)d visits", count) % {"n": count},
        open_places=tuple(frame.place(each) for each in hours),
        blocks=tuple(sorted(blocks, key=lambda b: (int(b.place.split()[0][3:]), b.kind != "visit"))),
        now_place=frame.place(Stretch(now, now)) if frame.holds(now) else "",
        actions=(
            Button(label=_("Block time"), url=reverse("clinic:block") + base),
            Button(label=_("Call off the day"), url=reverse("clinic:ill") + base),
        ),
    )


def _in_frame(closure: Closure, frame: Frame) -> bool:
    return closure.starts_at < frame.ends_at and frame.starts_at < closure.ends_at


def _grouped(visits: Sequence[Appointment]) -> list[list[Appointment]]:
    """Visits of one group session together, all others alone."""
    groups: dict[object, list[Appointment]] = {}
    for visit in visits:
        key: object = (visit.visit_type_id, visit.starts_at) if visit.is_group else visit.appointment_id
        groups.setdefault(key, []).append(visit)
    return list(groups.values())


def _visit_block(
    group: Sequence[Appointment], names: Names, *, frame: Frame, lane: str, now: datetime
) -> Block:
    visit = group[0]
    label, kind = STATUSES[visit.status]
    place = f"{frame.place(Stretch(visit.starts_at, visit.ends_at))} {lane}".strip()
    time = portal.time_text(visit.starts_at, visit.time_zone)
    if len(group) > 1 or visit.is_group:
        people = ngettext("%(n)d person", "%(n)d people", len(group)) % {"n": len(group)}
        on = visit.wall_start.date().isoformat()
        url = f"{reverse('clinic:arrivals')}?site={visit.site_id}&on={on}"
        return Block(
            kind="visit", place=place, time=time, title=visit.visit_type_name, detail=people, url=url,
            iso=visit.starts_at.isoformat(),
        )  # fmt: skip
    return Block(
        kind=f"visit visit--{visit.status}",
        place=place,
        time=time,
        title=name_of(visit.person_id, names),
        detail=visit.visit_type_name,
        url=reverse("clinic:visit", args=[visit.appointment_id]),
        status=str(label),
        status_kind=kind,
        marks=marks_of(visit),
        buttons=_usual_step(visit, now),
        iso=visit.starts_at.isoformat(),
    )


def _usual_step(visit: Appointment, now: datetime) -> tuple[Button, ...]:
    if visit.status is not Status.PENDING and not is_today(visit, now):
        return ()
    for move in USUAL:
        if move in visit.moves and not (move is Move.START and visit.status is Status.BOOKED):
            return (move_button(visit, move),)
    return ()


def _asked_block(visit: Appointment, names: Names, frame: Frame) -> Block:
    """A time that is kept for a patient who asked to move there."""
    asked = visit.requested_move
    assert asked is not None  # noqa: S101 - days.py chose those that have one
    return Block(
        kind=f"visit visit--{Status.PENDING}",
        place=frame.place(Stretch(asked.starts_at, asked.ends_at)),
        time=portal.time_text(asked.starts_at, asked.time_zone),
        title=name_of(visit.person_id, names),
        detail=visit.visit_type_name,
        url=reverse("clinic:visit", args=[visit.appointment_id]),
        status=_("Move asked for"),
        status_kind="warn",
        iso=asked.starts_at.isoformat(),
    )


def _closure_block(closure: Closure, frame: Frame) -> Block:
    url = "" if closure.kind is ClosureKind.IMPORTED else reverse("clinic:reopen", args=[closure.closure_id])
    return Block(
        kind="closed",
        place=frame.place(Stretch(closure.starts_at, closure.ends_at)),
        time="",
        title=str(CLOSURES[closure.kind]),
        detail=closure.reason,
        url=url,
    )


def _free_block(day: ClinicDay, column: ClinicianDay, stretch: Stretch, frame: Frame) -> Block:
    at = int(stretch.starts_at.timestamp())
    address = f"?site={day.site_id}&clinician={column.practitioner_id}&on={day.on.isoformat()}&at={at}"
    return Block(
        kind="free",
        place=frame.place(stretch),
        time=portal.time_text(stretch.starts_at, day.time_zone),
        title=_("Free"),
        detail=column.practitioner_name,
        url=reverse("clinic:book") + address,
        iso=stretch.starts_at.isoformat(),
    )
