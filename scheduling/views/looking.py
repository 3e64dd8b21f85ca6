"""A search for a time, for a new visit or for moving one: its form, its answers, the ways on from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar, cast
from urllib.parse import urlencode

from django.utils.translation import get_language

from scheduling import service as scheduling
from scheduling.forms import FARTHEST, WINDOW, Choices, FindForm
from scheduling.presenters import offers, when
from scheduling.types import ClinicInfo, PractitionerInfo, SearchResult, SiteInfo, VisitTypeInfo
from scheduling.views.whose import reader_zone
from steadwell.ids import AppointmentId, PersonId
from steadwell.portal.service import PortalRequest, is_htmx, month_of, next_month, previous_month

FIELDS = ("on", "days", "part", "clinician", "site", "language")
LIMIT = 36  # as many as a reader on a phone will look through; the rest is one press away
DAY_LIMIT = 400
T = TypeVar("T")
FAR = 60  # days, as far as anybody may look for the first free time


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One search. ``fixed`` stays in every address of it; ``moving`` is the visit that is to be moved."""

    clinic: ClinicInfo
    kind: VisitTypeInfo
    person_id: PersonId
    base: str
    month_base: str
    fixed: Mapping[str, str]
    moving: AppointmentId | None = None

    def today(self, now: datetime) -> date:
        """The earliest date that any clinic with this kind of visit still writes."""
        zones = self._kept("zones", self._zones)
        return min((when.local_date(now, zone) for zone in zones), default=now.date())

    @property
    def choices(self) -> Choices:
        """What the form offers, in the reader's language."""
        return self._kept(("choices", get_language()), self._choices)

    def _kept(self, what: object, work_out: Callable[[], T]) -> T:
        """Worked out once for each kind of visit, as long as the set-up stays as it is."""
        kept, key = self.clinic.kept, (self.kind.visit_type_id, what)
        if key not in kept:
            kept[key] = work_out()
        return cast(T, kept[key])

    def _zones(self) -> frozenset[str]:
        return frozenset(site.time_zone for site in self._sites())

    def _choices(self) -> Choices:
        practitioners = self._practitioners()
        spoken = sorted({code for each in practitioners for code in each.languages})
        return Choices.of(
            practitioners=sorted(practitioners, key=lambda each: each.name),
            sites=sorted(self._sites(), key=lambda each: each.name),
            languages=[(code, scheduling.language_name(code)) for code in spoken],
        )

    def _practitioners(self) -> list[PractitionerInfo]:
        speciality = self.kind.speciality
        return [each for each in self.clinic.practitioners.values() if speciality in each.specialities]

    def _sites(self) -> list[SiteInfo]:
        """Where this kind of visit is given; every clinic, when nobody gives it anywhere."""
        at = {site_id for each in self._practitioners() for site_id in each.site_ids}
        return [self.clinic.site(site_id) for site_id in at or set(self.clinic.sites)]

    def url(self, given: Mapping[str, object], **changes: object) -> str:
        """This search's address with some of what was given changed; empty values are left out."""
        return _address(self.base, {**{n: given.get(n) for n in FIELDS}, **self.fixed, **changes})

    def month_url(self, given: Mapping[str, object], first: date) -> str:
        words = {
            **{n: given.get(n) for n in FIELDS},
            **self.fixed,
            "month": first.strftime("%Y-%m"),
            "days": "",
        }
        return _address(self.month_base, words)


def _address(base: str, words: Mapping[str, object]) -> str:
    query = urlencode({name: value for name, value in words.items() if value})
    return f"{base}?{query}" if query else base


