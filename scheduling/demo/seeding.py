"""Putting the demo clinic together: set-up, people, accounts, visits, leave, reminders. One transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid5

from django.db import transaction

from scheduling import answers, catalogue, models, queries, reminders
from scheduling.closures import closing
from scheduling.closures.closing import Plan
from scheduling.demo import clinic, people
from scheduling.demo.clinicians import CLINICIANS, Clinician
from scheduling.demo.people import KNOWN, NAMESPACE
from scheduling.demo.visits import Filler
from scheduling.status import Status
from scheduling.types import ClosureKind
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import SiteId
from steadwell.outbox import service as outbox

ACTOR = system("demo")
_SOON = timedelta(days=1)
_AHEAD = timedelta(days=366)  # as far as the demo has visits, and further


def seed(*, now: datetime) -> bool:
    """Make the demo clinic, relative to ``now``. False when it is there already: then nothing is touched."""
    with transaction.atomic(durable=True):
        if models.Organisation.objects.filter(pk=clinic.ORGANISATION_ID).exists():
            return False
        clinic.make(now.date())
        patients, persons = people.make(now.date())
        identity.load_people(actor=ACTOR, source=people.SOURCE, people=persons, now=now)
        _make_accounts(now)
        Filler(patients, now).fill().write()
        _make_leave(now)
        _plan_reminders(now)
        _plan_answers(now)
        audit.record(
            actor=ACTOR, action="demo.seed", category="set-up", now=now, entity_id=clinic.ORGANISATION_ID
        )
    return True


def _make_accounts(now: datetime) -> None:
    zones = ("America/New_York", "America/New_York", "America/Chicago")
    users = {}
    for number, known in enumerate(KNOWN):
        if known.note:
            users[number] = accounts.create_user(
                email=f"{known.given}.{known.family}@demo.example".lower(),
                password=None,
                roles=[Role.PATIENT],
                person_id=people.person_id(number),
                now=now,
                actor=ACTOR,
                language=known.language,
                time_zone=zones[known.home],
                is_demo=True,
                demo_name=f"{known.given} {known.family}",
                demo_note=known.note,
            )
    accounts.add_proxy(
        actor=ACTOR,
        user_id=users[2],
        person_id=people.person_id(4),
        relationship="parent",
        now=now,
        time_zone=zones[1],
    )
    sites = [clinic.site_id(number) for number in range(3)]
    for each in CLINICIANS:
        own = sorted({shift[0] for shift in each.shifts})
        _staff(
            each.name,
            each.title,
            Role.CLINICIAN,
            [sites[n] for n in own],
            zones[own[0]],
            now,
            practitioner=each,
        )
    desks = ("Rosa Delgado", "Ben Carver", "Ingrid Moe")
    names = models.Site.objects.in_bulk(sites)
    for number, name in enumerate(desks):
        note = f"Front desk at {names[sites[number]].name}"
        _staff(name, note, Role.FRONT_DESK, [sites[number]], zones[number], now)
    _staff("Helen Abara", "Runs all three clinics", Role.MANAGER, sites, zones[0], now)
    _staff("Victor Stein", "Sets the clinics up, in the admin", Role.ADMINISTRATOR, [], zones[0], now)


def _staff(
    name: str,
    note: str,
    role: Role,
    site_ids: list[SiteId],
    zone: str,
    now: datetime,
    practitioner: Clinician | None = None,
) -> None:
    address = name.removeprefix("Dr. ").replace(" ", ".").lower()
    accounts.create_user(
        email=f"{address}@demo.example",
        password=None,
        roles=[role],
        site_ids=site_ids,
        now=now,
        actor=ACTOR,
        practitioner_id=practitioner.id if practitioner else None,
        time_zone=zone,
        is_demo=True,
        demo_name=name,
        demo_note=note,
    )


def _make_leave(now: datetime) -> None:
    for number, (practitioner_id, low, high, reason) in enumerate(clinic.leaves(now.date())):
        closing.close(
            Plan(
                actor=ACTOR,
                practitioner_id=practitioner_id,
                kind=ClosureKind.LEAVE,
                starts_at=low,
                ends_at=high,
                reason=reason,
                now=now,
            ),
            uuid5(NAMESPACE, f"leave:{number}"),
        )


def _plan_reminders(now: datetime) -> None:
    """As if each visit had been booked here: they fall due in the days to come."""
    ahead = queries.list_between(
        now,
        now + _AHEAD,
        site_ids=[clinic.site_id(number) for number in range(3)],
        statuses=[Status.BOOKED],
    )
    rows = [row for visit in ahead for row in reminders.rows(visit.appointment, version=1, now=now)]
    outbox.schedule_many(rows, now=now)


def _plan_answers(now: datetime) -> None:
    """As if each request had come this minute; but two have waited for days, for the desk to see."""
    waiting = queries.list_between(
        now,
        now + _AHEAD,
        site_ids=[clinic.site_id(number) for number in range(3)],
        statuses=[Status.PENDING],
    )
    known = catalogue.current()
    outbox.schedule_many(
        [row for visit in waiting for row in answers.rows(known, visit.appointment, version=1, asked_at=now)],
        now=now,
    )
    slow = [
        visit.appointment.appointment_id for visit in waiting if visit.appointment.starts_at > now + _SOON
    ]
    models.Appointment.objects.filter(pk__in=slow[:2]).update(overdue_at=now)
