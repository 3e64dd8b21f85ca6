"""The demo's medicines, allergies, disagreements and refills, as they would have come. The same each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from medications import allergies, diary, queries, reminders, statements
from medications.demo import stories
from medications.models import Chart, Pharmacy, Statement
from medications.pharmacy import answers, simulator, waiting
from medications.refills import asking, deciding, steps
from medications.types import (
    IncomingAllergy,
    IncomingStatement,
    LineView,
    RefillState,
    RefillView,
    Source,
    Taken,
)
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, system
from steadwell.ids import PersonId, PractitionerId, SiteId

ACTOR = system("demo")
NAMESPACE = UUID("6f1f7c1e-3f0a-5b6e-9a55-6d0c2f1f6a10")
NETWORK = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPatient:
    """A patient of the demo, and where they are looked after."""

    person_id: PersonId
    site_id: SiteId
    practitioner_id: PractitionerId


class _Always(dict[str, str]):
    """A reason for whatever the rules find: the demo's clinicians thought of it."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return "Discussed with the patient; benefit outweighs the risk."


def seed(*, patients: Sequence[DemoPatient], now: datetime) -> bool:
    """Make the demo's medicines, relative to ``now``. False when they are there already."""
    if Statement.objects.filter(external_id__startswith="demo:").exists():
        return False
    near = _pharmacies()
    users = accounts.users_of_practitioners({patient.practitioner_id for patient in patients})
    doctors = {each: accounts.actor_for_user(user_id=user, now=now) for each, user in users.items()}
    for number, patient in enumerate(patients):
        _Story(number, patient, doctors.get(patient.practitioner_id), near, now).tell()
    return True


def _pharmacies() -> list[Pharmacy]:
    names = (("Harbor Street Pharmacy", "+1 207 555 0114"), ("Old Mill Pharmacy", "+1 617 555 0127"))
    return [
        Pharmacy.objects.create(
            id=uuid5(NAMESPACE, name), ncpdp_id=f"990000{number}", name=name, phone=phone, network=NETWORK
        )
        for number, (name, phone) in enumerate(names)
    ]