def answers_context(request: PortalRequest, looking: Looking, *, now: datetime) -> dict[str, object]:
    form = _form(request, looking, now=now)
    form.is_valid()
    given, today = request.GET, looking.today(now)
    first = form.first_day(today)
    days = 1 if given.get("days") == "1" else FAR if given.get("first") else WINDOW
    result = _search(request, form, looking, first=first, days=days, now=now)
    return {
        "form": form,
        "looking": looking,
        "kind": looking.kind,
        "length": when.length(looking.kind.minutes),
        "is_part": is_htmx(request),
        "answers": offers.answers(result, now=now, reader_zone=reader_zone()),
        "one_day": days == 1,
        "none_in": FAR if days == FAR and not result.offers else 0,
        "first_url": looking.url(given, on="", days="", first="1"),
        "later_url": looking.url(given, on=_later(result, first, days).isoformat(), days=""),
        "earlier_url": _earlier(looking, given, first, today),
        "day_url": looking.url(given, on=_last_day(result, first).isoformat(), days="1")
        if result.more
        else "",
        "month_url": looking.month_url(given, first),
    }


def first_url(request: PortalRequest, looking: Looking, *, now: datetime) -> str:
    """Where the first free time of this search is, when the reader asks for it; empty when there is none."""
    if not request.GET.get("first"):
        return ""
    form = _form(request, looking, now=now)
    form.is_valid()
    found = scheduling.first_available(
        actor=request.actor,
        visit_type_id=looking.kind.visit_type_id,
        now=now,
        **_wishes(form, looking),
    )
    if found is None:
        return ""
    return looking.url(request.GET, on=found.wall_start.date().isoformat(), days="1") + "#answers"


def month_context(request: PortalRequest, looking: Looking, *, now: datetime) -> dict[str, object]:
    form = _form(request, looking, now=now)
    form.is_valid()
    given, today = request.GET, looking.today(now)
    first = _month_asked(given.get("month") or given.get("on", "")[:7], today)
    glance = scheduling.months_glance(
        actor=request.actor,
        visit_type_id=looking.kind.visit_type_id,
        month=first,
        now=now,
        **_wishes(form, looking),
    )
    shown = month_of(
        first=first,
        counts={day.on: day.open for day in glance.days},
        url_for=lambda on: looking.url(given, on=on.isoformat(), days="1"),
        today=today,
        previous_url=looking.month_url(given, previous_month(first)) if first > today else "",
        next_url=looking.month_url(given, next_month(first)),
    )
    empty = not any(day.open for day in glance.days)
    return {
        "month": shown,
        "looking": looking,
        "kind": looking.kind,
        "back_url": looking.url(given),
        "reasons": sorted({str(day.reason.text) for day in glance.days if day.reason}) if empty else [],
    }


def _form(request: PortalRequest, looking: Looking, *, now: datetime) -> FindForm:
    given = request.GET.copy()
    if not given.get("on"):
        given["on"] = looking.today(now).isoformat()
    return FindForm(given, choices=looking.choices)


def _search(
    request: PortalRequest, form: FindForm, looking: Looking, *, first: date, days: int, now: datetime
) -> SearchResult:
    return scheduling.search(
        actor=request.actor,
        visit_type_id=looking.kind.visit_type_id,
        now=now,
        from_on=first,
        until_on=first + timedelta(days=days - 1),
        **_wishes(form, looking),
        limit=DAY_LIMIT if days == 1 else LIMIT,
    )


def _wishes(form: FindForm, looking: Looking) -> scheduling.Wishes:
    return {
        "site_ids": form.site_ids,
        "practitioner_ids": form.practitioner_ids,
        "language": form.language_code,
        "time_of_day": form.time_of_day,
        "person_id": looking.person_id,
        "moving": looking.moving,
    }


def _last_day(result: SearchResult, first: date) -> date:
    return result.offers[-1].wall_start.date() if result.offers else first


def _later(result: SearchResult, first: date, days: int) -> date:
    """Where the next times begin: with the day that was cut, or behind the window."""
    last = _last_day(result, first)
    if result.more and last > first:
        return last
    return first + timedelta(days=1 if result.more else days)


def _earlier(looking: Looking, given: Mapping[str, object], first: date, today: date) -> str:
    if first <= today:
        return ""
    return looking.url(given, on=max(first - timedelta(days=WINDOW), today).isoformat(), days="")


def _month_asked(text: str, today: date) -> date:
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        first = today
    return min(max(first, today), today + FARTHEST).replace(day=1)
