"""A patient who signs in, a parent who acts for them, and the work that is promised, done here and now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import lab_house as house

from labs import deciding_together, models, policies
from labs import service as labs
from labs.policy import Choice, Delay, Legal
from steadwell import events
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.outbox import deliveries, handover
from steadwell.outbox import service as outbox

NOW = house.NOW
MANAGER = Actor(user_id=house.CLINICIAN.user_id, roles=frozenset({Role.ADMINISTRATOR}))
_serial = count(1)


class Family:
    """One patient of the house, with an account, and somebody who may act for them."""

    def __init__(self, *, born: date = date(1980, 3, 12), has_account: bool = True) -> None:
        number = f"MR-F{next(_serial)}"
        said = identity.Demographics(
            family_name="Okafor", given_name="Ada", birth_date=born, sex="female", email="home@example.org"
        )
        self.person_id: PersonId = identity.register(
            actor=system("import"), source="steadwell", external_id=number, demographics=said,
            identifiers=[house.record_number(number)], now=NOW - timedelta(days=30),
        )  # fmt: skip
        self.incoming = labs.IncomingPatient(
            external_id=f"L-{number}", identifiers=(house.record_number(number),), demographics=said
        )
        self.patient_id = self._user(person_id=self.person_id) if has_account else None
        self.parent_id = self._user()
        accounts.add_proxy(
            actor=system("import"), user_id=self.parent_id, person_id=self.person_id, relationship="parent",
            now=NOW - timedelta(days=1),
        )  # fmt: skip
        models.LabSender.objects.get_or_create(sender="north-lab", defaults={"site_id": house.SITE})

    def _user(self, **more: Any) -> Any:
        return accounts.create_user(
            email=f"f{next(_serial)}@example.org",
            password=None,
            roles=[],
            now=NOW - timedelta(days=1),
            **more,
        )

    @property
    def patient(self) -> Actor:
        assert self.patient_id is not None
        return accounts.actor_for_user(user_id=self.patient_id, now=NOW)

    @property
    def parent(self) -> Actor:
        return accounts.actor_for_user(user_id=self.parent_id, now=NOW)

    def file(self, *observations: labs.IncomingObservation, now: datetime = NOW, **more: Any) -> UUID:
        """Filed, and decided as a worker would."""
        filed = house.file(house.report(*observations, patient=self.incoming, **more), now=now)
        decide(filed.report_id, now=now)
        return filed.report_id

    def sees(self, report_id: UUID, actor: Actor | None = None, *, now: datetime = NOW) -> list[str] | None:
        """The tests (LOINC) that a reader sees in a report; None where there is no such report for them."""
        reader = actor or self.patient
        try:
            view = labs.get_report(actor=reader, report_id=report_id, now=now)
        except labs.ReportNotFound:
            assert report_id not in self.listed(reader, now=now)
            return None
        assert report_id in self.listed(reader, now=now)
        return [result.loinc for result in view.results]

    def listed(self, actor: Actor, *, now: datetime = NOW) -> list[UUID]:
        page = labs.reports_of(actor=actor, person_id=self.person_id, now=now)
        return [each.report_id for each in page.reports]


def rule(*, at: datetime = NOW - timedelta(days=1), **fields: Any) -> UUID:
    """A row of the policy, active from yesterday."""
    values = {
        "delay": Delay.SIGNED,
        "legal": Legal.LAW,
        "legal_text": "The law of the state asks for it.",
        "words": {"en": "Held until {until}.", "es": "Hasta {until}."},
        "longest_hours": 72,
    }
    return policies.set_rule(actor=MANAGER, rule=policies.NewRule(**(values | fields)), now=at)


def choice_rules() -> None:
    """What the two choices mean, as the migration ships it (a transactional test empties the table)."""
    if models.ReleaseRule.objects.filter(on_choice="after-seen").exists():
        return
    rule(on_choice=Choice.AFTER_SEEN, legal=Legal.REQUEST, longest_hours=336)
    rule(on_choice=Choice.AFTER_TALK, legal=Legal.REQUEST, longest_hours=720, delay=Delay.TALKED)


def decide(*report_ids: UUID, now: datetime = NOW) -> None:
    """What a worker does with reports that were filed."""
    deciding_together.decide_filed(
        [
            outbox.Heard(
                event=events.LabReportFiled(report_id=each, person_id=events.NOBODY, version=1),
                ctx=outbox.DeliveryContext(delivery_id=0, attempt=1, now=now),
            )
            for each in report_ids
        ]
    )


def work(now: datetime = NOW) -> int:
    """What relay and workers do, until nothing waits."""
    done = 0
    while ids := [each for queue in handover.claim(now=now).ids.values() for each in queue]:
        for delivery_id in ids:
            deliveries.deliver(delivery_id=delivery_id, now=now)
        done += len(ids)
    return done
