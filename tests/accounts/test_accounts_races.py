"""What may be used once is used once, by however many hands at the same moment."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from accounts.people import (
    EMAIL,
    code_of,
    enrol_app,
    enrol_recovery_codes,
    make_patient,
    make_staff,
    type_password,
    who,
)
from django.db import connection
from django.test import Client

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts import throttle
from steadwell.accounts.letters import read
from steadwell.accounts.models import Grant, Letter, User
from steadwell.actor import Role, system

pytestmark = pytest.mark.django_db(transaction=True)

HANDS = 6


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Every job on its own thread and connection, started together; what each returned or raised."""
    barrier, found = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(place: int, job: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            found[place] = job()
        except Exception as error:  # noqa: BLE001 - handed to the test, which judges it
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, job)) for place, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def waiting_clients() -> list[Client]:
    clients = [Client() for _ in range(HANDS)]
    for client in clients:
        assert type_password(client).url == "/accounts/2fa/authenticate/"
    return clients


def send_code(client: Client, code: str) -> Callable[[], Any]:
    return lambda: client.post("/accounts/2fa/authenticate/", {"code": code})


def test_one_time_code_lets_one_in():
    secret = enrol_app(make_staff())
    clients, code = waiting_clients(), code_of(secret)

    answers = at_once(*[send_code(client, code) for client in clients])

    assert sum(bool(who(client)) for client in clients) == 1, [getattr(a, "headers", a) for a in answers]


def test_recovery_code_lets_one_in():
    user = make_staff()
    enrol_app(user)
    code = enrol_recovery_codes(user)[0]
    clients = waiting_clients()

    answers = at_once(*[send_code(client, code) for client in clients])

    assert sum(bool(who(client)) for client in clients) == 1, [getattr(a, "headers", a) for a in answers]


def test_reset_link_sets_one_password():
    user = make_patient()
    Client().post("/accounts/password/reset/", {"email": EMAIL})
    link = re.search(r"(/accounts/password/reset/key/\S+)", read(Letter.objects.get())).group(1)
    clients = [Client() for _ in range(HANDS)]
    forms = [client.get(link).url for client in clients]
    wishes = [f"number {place} purple lanterns" for place in range(HANDS)]

    answers = at_once(
        *[
            lambda client=client, form=form, wish=wish: client.post(
                form, {"password1": wish, "password2": wish}
            )
            for client, form, wish in zip(clients, forms, wishes, strict=True)
        ]
    )

    done = [
        place for place, answer in enumerate(answers) if answer.headers.get("Location", "").endswith("done/")
    ]
    assert len(done) == 1
    assert User.objects.get(pk=user).check_password(wishes[done[0]])


def test_parallel_tries_all_count():
    waits = at_once(
        *[
            lambda: throttle.take(
                door="test", key="one", uses=3, window=throttle.timedelta(minutes=1), now=clock.now()
            )
            for _ in range(HANDS)
        ]
    )

    assert sum(wait is None for wait in waits) == 3


def test_parallel_guesses_get_no_more_tries_than_the_door_allows():
    user = make_staff()
    enrol_app(user)
    clients = waiting_clients()
    guesses = [
        [send_code(client, f"{place}{number:05}") for number in range(5)]
        for place, client in enumerate(clients)
    ]

    answers = at_once(*[lambda row=row: [guess().status_code for guess in row] for row in guesses])

    looked_at = sum(status == 200 for row in answers for status in row)
    assert looked_at <= 10
    assert not any(who(client) for client in clients)


def test_two_administrators_cannot_take_the_role_from_each_other():
    one, other = make_staff(Role.ADMINISTRATOR), make_staff(Role.ADMINISTRATOR, email="bea@example.org")

    found = at_once(
        *[
            lambda user=user: accounts.revoke_role(
                actor=system("test"), user_id=user, role=Role.ADMINISTRATOR, site_id=None, now=clock.now()
            )
            for user in (one, other)
        ]
    )

    assert sum(isinstance(answer, accounts.LastAdministrator) for answer in found) == 1
    assert Grant.objects.filter(role=Role.ADMINISTRATOR, valid_until__isnull=True).count() == 1


def test_one_role_is_granted_once():
    user = make_patient()

    at_once(
        *[
            lambda: accounts.grant_role(
                actor=system("test"), user_id=user, role=Role.MANAGER, site_ids=[], now=clock.now()
            )
            for _ in range(HANDS)
        ]
    )

    assert Grant.objects.count() == 1


def test_one_address_makes_one_account():
    found = at_once(*[make_patient for _ in range(HANDS)])

    assert sum(isinstance(answer, accounts.EmailTaken) for answer in found) == HANDS - 1
    assert User.objects.count() == 1
