"""The clinic's set-up as one snapshot in memory, checked against its stamp in every statement that uses it.

Set-up changes a few times a day and is read by every search. So each process keeps all of it, and the
statement that reads what is taken returns the stamp as well: if it differs, the snapshot is read afresh (one
statement) and the work is done again. Nothing is ever offered from an outdated snapshot (ADR 0041).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from scheduling.types import ClinicInfo, Modality, Mode, PractitionerInfo, SiteInfo, VisitTypeInfo
from steadwell.ids import OrganisationId, PractitionerId, SiteId, VisitTypeId

_PARTS = {
    "sites": "SELECT * FROM scheduling_site WHERE active",
    "practitioners": "SELECT * FROM scheduling_practitioner WHERE active ORDER BY name",
    "visit_types": "SELECT * FROM scheduling_visittype WHERE active ORDER BY name",
    "resources": "SELECT id, site_id, kind, name FROM scheduling_resource WHERE active ORDER BY id",
    "hours": "SELECT * FROM scheduling_weeklyhours",
    "exceptions": "SELECT * FROM scheduling_availabilityexception",
    "holidays": 'SELECT site_id, "on", name FROM scheduling_holiday',
}
_LOAD = "SELECT (SELECT stamp FROM scheduling_cataloguestamp), " + ", ".join(  # noqa: S608 - constants only
    f"(SELECT coalesce(json_agg(part), '[]')::text FROM ({query}) part)"  # noqa: S608
    for query in _PARTS.values()
)

PRACTITIONER_AT = tuple[PractitionerId, SiteId]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitKind:
    """A visit type with what only scheduling needs to know. Times in seconds."""

    info: VisitTypeInfo
    organisation_id: OrganisationId
    length: int
    step: int
    before: int
    after: int
    resource_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A wall-time window in seconds after 00:00; the end may be 24 h."""

    starts: int
    ends: int
    visit_type_ids: frozenset[VisitTypeId]  # empty: all
    weekday: int = 0
    valid_from: date = date.min
    valid_until: date = date.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    adds: tuple[Hours, ...]
    removes: tuple[Hours, ...]


@dataclass(slots=True, kw_only=True)
class Catalogue:
    stamp: UUID | None
    sites: Mapping[SiteId, SiteInfo]
    video_links: Mapping[SiteId, str]
    practitioners: Mapping[PractitionerId, PractitionerInfo]
    visit_types: Mapping[VisitTypeId, VisitKind]
    resources: Mapping[SiteId, Mapping[str, tuple[UUID, ...]]]
    hours: Mapping[PRACTITIONER_AT, tuple[Hours, ...]]
    exceptions: Mapping[PRACTITIONER_AT, Mapping[date, Exceptions]]
    holidays: Mapping[SiteId, Mapping[date, str]]
    clinic: ClinicInfo  # the same for pages
    # What offers.py works out from all this; it lives and dies with the snapshot.
    plans: dict[Any, Any] = field(default_factory=dict)

    def gives(self, practitioner_id: PractitionerId, kind: VisitKind) -> bool:
        """Whether a clinician may give a visit type at all."""
        clinician = self.practitioners.get(practitioner_id)
        return clinician is not None and kind.info.speciality in clinician.specialities


_latest: Catalogue | None = None


def latest() -> Catalogue:
    """The snapshot this process has. Compare its stamp before believing it."""
    return _latest or load()


def current() -> Catalogue:
    """The snapshot as it stands now, for what reads nothing else. One statement, a second one after a
    change.
    """
    return agreeing_with(read_stamp())


def seen() -> Catalogue | None:
    """The snapshot as this process last saw it, for words only: no statement, and possibly out of date."""
    return _latest


def agreeing_with(stamp: UUID | None) -> Catalogue:
    """The snapshot with that stamp, read afresh when this process has another."""
    known = _latest
    if known is not None and stamp is not None and known.stamp == stamp:
        return known
    return load()


def read_stamp() -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT stamp FROM scheduling_cataloguestamp")
        row = cursor.fetchone()
    return row[0] if row else None


def load() -> Catalogue:
    global _latest
    with connection.cursor() as cursor:
        cursor.execute(_LOAD)
        row = cursor.fetchone()
    parts = {name: orjson.loads(text) for name, text in zip(_PARTS, row[1:], strict=True)}
    _latest = _build(row[0], parts)
    return _latest