class _Story:
    """One patient's part, in the order of the story."""

    def __init__(
        self, number: int, patient: DemoPatient, doctor: Actor | None, near: Sequence[Pharmacy], now: datetime
    ) -> None:
        self.number, self.patient, self.doctor, self.now = number, patient, doctor, now
        self.pharmacy = near[number % len(near)]
        contact = accounts.contact_of(patient.person_id)
        self.self: Actor = (
            accounts.actor_for_user(user_id=contact.user_id, now=now) if contact is not None else ACTOR
        )

    def tell(self) -> None:
        for line in stories.of(self.number):
            self._file(line)
        for allergy in stories.allergies_of(self.number):
            self._allergy(allergy)
        Chart.objects.filter(pk=self.patient.person_id).update(pharmacy=self.pharmacy)
        state = stories.refill_of(self.number)
        if state is not None and self.doctor is not None:
            self._refill(state)
        if self.number == 0:
            self._diary()

    def _file(self, line: stories.Line) -> None:
        said = IncomingStatement(
            source=line.source,
            system=_system(line.source),
            external_id=f"demo:{self.number}:{line.source.value}:{line.drug}",
            drug_text=line.drug,
            status_word=line.status,
            dosage_text=line.dosage,
            kind=line.kind,
            reason_text=line.reason,
            started_on=(self.now - timedelta(days=line.days)).date(),
            said_at=self.now - timedelta(days=line.days),
            quantity_text=line.quantity,
            refills_left=line.refills,
            prescriber_name=line.prescriber,
            site_id=self.patient.site_id if line.source is not Source.PATIENT else None,
            practitioner_id=self.patient.practitioner_id if line.source is Source.CLINICIAN else None,
        )
        statements.file_statement(
            actor=ACTOR, person_id=self.patient.person_id, said=said, now=self.now - timedelta(days=line.days)
        )

    def _allergy(self, allergy: stories.Allergy) -> None:
        at = self.now - timedelta(days=400)
        allergies.file_allergy(
            actor=ACTOR, person_id=self.patient.person_id, now=at,
            said=IncomingAllergy(
                source=Source.EHR_A, system="ehr-a", external_id=f"demo:{self.number}:{allergy.substance}",
                substance_text=allergy.substance, reaction_text=allergy.reaction, severity=allergy.severity,
                said_at=at, site_id=self.patient.site_id,
            ),
        )  # fmt: skip

    def _line(self) -> LineView:
        found = queries.get_list_unseen(ACTOR, self.patient.person_id)
        return next(
            line for line in found if any(e.statement.site_id for e in line.evidence) and line.is_current
        )

    def _refill(self, state: RefillState) -> None:
        began = self.now - timedelta(hours=30)
        possible = asking.list_refillable(actor=ACTOR, person_id=self.patient.person_id, now=began)
        if not possible:
            return
        view = asking.request_refill(
            actor=self.self, line_id=min(possible, key=str), note="I have one week left.",
            request_key=f"demo:{self.number}", now=began,
        )  # fmt: skip
        if state is RefillState.WITHDRAWN:
            asking.withdraw_refill(
                actor=self.self, refill_id=view.refill_id, seen_version=view.version,
                request_key=f"demo:{self.number}:back", now=began + timedelta(minutes=5),
            )  # fmt: skip
        elif state is RefillState.DECLINED:
            self._decline(view, began)
        elif state is not RefillState.REQUESTED:
            self._approve(view, state, began + timedelta(hours=1))

    def _decline(self, view: RefillView, began: datetime) -> None:
        assert self.doctor is not None  # noqa: S101 - asked before
        deciding.decline_refill(
            actor=self.doctor, refill_id=view.refill_id, seen_version=view.version,
            reason="Please come in first: your kidney values are due to be looked at.",
            request_key=f"demo:{self.number}:no", now=began + timedelta(hours=2),
        )  # fmt: skip

    def _approve(self, view: RefillView, state: RefillState, at: datetime) -> None:
        assert self.doctor is not None  # noqa: S101 - asked before
        deciding.approve_refill(
            actor=self.doctor, refill_id=view.refill_id, seen_version=view.version, overrides=_Always(),
            request_key=f"demo:{self.number}:yes", now=at,
        )  # fmt: skip
        if state in {RefillState.ACCEPTED, RefillState.FILLED}:
            self._answers(view.refill_id, "Status", {"Code": "010"}, at + timedelta(minutes=3))
        if state is RefillState.FILLED:
            done: Mapping[str, object] = {"FillStatus": {"Dispensed": {}}}
            self._answers(view.refill_id, "RxFill", done, at + timedelta(hours=3))
        if state is RefillState.PHARMACY_REFUSED:
            refused = {"Code": "900", "Description": "Not stocked here"}
            self._answers(view.refill_id, "Error", refused, at + timedelta(minutes=5))
        if state in {RefillState.SENT, RefillState.UNANSWERED}:
            self._silence(view.refill_id, state, at)

    def _answers(self, refill_id: UUID, kind: str, content: Mapping[str, object], at: datetime) -> None:
        with transaction.atomic():
            message = simulator.answer(str(_message(refill_id)), kind, content)
            answers.take(message, network=NETWORK, now=at)

    def _silence(self, refill_id: UUID, state: RefillState, at: datetime) -> None:
        with transaction.atomic():
            refill = steps.lock(refill_id)
            refill.sent_at, refill.attempts = at + timedelta(seconds=4), 1
            steps.move(refill, RefillState.SENT, actor=ACTOR, at=at + timedelta(seconds=4), attempt=1)
            if state is RefillState.UNANSWERED:
                waiting.forget(refill)
                steps.move(
                    refill,
                    state,
                    actor=waiting.ACTOR,
                    at=at + timedelta(hours=12),
                    reason="no-answer",
                    attempt=3,
                )

    def _diary(self) -> None:
        """Two weeks of mornings, one of them skipped; and a reminder for the next."""
        line = self._line()
        for day in range(14, 0, -1):
            at = (self.now - timedelta(days=day)).replace(hour=12, minute=5, second=0, microsecond=0)
            diary.note_dose(
                actor=self.self, line_id=line.line_id, planned_at=at.replace(minute=0),
                taken=Taken.SKIPPED if day == 5 else Taken.TAKEN, taken_at=at,
                note="Forgot it at home" if day == 5 else "", request_key=f"demo:dose:{day}", now=at,
            )  # fmt: skip
        reminders.set_reminder(
            actor=self.self, line_id=line.line_id, at=time(8, 0), zone="America/New_York",
            request_key="demo:reminder", now=self.now,
        )  # fmt: skip


def _message(refill_id: UUID) -> UUID | None:
    return steps.lock(refill_id).message_id


def _system(source: Source) -> str:
    return {
        Source.PATIENT: "steadwell",
        Source.CLINICIAN: "steadwell",
        Source.PHARMACY: "harbor-pharmacy",
    }.get(source, source.value)
