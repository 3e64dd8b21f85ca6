"""People who sign in and read pages, for the tests of the patients' pages."""

from __future__ import annotations

import itertools
from datetime import date

from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

_count = itertools.count(1)


def person(given: str = "Ada", family: str = "Okafor") -> PersonId:
    number = next(_count)
    return identity.register(
        actor=system("import"),
        source="clinic",
        external_id=f"reader-{number}",
        demographics=identity.Demographics(
            family_name=family, given_name=given, birth_date=date(1980, 1, 1 + number % 28)
        ),
        identifiers=[],
        now=clock.now(),
    )


class Patient:
    """Somebody with an account and a browser. ``actor`` is who they are to a service."""

    def __init__(self, *, given: str = "Ada", time_zone: str = "UTC") -> None:
        self.person_id = person(given)
        self.user_id = accounts.create_user(
            email=f"reader{next(_count)}@example.org",
            password=None,
            roles=[],
            person_id=self.person_id,
            now=clock.now(),
        )
        if time_zone != "UTC":
            self._lives_in(time_zone)
        self.actor = Actor(
            user_id=UserId(self.user_id), roles=frozenset({Role.PATIENT}), person_id=self.person_id
        )
        self.client = sign_in(Client(), self.user_id)

    def _lives_in(self, time_zone: str) -> None:
        accounts.set_preferences(
            actor=system("import"), user_id=self.user_id, language="en", time_zone=time_zone, now=clock.now()
        )

    def acts_for(self, person_id: PersonId) -> None:
        accounts.add_proxy(
            actor=system("import"),
            user_id=UserId(self.user_id),
            person_id=person_id,
            relationship="parent",
            now=clock.now(),
        )
