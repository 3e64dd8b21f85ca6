from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from small_clinic import NEW_YORK, NOW, Clinic, at, patient

from scheduling import models
from scheduling import service as scheduling
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role

pytestmark = pytest.mark.django_db


def calendar(*events: str, zones: str = "") -> bytes:
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{zones}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def imported(clinic: Clinic, content: bytes) -> list[tuple[str, str]]:
    scheduling.import_calendar(actor=clinic.desk, practitioner_id=clinic.clinician, content=content, now=NOW)
    return busy()


def busy() -> list[tuple[str, str]]:
    from zoneinfo import ZoneInfo

    def wall(instant: datetime) -> str:
        return f"{instant.astimezone(ZoneInfo(NEW_YORK)):%m-%d %H:%M}"

    rows = models.Closure.objects.filter(kind="imported", ended_at=None).order_by("starts_at")
    return [(wall(row.starts_at), wall(row.ends_at)) for row in rows]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("UID:a\nDTSTART:20260602T130000Z\nDTEND:20260602T140000Z", [("06-02 09:00", "06-02 10:00")]),
        ("UID:a\nDTSTART:20260602T090000\nDURATION:PT90M", [("06-02 09:00", "06-02 10:30")]),
        ("UID:a\nDTSTART;TZID=Europe/Paris:20260602T150000\nDURATION:PT1H", [("06-02 09:00", "06-02 10:00")]),
        (
            "UID:a\nDTSTART;TZID=Eastern Standard Time:20260602T090000\nDURATION:PT1H",
            [("06-02 09:00", "06-02 10:00")],
        ),
        ("UID:a\nDTSTART;VALUE=DATE:20260602", [("06-02 00:00", "06-03 00:00")]),
        ("UID:a\nDTSTART;VALUE=DATE:20261101\nDTEND;VALUE=DATE:20261102", [("11-01 00:00", "11-02 00:00")]),
        ("UID:a\nDTSTART:20260602T090000\nDURATION:PT1H\nSTATUS:CANCELLED", []),
        ("UID:a\nDTSTART:20260602T090000\nDURATION:PT1H\nTRANSP:TRANSPARENT", []),
        ("UID:a\nDTSTART:20250602T090000\nDURATION:PT1H", []),
        (
            "UID:a\nDTSTART:20260602T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260603T090000",
            [("06-02 09:00", "06-02 10:00"), ("06-04 09:00", "06-04 10:00"), ("06-05 09:00", "06-05 10:00")],
        ),
        (  # the wall time stays over the change of clocks
            "UID:a\nDTSTART:20261031T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261102T235959Z",
            [("10-31 09:00", "10-31 10:00"), ("11-01 09:00", "11-01 10:00"), ("11-02 09:00", "11-02 10:00")],
        ),
    ],
)
def test_import_reads(event: str, expected: Any):
    assert imported(Clinic(), calendar(event)) == expected


def test_import_follows_a_moved_occurrence():
    clinic = Clinic()

    found = imported(
        clinic,
        calendar(
            "UID:a\nDTSTART:20260602T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
            "UID:a\nRECURRENCE-ID:20260603T090000\nDTSTART:20260603T110000\nDURATION:PT1H",
        ),
    )

    assert found == [("06-02 09:00", "06-02 10:00"), ("06-03 11:00", "06-03 12:00")]


def test_import_takes_the_time_off_the_offers():
    clinic = Clinic()

    imported(clinic, calendar("UID:a\nDTSTART:20260602T090000\nDURATION:PT1H"))

    assert clinic.open_times() == ["10:00", "10:30", "11:00", "11:30"]


A = "UID:a\nDTSTART:20260602T090000\nDURATION:PT1H"
B = "UID:b\nDTSTART:20260602T110000\nDURATION:PT1H"
NINE, ELEVEN = ("06-02 09:00", "06-02 10:00"), ("06-02 11:00", "06-02 12:00")


def read_in(clinic: Clinic, *events: str, **more: Any) -> scheduling.ImportReport:
    return scheduling.import_calendar(
        actor=clinic.desk,
        practitioner_id=clinic.clinician,
        content=calendar(*events),
        **({"now": NOW} | more),
    )


def test_import_again_changes_nothing():
    clinic = Clinic()
    read_in(clinic, A, B)
    before = set(models.Closure.objects.values_list("id", flat=True))

    report = read_in(clinic, A, B)

    assert (report.added, [each.uid for each in report.kept], report.ended) == ((), ["a", "b"], ())
    assert set(models.Closure.objects.values_list("id", flat=True)) == before


def test_import_moves_an_event_and_ends_one_that_is_gone():
    clinic = Clinic()
    read_in(clinic, A, B)

    report = read_in(clinic, "UID:a\nDTSTART:20260602T100000\nDURATION:PT30M")

    assert busy() == [("06-02 10:00", "06-02 10:30")]
    assert [each.uid for each in report.ended] == ["a", "b"]
    assert clinic.open_times() == ["09:00", "09:30", "10:30", "11:00", "11:30"]
    history = models.Closure.objects.exclude(ended_at=None)
    assert {(row.source_uid, row.ended_at) for row in history} == {("a", NOW), ("b", NOW)}
    assert {row.ended_by for row in history} == {clinic.desk.user_id}
    assert {opened(row.pk) for row in history} == {1}


