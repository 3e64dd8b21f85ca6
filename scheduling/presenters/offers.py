"""Offers as a reader chooses from them: by day, morning, afternoon and evening, nothing left to guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scheduling.presenters import when
from scheduling.types import (
    Alternative,
    AlternativeKind,
    Modality,
    Offer,
    SearchResult,
    TimeOfDay,
)
from steadwell.portal import service as portal

PARTS: Mapping[TimeOfDay, Promise] = {
    TimeOfDay.MORNING: gettext_lazy("Morning"),
    TimeOfDay.AFTERNOON: gettext_lazy("Afternoon"),
    TimeOfDay.EVENING: gettext_lazy("Evening"),
}
ALTERNATIVES: Mapping[AlternativeKind, Promise] = {
    AlternativeKind.OTHER_TIME: gettext_lazy("Another time of day"),
    AlternativeKind.OTHER_DAY: gettext_lazy("Another day"),
    AlternativeKind.OTHER_SITE: gettext_lazy("Another clinic"),
    AlternativeKind.OTHER_CLINICIAN: gettext_lazy("Another clinician"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """One time to choose. ``said`` is all of it in one sentence, for those who hear the page."""

    ref: str
    day: str
    time: str
    zone: str
    iso: str
    clinician: str
    site: str
    is_video: bool
    seats: str
    kind: str = ""

    @property
    def said(self) -> str:
        words = {"day": self.day, "clinician": self.clinician, "site": self.site}
        return _("%(day)s, with %(clinician)s at %(site)s") % words


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    label: str
    offers: list[OfferView]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    label: str
    anchor: str
    parts: list[PartView]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersView:
    """The whole answer to a search."""

    summary: str
    days: list[DayView]
    reasons: list[str]
    alternatives: list[OfferView]
    zones: str
    more: bool


def offer(one: Offer, *, reader_zone: tzinfo | None, name_zone: bool = False, kind: str = "") -> OfferView:
    zone = when.zone_if_other(one.starts_at, one.time_zone, reader_zone)
    seats = ""
    if one.seats_left is not None:
        seats = ngettext("%(n)d place left", "%(n)d places left", one.seats_left) % {"n": one.seats_left}
    return OfferView(
        ref=one.ref.text,
        day=portal.day_text(one.wall_start.date(), "day-of-year"),
        time=portal.time_text(one.starts_at, one.time_zone),
        zone=zone or (portal.zone_text(one.time_zone, one.starts_at) if name_zone else ""),
        iso=portal.at_site(one.starts_at, one.time_zone).isoformat(),
        clinician=one.practitioner_name,
        site=one.site_name,
        is_video=one.modality is Modality.VIDEO,
        seats=seats,
        kind=kind,
    )


def answers(result: SearchResult, *, now: datetime, reader_zone: tzinfo | None) -> AnswersView:
    shown = [*result.offers, *(alternative.offer for alternative in result.alternatives)]
    several = len({one.time_zone for one in shown}) > 1
    return AnswersView(
        summary=_summary(result),
        days=[
            _day(on, list(group), now=now, reader_zone=reader_zone, name_zone=several)
            for on, group in groupby(
                sorted(result.offers, key=lambda one: (one.wall_start.date(), one.wall_start, one.starts_at)),
                key=lambda one: one.wall_start.date(),
            )
        ],
        reasons=[str(reason.text) for reason in result.reasons],
        alternatives=alternatives(result.alternatives, reader_zone=reader_zone, name_zone=several),
        zones=_zones({one.time_zone for one in shown}),
        more=result.more,
    )


def alternatives(
    found: Iterable[Alternative], *, reader_zone: tzinfo | None, name_zone: bool = False
) -> list[OfferView]:
    return [
        offer(one.offer, reader_zone=reader_zone, name_zone=name_zone, kind=str(ALTERNATIVES[one.kind]))
        for one in found
    ]


def _summary(result: SearchResult) -> str:
    count = len(result.offers)
    if not count:
        return _("No time is free for this search.")
    if result.more:
        return _("The first %(count)d free times") % {"count": count}
    return ngettext("%(count)d free time", "%(count)d free times", count) % {"count": count}


def _zones(zones: set[str]) -> str:
    if len(zones) != 1:
        return ""
    return _("All times are %(zone)s.") % {"zone": portal.zone_text(zones.pop())}


def _day(
    on: date, offers: list[Offer], *, now: datetime, reader_zone: tzinfo | None, name_zone: bool
) -> DayView:
    # Clinics in two zones write two dates for an hour each night: then "today" would be wrong for one.
    todays = {when.local_date(now, one.time_zone) for one in offers}
    return DayView(
        label=when.near_day(on, todays.pop()) if len(todays) == 1 else portal.day_text(on),
        anchor=f"day-{on.isoformat()}",
        parts=[
            PartView(
                label=str(PARTS[part]),
                offers=[offer(one, reader_zone=reader_zone, name_zone=name_zone) for one in group],
            )
            for part, group in groupby(offers, key=lambda one: part_of(one.wall_start))
        ],
    )


def part_of(wall: datetime) -> TimeOfDay:
    if wall.hour < 12:
        return TimeOfDay.MORNING
    return TimeOfDay.AFTERNOON if wall.hour < 17 else TimeOfDay.EVENING
