"""The home page of a patient: doses of today that nothing is noted of, and refills that want attention."""

from __future__ import annotations

from datetime import timedelta

from medications import service as medications
from medications.presenters import diary as diary_words
from medications.presenters import medicines as list_words
from medications.presenters import refills as refill_words
from medications.types import RefillState
from medications.views.standing import zone_of
from steadwell import clock
from steadwell.portal.service import Panel, PortalRequest

MOST = 4
_TOLD = frozenset(
    {
        RefillState.FILLED,
        RefillState.DECLINED,
        RefillState.UNANSWERED,
        RefillState.PHARMACY_REFUSED,
    }
)
RECENT = timedelta(days=7)


def today_panel(request: PortalRequest) -> Panel | None:
    """Nothing at all where there is nothing to do and nothing new."""
    person_id = request.actor.person_id
    if person_id is None:
        return None
    now = clock.now()
    actor = request.actor
    reminders = medications.list_reminders(actor=actor, person_id=person_id, now=now)
    refills = [
        each
        for each in list_words.newest(
            medications.list_refills(actor=actor, person_id=person_id, now=now)
        ).values()
        if each.state in _TOLD and now - (each.answered_at or each.decided_at or each.requested_at) < RECENT
    ]
    if not reminders and not refills:
        return None
    zone = zone_of(person_id, now)
    entries = medications.list_diary(
        actor=actor,
        person_id=person_id,
        since=now - timedelta(days=1),
        until=now + timedelta(days=1),
        now=now,
    )
    doses = [each for each in diary_words.today(reminders, entries, zone, now=now) if each.taken is None]
    if not doses and not refills:
        return None
    context = {
        "doses": doses[:MOST],
        "refills": [refill_words.page(each, zone, now=now) for each in refills[:MOST]],
    }
    return Panel(template="medications/_today.html", context=context)
