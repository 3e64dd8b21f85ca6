"""A clinic with people in it, for the tests of its pages: named patients, staff who are signed in, a
Monday.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.test import Client
from signing_in import sign_in
from small_clinic import MONDAY, NOW, Clinic, at, clinician, key

from scheduling import service as scheduling
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id

GIVEN = ("Ada", "Bela", "Chidi", "Dolores", "Emre", "Fatou", "Gus", "Hana", "Ivo", "June")
FAMILY = ("Okafor", "Lindqvist", "Moreno", "Tanaka", "Abernathy", "Kowalczyk")


class House(Clinic):
    """The small clinic, with a second clinician, patients by name, and accounts for its staff."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(rooms=4, **fields)
        self.second = clinician(self.site, hours=((8, 12), (13, 17)), name="Sol Aberg")
        self._people = 0

    def patient(self, *, born: date = date(1980, 3, 12)) -> PersonId:
        number = self._people
        self._people += 1
        said = identity.Demographics(
            family_name=FAMILY[number % len(FAMILY)], given_name=GIVEN[number % len(GIVEN)], birth_date=born
        )
        return identity.register(
            actor=system("test"),
            source="test",
            external_id=f"p{number}-{new_id()}",
            demographics=said,
            identifiers=(),
            now=clock.now(),
        )

    def user(self, role: Role = Role.FRONT_DESK, **more: Any) -> UserId:
        return accounts.create_user(
            email=f"{new_id()}@example.org",
            password=None,
            roles=[role],
            site_ids=() if role is Role.ADMINISTRATOR else [self.site],
            now=clock.now(),
            **more,
        )

    def client(self, role: Role = Role.FRONT_DESK, **more: Any) -> Client:
        return sign_in(Client(), self.user(role, **more))

    def visit(
        self,
        hour: int,
        minute: int = 0,
        *,
        person_id: PersonId | None = None,
        on: date = MONDAY,
        now: datetime = NOW,
        **other: Any,
    ) -> scheduling.Appointment:
        return scheduling.book_direct(
            actor=self.desk,
            person_id=person_id or self.patient(),
            offer=self.offer(hour, minute, on=on, **other),
            request_key=key(),
            now=now,
        )

    def step(
        self, visit: scheduling.Appointment, name: str, *, actor: Actor | None = None, now: datetime = NOW
    ) -> Any:
        step = getattr(scheduling, name)
        return step(
            actor=actor or self.manager, appointment_id=visit.appointment_id, request_key=key(), now=now
        )


__all__ = ["MONDAY", "NOW", "House", "at"]