def _build(stamp: UUID | None, parts: Mapping[str, list[dict[str, Any]]]) -> Catalogue:
    hours = _hours(parts["hours"])
    exceptions = _exceptions(parts["exceptions"])
    places: dict[PractitionerId, set[SiteId]] = {}
    for practitioner_id, site_id in [*hours, *exceptions]:
        places.setdefault(practitioner_id, set()).add(site_id)
    holidays: dict[SiteId, dict[date, str]] = {}
    for row in parts["holidays"]:
        holidays.setdefault(SiteId(UUID(row["site_id"])), {})[date.fromisoformat(row["on"])] = row["name"]
    practitioners = [_practitioner(row, places) for row in parts["practitioners"]]
    kinds = [_visit_kind(row) for row in parts["visit_types"]]
    clinic = ClinicInfo(
        sites={site.site_id: site for site in map(_site, parts["sites"])},
        practitioners={clinician.practitioner_id: clinician for clinician in practitioners},
        visit_types={kind.info.visit_type_id: kind.info for kind in kinds},
    )
    return Catalogue(
        stamp=stamp,
        clinic=clinic,
        sites=clinic.sites,
        video_links={SiteId(UUID(row["id"])): row["video_link"] for row in parts["sites"]},
        practitioners=clinic.practitioners,
        visit_types={kind.info.visit_type_id: kind for kind in kinds},
        resources=_resources(parts["resources"]),
        hours=hours,
        exceptions=exceptions,
        holidays=holidays,
    )


def _site(row: dict[str, Any]) -> SiteInfo:
    return SiteInfo(
        site_id=SiteId(UUID(row["id"])),
        organisation_id=OrganisationId(UUID(row["organisation_id"])),
        name=row["name"],
        address=row["address"],
        phone=row["phone"],
        time_zone=row["time_zone"],
        mode=Mode(row["mode"]),
        book_lead_minutes=row["book_lead_minutes"],
        cancel_lead_minutes=row["cancel_lead_minutes"],
        answer_hours=row["answer_hours"],
        answer_lead_minutes=row["answer_lead_minutes"],
        window_days=row["window_days"],
        cap_per_day=row["cap_per_day"],
        cap_ahead=row["cap_ahead"],
    )


def _practitioner(row: dict[str, Any], places: Mapping[PractitionerId, set[SiteId]]) -> PractitionerInfo:
    practitioner_id = PractitionerId(UUID(row["id"]))
    return PractitionerInfo(
        practitioner_id=practitioner_id,
        name=row["name"],
        title=row["title"],
        specialities=tuple(row["specialities"]),
        languages=tuple(row["languages"]),
        site_ids=frozenset(places.get(practitioner_id, ())),
    )


def _visit_kind(row: dict[str, Any]) -> VisitKind:
    occupied = row["minutes"] + row["buffer_before"] + row["buffer_after"]
    return VisitKind(
        info=VisitTypeInfo(
            visit_type_id=VisitTypeId(UUID(row["id"])),
            code=row["code"],
            name=row["name"],
            description=row["description"],
            preparation=row["preparation"],
            speciality=row["speciality"],
            modality=Modality(row["modality"]),
            minutes=row["minutes"],
            capacity=row["capacity"],
            patients_may_book=row["patients_may_book"],
        ),
        organisation_id=OrganisationId(UUID(row["organisation_id"])),
        length=row["minutes"] * 60,
        step=(row["step_minutes"] or occupied) * 60,
        before=row["buffer_before"] * 60,
        after=row["buffer_after"] * 60,
        resource_kinds=tuple(row["resource_kinds"]),
    )


def _resources(rows: list[dict[str, Any]]) -> dict[SiteId, dict[str, tuple[UUID, ...]]]:
    found: dict[SiteId, dict[str, tuple[UUID, ...]]] = {}
    for row in rows:
        kinds = found.setdefault(SiteId(UUID(row["site_id"])), {})
        kinds[row["kind"]] = (*kinds.get(row["kind"], ()), UUID(row["id"]))
    return found


def _seconds(text: str) -> int:
    return int(text[0:2]) * 3600 + int(text[3:5]) * 60 + int(text[6:8])


def _window(row: dict[str, Any], **more: Any) -> Hours:
    return Hours(
        starts=_seconds(row["starts"]),
        ends=_seconds(row["ends"]) or 86_400,
        visit_type_ids=frozenset(VisitTypeId(UUID(text)) for text in row["visit_type_ids"]),
        **more,
    )


def _key(row: dict[str, Any]) -> PRACTITIONER_AT:
    return PractitionerId(UUID(row["practitioner_id"])), SiteId(UUID(row["site_id"]))


def _hours(rows: list[dict[str, Any]]) -> dict[PRACTITIONER_AT, tuple[Hours, ...]]:
    found: dict[PRACTITIONER_AT, tuple[Hours, ...]] = {}
    for row in rows:
        hours = _window(
            row,
            weekday=row["weekday"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_until=date.fromisoformat(row["valid_until"]) if row["valid_until"] else date.max,
        )
        found[_key(row)] = (*found.get(_key(row), ()), hours)
    return found


def _exceptions(rows: list[dict[str, Any]]) -> dict[PRACTITIONER_AT, dict[date, Exceptions]]:
    found: dict[PRACTITIONER_AT, dict[date, Exceptions]] = {}
    for row in rows:
        days = found.setdefault(_key(row), {})
        on = date.fromisoformat(row["on"])
        before = days.get(on, Exceptions(adds=(), removes=()))
        window = _window(row)
        if row["effect"] == "adds":
            days[on] = Exceptions(adds=(*before.adds, window), removes=before.removes)
        else:
            days[on] = Exceptions(adds=before.adds, removes=(*before.removes, window))
    return found
