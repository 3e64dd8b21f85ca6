"""What may be used once is used once, by however many hands at the same moment."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import date
from itertools import islice
from typing import Any
from uuid import uuid4

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
    wrong_codes,
)
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client

from steadwell import clock
from steadwell.accounts import errors, throttle
from steadwell.accounts import service as accounts
from steadwell.accounts.invitations import accepting
from steadwell.accounts.letters import read
from steadwell.accounts.models import Grant, Invitation, Letter, User
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id

pytestmark = pytest.mark.django_db(transaction=True)

HANDS = 6
BORN = date(1971, 3, 9)
DESK = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}))


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Every job on its own thread and connection, started together; what each returned or raised."""
    barrier, found = threading.Barrier(len(jobs), timeout=60), [None] * len(jobs)

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


def register() -> PersonId:
    return identity.register(
        actor=system("test"),
        source="test",
        external_id=str(uuid4()),
        demographics=identity.Demographics(family_name="Lovelace", given_name="Ada", birth_date=BORN),
        identifiers=[],
        now=clock.now(),
    )


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
    secret = enrol_app(make_staff())
    clients = waiting_clients()
    codes = iter(wrong_codes(secret, 5 * HANDS))
    guesses = [[send_code(client, code) for code in islice(codes, 5)] for client in clients]

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


# --- invitations -------------------------------------------------------------------------------------


def invited() -> tuple[PersonId, bytes]:
    person = register()
    accounts.invite(actor=DESK, person_id=person, email=EMAIL, now=clock.now())
    return person, bytes(Invitation.objects.latest("created_at").digest)


def test_one_of_many_who_accept_one_invitation_makes_the_account():
    person, digest = invited()

    def accept_it() -> Any:
        return accepting.accept(digest=digest, password="three green lanterns", now=clock.now())

    found = at_once(*[accept_it] * HANDS)

    assert sum(isinstance(each, User) for each in found) == 1
    assert sum(isinstance(each, errors.InvitationOver) for each in found) == HANDS - 1
    assert User.objects.get().person_id == person


def test_invitation_that_is_withdrawn_while_it_is_accepted_does_one_of_both():
    for _ in range(4):
        person, digest = invited()

        found = at_once(
            lambda digest=digest: accepting.accept(
                digest=digest, password="three green lanterns", now=clock.now()
            ),
            lambda person=person: accounts.withdraw_invitation(actor=DESK, person_id=person, now=clock.now()),
        )

        accepted = isinstance(found[0], User)
        assert accepted or isinstance(found[0], errors.InvitationOver)
        outcome = Invitation.objects.get(person_id=person).outcome
        assert outcome == ("accepted" if accepted else "withdrawn")
        aside = f"{new_id()}@example.org"
        User.objects.filter(email=EMAIL).update(email=aside)
        EmailAddress.objects.filter(email=EMAIL).update(email=aside)


def test_pressing_invite_at_once_sends_one_letter():
    person = register()

    found = at_once(
        *[lambda: accounts.invite(actor=DESK, person_id=person, email=EMAIL, now=clock.now())] * HANDS
    )

    assert found == [None] * HANDS
    assert Letter.objects.count() == Invitation.objects.count() == 1


def test_guesses_of_the_birth_date_count_each():
    _, digest = invited()

    found = at_once(
        *[
            lambda day=day: accepting.check_birth_date(
                digest=digest, birth_date=date(1950, 1, day), now=clock.now()
            )
            for day in range(1, 11)
        ]
    )

    assert sum(isinstance(each, errors.BirthDateNotMatched) for each in found) == 5
    assert sum(isinstance(each, errors.InvitationOver) for each in found) == 5


def test_one_code_links_one_account():
    person = register()
    code = accounts.show_link_code(actor=DESK, person_id=person, now=clock.now()).code
    users = [make_patient(f"p{place}@example.org", person_id=None) for place in range(5)]

    found = at_once(
        *[
            lambda user=user: accounts.link_by_code(
                actor=system("test"), user_id=user, code=code, birth_date=BORN, now=clock.now()
            )
            for user in users
        ]
    )

    assert found.count(person) == 1
    assert User.objects.filter(person_id=person).count() == 1


def test_letter_and_code_at_once_make_one_account_for_the_patient():
    person, digest = invited()
    code = accounts.show_link_code(actor=DESK, person_id=person, now=clock.now()).code
    user = make_patient("other@example.org", person_id=None)

    at_once(
        lambda: accepting.accept(digest=digest, password="three green lanterns", now=clock.now()),
        lambda: accounts.link_by_code(
            actor=system("test"), user_id=user, code=code, birth_date=BORN, now=clock.now()
        ),
    )

    assert User.objects.filter(person_id=person).count() == 1
