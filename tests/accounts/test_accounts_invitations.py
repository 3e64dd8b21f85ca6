"""Patients are let in by a letter whose link works once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from accounts.invited import (
    DESK,
    WELCOME,
    access,
    follow,
    invite,
    latest_letter,
    link_in,
    register,
    say_birth_date,
    set_password,
)
from accounts.people import EMAIL, actions, make_patient, type_password, who
from django.db import connection
from django.test import Client

from steadwell import clock
from steadwell.accounts import errors
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Invitation, Letter, User
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.ids import PersonId, UserId, new_id

pytestmark = pytest.mark.django_db


def test_patient_is_let_in_by_link_birth_date_and_password(client):
    person = register()
    invite(person)

    follow(client)
    say_birth_date(client)
    answer = set_password(client)

    user = User.objects.get(email=EMAIL)
    assert answer.url == "/"
    assert who(client) == str(user.pk)
    assert user.person_id == person
    assert type_password(Client()).url == "/"
    assert actions(user.pk) == ["account.created", "account.invitation_accepted", "account.signed_in",
                                "account.signed_in"]  # fmt: skip


def test_letter_holds_neither_name_nor_clinical_word_and_rests_sealed(settings):
    settings.DEMO = False
    invite(register())

    letter, text = latest_letter()

    assert {
        word for word in ("Ada", "Lovelace", "1971", "patient", "visit") if word in text + letter.subject
    } == set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT l::text || i::text FROM accounts_letter l, accounts_invitation i")
        assert link_in(text).rstrip("/").rpartition("/")[2] not in cursor.fetchone()[0]


def test_letter_is_in_the_patients_language():
    invite(register(language="es"))

    assert "Su clínica" in latest_letter()[1]


def test_opening_the_link_uses_nothing_up_and_hides_its_secret(client):
    invite(register())
    path = link_in(latest_letter()[1])

    for _ in range(3):
        assert Client().get(path).url == WELCOME
    follow(client, path)

    assert "Date of birth" in client.get(WELCOME).content.decode()
    assert Invitation.objects.get().ended_at is None


def test_link_works_once(client):
    invite(register())
    path = link_in(latest_letter()[1])
    follow(client, path)
    say_birth_date(client)
    set_password(client)

    other = Client()
    follow(other, path)

    assert other.get(WELCOME).status_code == 410
    assert say_birth_date(other).status_code == 410
    assert User.objects.count() == 1


def test_nothing_binds_before_the_birth_date_is_right(client):
    person = register()
    invite(person)
    follow(client)

    assert set_password(client).status_code == 400
    assert client.post(f"{WELCOME}passkey/", {"credential": "{}"}).status_code == 410
    follow(client)
    assert say_birth_date(client, date(1971, 3, 8)).status_code == 400
    assert set_password(client).status_code == 400

    assert not User.objects.exists()
    assert "account.invitation_refused" in actions()


def test_five_wrong_birth_dates_end_the_link_until_it_is_sent_again(client):
    person = register()
    invite(person)
    follow(client)

    for day in range(5):
        say_birth_date(client, date(1950, 1, 1 + day))
    assert say_birth_date(client).status_code == 410
    assert access(person).invitation.state == "blocked"
    accounts.resend_invitation(actor=DESK, person_id=person, now=clock.now())
    fresh = Client()
    follow(fresh)

    assert say_birth_date(fresh).status_code == 302


def test_proof_of_one_letter_is_none_for_the_next(client):
    person = register()
    invite(person)
    follow(client)
    say_birth_date(client)
    accounts.resend_invitation(actor=DESK, person_id=person, now=clock.now())

    assert client.get(WELCOME).status_code == 410
    follow(client)

    assert "Date of birth" in client.get(WELCOME).content.decode()


def test_weak_password_is_refused_and_nothing_is_used_up(client):
    invite(register())
    follow(client)
    say_birth_date(client)

    assert set_password(client, "password1234").status_code == 400
    assert set_password(client).status_code == 302


def test_resent_letter_ends_the_one_before(client):
    person = register()
    invite(person)
    first = link_in(latest_letter()[1])
    accounts.resend_invitation(actor=DESK, person_id=person, now=clock.now())
    second = link_in(latest_letter()[1])

    follow(client, first)
    assert client.get(WELCOME).status_code == 410
    follow(client, second)

    assert client.get(WELCOME).status_code == 200


def test_withdrawn_and_expired_letters_open_nothing(client):
    one, other = register(), register()
    invite(one)
    withdrawn = link_in(latest_letter()[1])
    accounts.withdraw_invitation(actor=DESK, person_id=one, now=clock.now())
    invite(other, "other@example.org", now=clock.now() - timedelta(days=8))
    expired = link_in(latest_letter()[1])

    for path in (withdrawn, expired, f"{WELCOME}{'x' * 43}/"):
        follow(client, path)
        assert client.get(WELCOME).status_code == 410
    assert access(one).invitation is None
    assert access(other).invitation.state == "expired"


def test_pressing_twice_sends_one_letter_and_another_address_replaces_it(client):
    person = register()
    invite(person)
    first = link_in(latest_letter()[1])
    invite(person)
    assert Letter.objects.count() == 1

    invite(person, "right@example.org")

    follow(client, first)
    assert client.get(WELCOME).status_code == 410
    assert access(person).invitation.email == "right@example.org"


def test_letters_to_one_patient_are_few():
    person = register()
    for place in range(5):
        invite(person, f"a{place}@example.org")

    with pytest.raises(errors.TooManyInvitations):
        invite(person, "one.more@example.org")


@pytest.mark.parametrize(
    ("email", "refusal"),
    [("taken@example.org", errors.EmailTaken), ("josé@example.org", errors.AddressNotPlain)],
)
def test_addresses_that_cannot_be_invited_are_refused_with_words(email, refusal):
    make_patient("taken@example.org")

    with pytest.raises(refusal):
        invite(register(), email)

    assert not Letter.objects.exists()


def test_patient_with_an_account_or_without_a_birth_date_is_not_invited():
    linked = register()
    make_patient(person_id=linked)

    with pytest.raises(errors.AlreadyLinked):
        invite(linked, "another@example.org")
    with pytest.raises(errors.AlreadyLinked):
        accounts.show_link_code(actor=DESK, person_id=linked, now=clock.now())
    with pytest.raises(errors.BirthDateUnknown):
        invite(register(born=None), "nobody@example.org")


STRANGERS = [
    Actor(),
    Actor(user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN})),
    Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=PersonId(new_id())),
]


@pytest.mark.parametrize("actor", STRANGERS, ids=["nobody", "clinician", "patient"])
def test_only_the_desk_lets_in_sees_and_ends(actor):
    person, now = register(), clock.now()
    for call in (
        lambda: accounts.invite(actor=actor, person_id=person, email=EMAIL, now=now),
        lambda: accounts.resend_invitation(actor=actor, person_id=person, now=now),
        lambda: accounts.withdraw_invitation(actor=actor, person_id=person, now=now),
        lambda: accounts.show_link_code(actor=actor, person_id=person, now=now),
        lambda: accounts.portal_access(actor=actor, person_id=person, now=now),
        lambda: accounts.end_access(actor=actor, person_id=person, now=now),
        lambda: accounts.end_proxy_access(actor=actor, person_id=person, proxy_id=new_id(), now=now),
    ):
        with pytest.raises(NotFound):
            call()


def test_each_step_of_the_desk_is_recorded():
    person, now = register(), clock.now()
    invite(person, now=now)
    accounts.resend_invitation(actor=DESK, person_id=person, now=now)
    accounts.withdraw_invitation(actor=DESK, person_id=person, now=now)
    accounts.withdraw_invitation(actor=DESK, person_id=person, now=now)
    accounts.show_link_code(actor=DESK, person_id=person, now=now)
    access(person)

    assert actions() == [
        "account.invited", "account.invitation_resent", "account.invitation_withdrawn",
        "account.link_code_shown", "account.portal_access_viewed",
    ]  # fmt: skip


def test_letter_that_was_refused_shows_on_the_desk():
    person = register()
    invite(person)
    assert access(person).invitation.state == "on-its-way"

    Letter.objects.update(sent_at=clock.now(), not_sent_because="smtp-550")

    assert access(person).invitation.state == "not-sent"
