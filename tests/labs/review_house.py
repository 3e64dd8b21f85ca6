"""A clinic whose clinicians read results: two of them at one site, a manager, a patient, and a laboratory."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from lab_house import again, potassium, record_number, registered, report, sodium
from signing_in import sign_in

from labs import service as labs
from labs.models import ClinicianNumber, LabSender
from labs.review import inbox, signing
from labs.types import Status
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.ids import PractitionerId, SiteId, UserId, new_id
from steadwell.outbox import deliveries, handover, poller

sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))
import small_clinic

NOW = small_clinic.NOW
LAB = system("labs.ingest")


def key() -> str:
    return str(new_id())


class ReviewHouse:
    """``doctor`` ordered what the laboratory sends; ``colleague`` works there too, ``stranger`` elsewhere."""

    def __init__(self) -> None:
        self.site = small_clinic.site(name="Alder Street")
        self.other_site = small_clinic.site(name="Birch Lane")
        self.doctor_id = small_clinic.clinician(self.site, name="Wren Halloran")
        self.colleague_id = small_clinic.clinician(self.site, name="Sol Aberg")
        self.doctor = self.staff(Role.CLINICIAN, self.site, self.doctor_id)
        self.colleague = self.staff(Role.CLINICIAN, self.site, self.colleague_id)
        stranger_id = small_clinic.clinician(self.other_site, name="Ines Corte")
        self.stranger = self.staff(Role.CLINICIAN, self.other_site, stranger_id)
        self.manager = self.staff(Role.MANAGER, self.site)
        self.person_id = registered()
        LabSender.objects.create(sender="north-lab", name="North Lab", site_id=self.site)
        ClinicianNumber.objects.create(number="1111", practitioner_id=self.doctor_id, site_id=self.site)

    def staff(self, role: Role, site: SiteId, practitioner_id: PractitionerId | None = None) -> Actor:
        user_id = accounts.create_user(
            email=f"{new_id()}@example.org", password=None, roles=[role], site_ids=[site], now=NOW,
            practitioner_id=practitioner_id,
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=NOW)

    def client(self, actor: Actor) -> Client:
        assert actor.user_id is not None
        return sign_in(Client(), UserId(actor.user_id))

    def say(self, *observations: labs.IncomingObservation, **more: Any) -> labs.IncomingReport:
        """What the laboratory says about the doctor's patient; with ``ordered_by=""`` about nobody's."""
        return report(*observations, **{"ordered_by": "1111"} | more)

    def file(
        self, said: labs.IncomingReport | None = None, *, now: datetime = NOW, carried: bool = True
    ) -> labs.Filed:
        filed = labs.file_report(actor=LAB, report=said or self.say(), now=now)
        if carried:
            carry(now)
        return filed

    def tasks(
        self, actor: Actor | None = None, who: inbox.Who = inbox.Who.MINE, **more: Any
    ) -> list[inbox.Line]:
        more.setdefault("now", NOW)
        return list(inbox.list_tasks(actor=actor or self.doctor, who=who, **more).lines)


def carry(now: datetime = NOW, *, tell: bool = False) -> None:
    """What relay and workers do, in this thread: every promise that waits, and those that it brings about.

    Mails stay where they are, and patients are told nothing, unless ``tell``.
    """
    while found := handover.claim(now=now).ids:
        for queue, numbers in found.items():
            for number in numbers:
                if tell or not queue.startswith("notifications."):
                    deliveries.deliver(delivery_id=number, now=now)


def pass_time(until: datetime) -> None:
    """What falls due up to then, one after the other, as the poller finds it."""
    while sum(poller.fire(now=until)):
        carry(until)


def sign(
    house: ReviewHouse,
    filed: labs.Filed,
    *,
    actor: Actor | None = None,
    version: int = 1,
    now: datetime = NOW,
    **more: Any,
) -> None:
    more.setdefault("request_key", key())
    signing.sign(actor=actor or house.doctor, report_id=filed.report_id, version=version, now=now, **more)


def corrected(
    house: ReviewHouse, value: str = "4.9", **more: Any
) -> tuple[labs.IncomingReport, labs.IncomingReport]:
    """A final value, then its correction."""
    said = house.say(potassium("5.0"))
    return said, again(
        said, potassium(value, status=Status.CORRECTED), status=Status.CORRECTED,
        issued_at=said.issued_at + timedelta(hours=1), **more,
    )  # fmt: skip


__all__ = [
    "NOW", "ReviewHouse", "again", "carry", "clock", "corrected", "key", "pass_time", "potassium",
    "record_number", "report", "sign", "sodium", "timedelta",
]  # fmt: skip
