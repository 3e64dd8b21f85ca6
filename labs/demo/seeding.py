"""Filing the demo's results as they would have come, read and opened as they would have been."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from labs import choices, deciding, policies
from labs.demo import stories
from labs.demo.saying import LABORATORY, SENDER, DemoPatient
from labs.demo.stories import Said
from labs.filing import file_report
from labs.models import ClinicianNumber, LabSender, Report
from labs.patients_page import get_patients_report
from labs.policies import NewRule
from labs.policy import Choice, Delay, Legal
from labs.review import opening, signing
from labs.types import Status
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, system
from steadwell.ids import new_id

ACTOR = system("demo")
GRACE, KNOWN = 2, 5


def seed(*, patients: Sequence[DemoPatient], now: datetime) -> bool:
    """File the demo's results, relative to ``now``. False when they are there already.

    ``patients`` are those of the demo who sign in, in their order, then some others.
    """
    if Report.objects.filter(sender=SENDER).exists():
        return False
    _set_up(patients, now)
    people = {patient.number: patient for patient in patients}
    users = accounts.users_of_practitioners({patient.practitioner_id for patient in patients})
    doctors = {each: accounts.actor_for_user(user_id=user_id, now=now) for each, user_id in users.items()}
    readers = {
        patient.number: accounts.actor_for_user(user_id=contact.user_id, now=now)
        for patient in patients[:KNOWN]
        if (contact := accounts.contact_of(patient.person_id)) is not None
    }
    grace, chosen_at = patients[GRACE], now - timedelta(days=2)
    said_so = False
    for said in stories.tell(patients, now):
        who = people[said.number]
        if not said_so and said.at > chosen_at:
            _let_grace_choose(grace, readers.get(grace.number), chosen_at)
            said_so = True
        _file(said, who, reader=readers.get(who.number), doctor=doctors.get(who.practitioner_id), now=now)
    return True


def _set_up(patients: Sequence[DemoPatient], now: datetime) -> None:
    """The laboratory, the clinicians' numbers, and two kinds of rules."""
    LabSender.objects.create(sender=SENDER, name=LABORATORY, site_id=patients[0].site_id)
    numbers = {
        patient.ordering: ClinicianNumber(
            sender=SENDER, number=patient.ordering, practitioner_id=patient.practitioner_id,
            site_id=patient.site_id,
        )
        for patient in patients
    }  # fmt: skip
    ClinicianNumber.objects.bulk_create(numbers.values())
    began = now - timedelta(days=900)
    for loinc in ("43304-5", "21613-5", "2106-3", "2118-8", "56888-1"):
        policies.set_rule(actor=ACTOR, rule=_for_the_young(loinc), now=began, reason="Demo")
    policies.set_rule(actor=ACTOR, rule=_explained_first(), now=began, reason="Demo")


def _let_grace_choose(grace: DemoPatient, reader: Actor | None, now: datetime) -> None:
    if reader is not None:
        choices.choose(actor=reader, person_id=grace.person_id, choice=Choice.AFTER_SEEN, seen=0, now=now)


def _for_the_young(loinc: str) -> NewRule:
    return NewRule(
        loinc=loinc, delay=Delay.PROXIES, age_from=12, age_until=18, longest_hours=24 * 365 * 6,
        legal=Legal.CONSENT,
        legal_text="A minor who may consent to this care decides who sees it.", words={},
    )  # fmt: skip


def _explained_first() -> NewRule:
    return NewRule(
        loinc="20447-9", delay=Delay.SIGNED, longest_hours=72, legal=Legal.LAW,
        legal_text="The demo clinic's state asks that a clinician explains this test.",
        words={
            "en": "{clinic} explains this kind of result in person first. You will see it then, and on"
            " {until} at the latest.",
            "es": "{clinic} explica primero este tipo de resultado en persona. Lo verá entonces, a más tardar"
            " el {until}.",
        },
    )  # fmt: skip


def _file(said: Said, who: DemoPatient, *, reader: Actor | None, doctor: Actor | None, now: datetime) -> None:
    filed = file_report(actor=ACTOR, report=said.report, now=said.at)
    deciding.decide(report_id=filed.report_id, now=said.at)
    version = Report.objects.values_list("version", flat=True).get(pk=filed.report_id)
    with transaction.atomic():
        opening.open_for(
            report_id=filed.report_id, version=version, corrected=said.report.status is Status.CORRECTED,
            now=said.at,
        )  # fmt: skip
    if said.signed and doctor is not None:
        signing.sign(
            actor=doctor, report_id=filed.report_id, version=version, comment=said.words,
            request_key=str(new_id()), now=min(said.at + timedelta(hours=3), now),
        )  # fmt: skip
    if said.opened and reader is not None:
        read_at = min(said.at + timedelta(hours=4), now)
        get_patients_report(actor=reader, report_id=filed.report_id, now=read_at)
