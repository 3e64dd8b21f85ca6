"""What a patient is told about a visit: when, where, and a calendar file. Never with whom or what for."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import translation

from notifications import service as notifications
from scheduling import calendars
from scheduling.types import Appointment, Modality
from steadwell.accounts import service as accounts
from steadwell.identity import service as identity

SOON = timedelta(hours=24)
FIND = "/visits/find/"


def send(
    template: str,
    visit: Appointment,
    *,
    key: str,
    now: datetime,
    old_starts_at: datetime | None = None,
    old_zone: str = "",
    asked_starts_at: datetime | None = None,
    path: str = "",
    with_file: bool = False,
) -> None:
    """Tell the patient (and who stands for them, as they chose). Repeating a key tells nobody again."""
    params = {
        "starts_at": _local(visit.starts_at, visit.time_zone),
        "zone": visit.time_zone,
        "path": path or f"/visits/{visit.appointment_id}/",
    }
    if visit.modality is not Modality.VIDEO:
        params["place"] = ", ".join(part for part in (visit.site_name, visit.site_address) if part)
    if old_starts_at is not None:
        params["old_starts_at"] = _local(old_starts_at, old_zone)
    if asked_starts_at is not None:
        params["asked_starts_at"] = _local(asked_starts_at, visit.time_zone)
    notifications.tell(
        person_id=visit.person_id,
        template=template,
        params=params,
        key=key,
        about=visit.appointment_id,
        site_id=visit.site_id,
        now=now,
        urgency="urgent" if visit.starts_at - now < SOON else "standard",
        attachment_ics=_file(visit, now) if with_file else None,
    )


def _local(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).isoformat()


def _file(visit: Appointment, now: datetime) -> str:
    persons = identity.person_ids_of(visit.person_id)
    contact = next(iter(accounts.contacts_of(persons).values()), None)
    with translation.override(contact.language if contact else "en"):
        return calendars.file_of(visit, now=now).decode()
