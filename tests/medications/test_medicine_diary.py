"""The diary and its reminders, at the patient's own wall time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from medicine_house import DOCTOR, NOW, file, key, only, patient, person, said
from pharmacy_house import work

from medications import reminders
from medications import service as medications
from medications.models import DiaryVersion, ReminderVersion
from medications.types import Taken
from steadwell.errors import Invalid, NotFound


@pytest.mark.parametrize(
    ("at", "days", "after", "expected"),
    [
        (time(8), (), datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 13, tzinfo=UTC)),
        (time(8), (), datetime(2026, 3, 2, 13, tzinfo=UTC), datetime(2026, 3, 3, 13, tzinfo=UTC)),
        # The clocks go forward on 8 March: 08:00 is an hour earlier in UTC, 02:30 is left out.
        (time(8), (), datetime(2026, 3, 7, 20, tzinfo=UTC), datetime(2026, 3, 8, 12, tzinfo=UTC)),
        (time(2, 30), (), datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        # They go back on 1 November: 01:30 comes twice, and is told once.
        (time(1, 30), (), datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        (time(1, 30), (), datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 2, 6, 30, tzinfo=UTC)),
        (time(8), (7,), datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 8, 12, tzinfo=UTC)),
    ],
)
def test_next_time_on_the_wall(at, days, after, expected):
    assert reminders.next_at(at, "America/New_York", days, after=after) == expected


@pytest.fixture
def somebody(db):
    who = person()
    file(who, said())
    return who, only(who).line_id


def remind(who, line_id, **more):
    return medications.set_reminder(
        **{
            "actor": patient(who), "line_id": line_id, "at": time(8), "zone": "America/New_York",
            "request_key": key(), "now": NOW,
        }
        | more
    )  # fmt: skip


def told(who) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM notifications_message WHERE person_id = %s AND channel = 'in-app'"
            " AND template = 'medicine.reminder'",
            [who],
        )
        return cursor.fetchone()[0]


def test_each_day_is_reminded_once_and_a_late_one_is_not_told(somebody):
    who, line_id = somebody
    view = remind(who, line_id)
    assert view.next_at == datetime(2026, 3, 3, 13, tzinfo=UTC)

    work(view.next_at + timedelta(minutes=1))
    work(view.next_at + timedelta(minutes=2))
    assert told(who) == 1
    work(view.next_at + timedelta(days=1, hours=5))
    assert told(who) == 1
    work(view.next_at + timedelta(days=2, minutes=1))
    assert told(who) == 2


def test_an_ended_reminder_and_a_stopped_medicine_are_silent(somebody):
    who, line_id = somebody
    view = remind(who, line_id)
    medications.end_reminder(
        actor=patient(who), reminder_id=view.reminder_id, seen_version=view.version, request_key=key(),
        now=NOW,
    )  # fmt: skip
    again = remind(who, line_id, at=time(9))
    line = only(who)
    medications.settle_line(
        actor=DOCTOR, line_id=line_id, seen_revision=line.revision, status=medications.Status.STOPPED,
        dosage_text="", reason="Stopped", overrides={}, request_key=key(), now=NOW,
    )  # fmt: skip

    work(again.next_at + timedelta(minutes=1))

    assert told(who) == 0


def test_a_reminder_changed_meanwhile_is_refused_with_both_versions(somebody):
    who, line_id = somebody
    first = remind(who, line_id, days=(1,))
    second = remind(who, line_id, days=(2,), seen_version=first.version)

    def end(version, **more):
        return medications.end_reminder(
            **{
                "actor": patient(who), "reminder_id": first.reminder_id, "seen_version": version,
                "request_key": key(), "now": NOW,
            }
            | more
        )  # fmt: skip

    for late in (lambda: remind(who, line_id, days=(3,), seen_version=first.version), lambda: end(1)):
        with pytest.raises(medications.StaleFact) as refused:
            late()
        assert (refused.value.seen.days, refused.value.current.days) == ((1,), (2,))
    with pytest.raises(medications.StaleFact) as refused:  # who thinks that there is none yet
        remind(who, line_id, days=(3,))
    assert (refused.value.seen, refused.value.current.version) == (None, second.version)
    assert not end(second.version).active
    assert remind(who, line_id).version == 4  # it is over: asked for anew
    kept = ReminderVersion.objects.filter(entity_id=first.reminder_id).order_by("version")
    assert [(row.supersedes, row.active) for row in kept] == [
        (None, True), (1, True), (2, False), (3, True),
    ]  # fmt: skip


def test_a_note_is_put_right_by_its_next_version(somebody):
    who, line_id = somebody
    entry = medications.note_dose(
        actor=patient(who), line_id=line_id, planned_at=None, taken=Taken.TAKEN, taken_at=NOW,
        request_key=key(), now=NOW,
    )  # fmt: skip
    right = medications.change_note(
        actor=patient(who), entry_id=entry.entry_id, seen_version=1, taken=Taken.SKIPPED, taken_at=NOW,
        note="Felt sick", request_key=key(), now=NOW,
    )  # fmt: skip

    found = medications.list_diary(
        actor=DOCTOR, person_id=who, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1), now=NOW
    )
    assert found == (right,)
    assert DiaryVersion.objects.count() == 2
    with pytest.raises(medications.StaleFact) as refused:
        medications.change_note(
            actor=patient(who), entry_id=entry.entry_id, seen_version=1, taken=Taken.TAKEN, taken_at=NOW,
            request_key=key(), now=NOW,
        )  # fmt: skip
    assert (refused.value.seen.taken, refused.value.current.taken) == (Taken.TAKEN, Taken.SKIPPED)


def test_a_clinician_does_not_write_the_diary_and_nobody_notes_the_future(somebody):
    who, line_id = somebody
    with pytest.raises(NotFound):
        remind(who, line_id, actor=DOCTOR)
    with pytest.raises(Invalid):
        medications.note_dose(
            actor=patient(who), line_id=line_id, planned_at=None, taken=Taken.TAKEN,
            taken_at=NOW + timedelta(hours=2), request_key=key(), now=NOW,
        )  # fmt: skip
