"""The clinic's set-up, its patients and who may sign in, through the models: ``python -m tests.bench.setting
PATIENTS``.

Runs in the owner's role, as a process of its own.
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime, time, timedelta
from uuid import UUID

import django
import psycopg

from tests.bench import clinic, ids, people

USERS = 12_000  # patients with an account
FRONT_DESK = "01990000-0000-7000-8000-000000000001"


def user_id(number: int) -> str:
    return str(ids.numbered(ids.USER, number))


def make_clinic() -> None:
    from scheduling import models

    organisation = models.Organisation.objects.create(id=clinic.ORGANISATION, name="Bench Health")
    models.Site.objects.bulk_create(
        models.Site(
            id=clinic.site_id(n), organisation=organisation, name=f"Site {n}", time_zone="UTC",
            window_days=90, cap_per_day=0, cap_ahead=0,
        )
        for n in range(clinic.SITES)
    )  # fmt: skip
    shared = {"organisation": organisation, "speciality": "family", "minutes": clinic.MINUTES}
    models.VisitType.objects.create(
        id=clinic.VISIT_TYPE, code="consultation", name="Consultation", resource_kinds=["room"], **shared
    )
    models.VisitType.objects.create(
        id=clinic.GROUP_TYPE, code="class", name="Class", capacity=clinic.GROUP_PLACES, **shared
    )
    models.Practitioner.objects.bulk_create(
        models.Practitioner(
            id=clinic.clinician_id(n), name=f"Clinician {n}", specialities=["family"], languages=["en", "es"]
        )
        for n in range(clinic.CLINICIANS)
    )
    models.Resource.objects.bulk_create(
        models.Resource(
            id=clinic.room_id(n), site_id=clinic.site_id(n % clinic.SITES), kind="room", name=f"Room {n}"
        )
        for n in range(clinic.CLINICIANS)
    )
    models.WeeklyHours.objects.bulk_create(
        models.WeeklyHours(
            practitioner_id=clinic.clinician_id(n), site_id=clinic.site_id(n % clinic.SITES), weekday=weekday,
            starts=time(8), ends=time(16), valid_from=date(2020, 1, 1),
        )
        for n in range(clinic.CLINICIANS)
        for weekday in range(5)
    )  # fmt: skip


def make_users(patients: int, now: datetime) -> None:
    """Every few patients one who may sign in, and a front desk that works at every site."""
    from steadwell.accounts.models import Grant, User

    User.objects.bulk_create(
        User(
            id=UUID(user_id(n)), password="!", email=f"u{n}@bench.test", created_at=now,
            person_id=people.person_id(n * (patients // USERS)),
        )
        for n in range(USERS)
    )  # fmt: skip
    desk = User.objects.create(id=UUID(FRONT_DESK), password="!", email="desk@bench.test", created_at=now)
    Grant.objects.bulk_create(
        Grant(user=desk, role="front-desk", site_id=clinic.site_id(n), valid_from=now - timedelta(days=1))
        for n in range(clinic.SITES)
    )


def main(patients: int) -> None:
    django.setup()
    from steadwell import clock

    make_clinic()
    make_users(patients, clock.now())
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute("SET synchronous_commit = off")
        people.load(owner, count=patients)


if __name__ == "__main__":
    main(int(sys.argv[1]))