def opened(closure_id: object) -> int:
    """How often the audit says that this closure was opened again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_auditentry WHERE action = 'calendar.open' AND entity_id = %s",
            [closure_id],
        )
        return int(cursor.fetchone()[0])


def test_import_that_ends_busy_time_leaves_the_visit_in_it():
    clinic = Clinic()
    visit = clinic.book(patient(), 9)
    read_in(clinic, A)

    read_in(clinic, force=True)

    assert models.Appointment.objects.get().status == "booked"
    assert models.Claim.objects.filter(owner_id=visit.appointment_id).exists()
    assert clinic.open_times()[0] == "09:30"


def test_import_leaves_what_is_over_as_it_was():
    clinic = Clinic()
    read_in(clinic, A, B)

    report = read_in(clinic, B, now=at(10, 30))

    assert report.ended == ()
    assert busy() == [NINE, ELEVEN]


def test_import_of_one_calendar_leaves_another_alone():
    clinic = Clinic()
    read_in(clinic, A, source="hospital")

    read_in(clinic, B, source="private")
    read_in(clinic, source="private", force=True)

    assert busy() == [NINE]


@pytest.mark.parametrize("left", [0, 1])
def test_import_refuses_a_file_with_far_less_than_before(left: int):
    clinic = Clinic()
    events = [f"UID:e{n}\nDTSTART:202606{n + 2:02}T090000\nDURATION:PT1H" for n in range(4)]
    read_in(clinic, *events)

    with pytest.raises(scheduling.ScheduleMuchSmaller) as refused:
        read_in(clinic, *events[:left])

    assert (refused.value.before, refused.value.after) == (4, left)
    assert len(busy()) == 4
    read_in(clinic, *events[:left], force=True)
    assert len(busy()) == left


def test_import_dry_run_says_what_would_change_and_changes_nothing():
    clinic = Clinic()
    read_in(clinic, A)

    report = read_in(clinic, B, dry_run=True)

    assert [each.uid for each in report.added] == ["b"]
    assert [each.uid for each in report.ended] == ["a"]
    assert busy() == [NINE]


def test_import_command_refuses_an_empty_file_with_the_counts(tmp_path, capsys):
    clinic = Clinic()
    year = clock.now().year + 1
    full, empty = tmp_path / "full.ics", tmp_path / "empty.ics"
    full.write_bytes(calendar(f"UID:a\nDTSTART:{year}0105T100000\nDURATION:PT1H"))
    empty.write_bytes(calendar())
    who = str(clinic.clinician)
    call_command("import_schedule", str(full), clinician=who)
    call_command("import_schedule", str(full), clinician=who, dry_run=True)
    same = capsys.readouterr().out

    with pytest.raises(CommandError, match="holds 0 busy stretches; 1 were imported before"):
        call_command("import_schedule", str(empty), clinician=who)
    call_command("import_schedule", str(empty), clinician=who, dry_run=True, force=True)

    said = capsys.readouterr().out
    assert f"- {year}-01-05" in said
    assert f"= {year}-01-05" in same
    assert "Nothing was changed: this was a dry run." in said
    assert len(busy()) == 1
    call_command("import_schedule", str(empty), clinician=who, force=True)
    assert "1 earlier ones ended" in capsys.readouterr().out
    assert busy() == []


def test_import_keeps_a_visit_and_reports_it():
    clinic = Clinic()
    visit = clinic.book(patient(), 9)

    report = scheduling.import_calendar(
        actor=clinic.desk,
        practitioner_id=clinic.clinician,
        now=NOW,
        content=calendar("UID:a\nDTSTART:20260602T090000\nDURATION:PT2H"),
    )

    assert [each.appointment_id for each in report.visits] == [visit.appointment_id]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ("UID:a\nDTSTART:2026060AT090000", 11),
        ("UID:a\nDTSTART;TZID=Nowhere/Land:20260602T090000\nDURATION:PT1H", 11),
        ("UID:a\nDTSTART:20260602T090000\nDTEND:20260602T080000", 12),
        ("UID:a\nDTSTART:20260602T090000\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES", 13),
        ("UID:a\nDTSTART:20260602T090000\nDURATION:PT1H\nRRULE:FREQ=SECONDLY", 13),
        ("UID:a\nDTSTART:20260602T090000\nthis is no line\nDURATION:PT1H", 12),
        ("UID:a\nSUMMARY:no start", 9),
    ],
)
def test_import_names_the_line_and_changes_nothing(event: str, line: int):
    clinic = Clinic()
    good = "UID:good\nDTSTART:20260602T090000\nDURATION:PT1H"

    with pytest.raises(scheduling.ScheduleNotReadable) as refused:
        imported(clinic, calendar(good, event))

    assert list(refused.value.fields) == [str(line)]
    assert busy() == []


def test_import_refuses_what_is_no_calendar():
    with pytest.raises(scheduling.ScheduleNotReadable) as refused:
        imported(Clinic(), b"Dear clinic, on Monday I am away.")

    assert list(refused.value.fields) == ["1"]


def test_import_command_takes_an_address_and_says_what_it_did(tmp_path, capsys):
    clinic = Clinic()
    accounts.create_user(
        email="doctor@example.org",
        password=None,
        roles=[Role.CLINICIAN],
        practitioner_id=clinic.clinician,
        site_ids=[clinic.site],
        now=NOW,
    )
    file = tmp_path / "away.ics"
    file.write_bytes(calendar(f"UID:a\nDTSTART:{clock.now().year + 1}0105T100000\nDURATION:PT1H"))

    call_command("import_schedule", str(file), clinician="doctor@example.org")

    assert "1 busy stretches of 1 events" in capsys.readouterr().out


def test_import_command_prints_the_bad_line(tmp_path, capsys):
    clinic = Clinic()
    file = tmp_path / "away.ics"
    file.write_bytes(calendar("UID:a\nDTSTART:nonsense"))

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("import_schedule", str(file), clinician=str(clinic.clinician))

    assert "away.ics:6:" in capsys.readouterr().err
