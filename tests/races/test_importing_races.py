from __future__ import annotations

from functools import partial

import pytest
from racing import all_at_once, codes
from small_clinic import NOW, Clinic

from scheduling import models
from scheduling import service as scheduling

pytestmark = pytest.mark.django_db(transaction=True)
FILE = "\r\n".join(
    ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    + [
        line
        for day in range(2, 12)
        for line in (
            "BEGIN:VEVENT",
            f"UID:{day}",
            f"DTSTART:202606{day:02}T090000",
            "DURATION:PT1H",
            "END:VEVENT",
        )
    ]
    + ["END:VCALENDAR", ""]
).encode()


def test_one_file_imported_by_several_at_once_is_taken_once():
    for _ in range(3):
        clinic = Clinic()
        take = partial(
            scheduling.import_calendar,
            actor=clinic.desk,
            practitioner_id=clinic.clinician,
            content=FILE,
            now=NOW,
        )
        take(source="other")  # nothing of the time is free any more, so nothing collides

        results = all_at_once([take] * 4)

        assert codes(results) == {"won": 4}
        assert sorted(len(report.added) for report in results) == [0, 0, 0, 10]
        assert models.Closure.objects.filter(practitioner_id=clinic.clinician, source="").count() == 10
