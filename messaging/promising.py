"""What a patient is owed for a message: an answer by a day, or word that there is none (the ledger of
notifications).

Opened in the transaction of the message, ended in the one in which the patient is told of the answer. What is
open at its deadline is told to the patient, and stands on the staff's page of what is not finished. Nothing
is registered for trying again: no machine can answer, so the staff settle it (ADR 0171).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messaging import ports
from messaging.models import Conversation
from notifications import service as notifications
from steadwell.ids import PersonId, SiteId

# What patient portals commonly promise: a sick day of one clinician is no missed answer, and nobody waits
# over more than one weekend. One number for all sites, so that the patient's page can say it in words.
WORKING_DAYS = 2
_SATURDAY = 5
# A clinic that is shut for longer than that has other worries than this sum.
_FARTHEST = timedelta(days=60)


def answer_by(site_id: SiteId, now: datetime) -> datetime:
    """The end of the second working day after today, by the site's own clock."""
    zone = ZoneInfo(ports.clinic().site_zone(site_id=site_id, now=now))
    closed = frozenset(ports.clinic().closed_days(site_id=site_id, now=now))
    day = last = now.astimezone(zone).date()
    left = WORKING_DAYS
    while left and day - last < _FARTHEST:
        day += timedelta(days=1)
        left -= _is_working(day, closed)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


def _is_working(day: date, closed: frozenset[date]) -> bool:
    return day.weekday() < _SATURDAY and day not in closed


def open_promise(row: Conversation, *, deadline: datetime, now: datetime) -> None:
    """Each message is an action of its own: none hides behind an earlier one."""
    notifications.open_action(
        kind=notifications.ActionKind.MESSAGE, about=row.pk, sequence=row.version,
        person_id=PersonId(row.person_id), site_id=SiteId(row.site_id), deadline=deadline, now=now,
    )  # fmt: skip


def keep_promise(row: Conversation, template: str, *, now: datetime) -> None:
    """Tell the patient that there is an answer (never what it says), and end what was open before it."""
    notifications.tell(
        person_id=PersonId(row.person_id), template=template,
        params={"path": f"/conversations/{row.pk}/"}, key=f"{template}:{row.pk}:{row.version}",
        about=row.pk, site_id=SiteId(row.site_id), now=now,
    )  # fmt: skip
    notifications.close_actions(
        about=row.pk, up_to=row.version, kinds={notifications.ActionKind.MESSAGE}, now=now
    )
