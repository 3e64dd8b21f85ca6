"""Patients and staff are let in by a letter whose link works once; accounts that are there by a code."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import StringIO
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from accounts.people import EMAIL, PASSWORD, actions, make_patient, make_staff, type_password, who
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import errors, letters
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Invitation, Letter, Session, User
from steadwell.actor import Actor, Role, system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, UserId, new_id

pytestmark = pytest.mark.django_db

BORN = date(1971, 3, 9)
WELCOME = "/accounts/invitation/"
DESK = Actor(
    user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SiteId(new_id())})
)


def register(born=BORN, **more):
    return identity.register(
        actor=system("test"),
        source="test",
        external_id=str(uuid4()),
        demographics=identity.Demographics(family_name="Lovelace", given_name="Ada", birth_date=born, **more),
        identifiers=[],
        now=clock.now(),
    )


def invite(person_id, email=EMAIL, actor=DESK, now=None):
    accounts.invite(actor=actor, person_id=person_id, email=email, now=now or clock.now())


def latest_letter():
    letter = Letter.objects.latest("created_at", "id")
    return letter, letters.read(letter)


def link_in(text):
    return urlsplit(re.search(r"https?://\S+", text)[0]).path


def follow(client, path=None):
    client.get(path or link_in(latest_letter()[1]))


def say_birth_date(client, born=BORN):
    return client.post(WELCOME, {"birth_date": str(born)})


def set_password(client, password=PASSWORD):
    return client.post(WELCOME, {"password": password})


def access(person_id):
    return accounts.portal_access(actor=DESK, person_id=person_id, now=clock.now())


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


# --- codes -------------------------------------------------------------------------------------------


def enter(client, code, born=BORN):
    return client.post("/accounts/link/code/", {"code": code, "birth_date": str(born)})


def show(person_id):
    return accounts.show_link_code(actor=DESK, person_id=person_id, now=clock.now()).code


def test_code_links_the_account_that_enters_it(client):
    person, user = register(), make_patient(person_id=None)
    sign_in(client, user)

    answer = enter(client, show(person).replace("-", " ").lower())

    assert answer.url == "/"
    assert access(person).account.email == EMAIL
    assert "account.linked" in actions(user)


def test_code_works_once_and_only_with_the_birth_date(client):
    person = register()
    code = show(person)
    sign_in(client, make_patient(person_id=None))
    assert enter(client, code, date(1971, 3, 8)).status_code == 400
    assert enter(client, code).status_code == 302
    other = Client()
    sign_in(other, make_patient("other@example.org", person_id=None))

    assert enter(other, code).status_code == 400
    assert access(person).account.email == EMAIL


def test_new_code_ends_the_one_before_and_a_link_ends_the_letter(client):
    person = register()
    invite(person, "letter@example.org")
    first, second = show(person), show(person)
    sign_in(client, make_patient(person_id=None))

    assert enter(client, first).status_code == 400
    assert enter(client, second).status_code == 302
    assert access(person).invitation is None


def test_desk_does_not_let_itself_in(client):
    person, clerk = register(), make_staff(Role.FRONT_DESK)
    shown = accounts.show_link_code(
        actor=accounts.actor_for_user(user_id=clerk, now=clock.now()), person_id=person, now=clock.now()
    )
    sign_in(client, clerk)

    assert enter(client, shown.code).status_code == 400
    assert access(person).account is None


def test_wrong_codes_are_few(client):
    sign_in(client, make_patient(person_id=None))

    answers = [enter(client, "BCDF-GHJK").status_code for _ in range(11)]

    assert answers == [400] * 10 + [429]


def test_old_code_opens_nothing(client):
    person = register()
    early = clock.now() - timedelta(minutes=16)
    code = accounts.show_link_code(actor=DESK, person_id=person, now=early).code
    sign_in(client, make_patient(person_id=None))

    assert enter(client, code).status_code == 400


# --- ending ------------------------------------------------------------------------------------------


def test_ended_access_is_over_at_once_and_only_the_clinic_opens_it_again(client):
    person = register()
    user = make_patient(person_id=person)
    sign_in(client, user)
    number = identity.get_person(actor=DESK, person_id=person, now=clock.now()).number

    accounts.end_access(actor=DESK, person_id=person, now=clock.now())
    accounts.end_access(actor=DESK, person_id=person, now=clock.now())

    assert client.get("/accounts/sessions/").status_code == 302
    assert not Session.objects.filter(user_id=user).exists()
    assert actions(user)[-1] == "account.access_ended"
    again = Client()
    sign_in(again, user)
    refused = again.post("/accounts/link/", {"number": number, "birth_date": str(BORN)})
    assert refused.status_code == 400
    assert enter(again, show(person)).status_code == 302


def test_proxy_is_seen_and_ended_by_the_desk_of_their_patient_only():
    person, other, user = register(), register(), make_patient(person_id=None)
    proxy_id = accounts.add_proxy(
        actor=system("test"), user_id=user, person_id=person, relationship="parent", now=clock.now()
    )
    assert [(p.email, p.relationship) for p in access(person).proxies] == [(EMAIL, "parent")]

    with pytest.raises(NotFound):
        accounts.end_proxy_access(actor=DESK, person_id=other, proxy_id=proxy_id, now=clock.now())
    accounts.end_proxy_access(actor=DESK, person_id=person, proxy_id=proxy_id, now=clock.now())

    assert access(person).proxies == ()


# --- staff -------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(client):
    sign_in(client, make_staff(Role.ADMINISTRATOR, email="root@example.org"))
    return client


def add_staff(administrator, email="new@example.org"):
    return administrator.post(
        "/admin/accounts/user/add/",
        {"email": email, "role": "front-desk", "site_id": str(uuid4()), "time_zone": "UTC"},
    )


def test_new_staff_get_a_letter_set_a_password_and_enrol_before_anything(administrator):
    add_staff(administrator)
    letter, text = latest_letter()
    newcomer = Client()

    follow(newcomer, link_in(text))
    page = newcomer.get(WELCOME).content.decode()
    set_password(newcomer)

    assert letter.address == "new@example.org"
    assert "Date of birth" not in page
    assert "passkey" not in page
    assert newcomer.get("/clinic/").url == "/accounts/2fa/"
    assert newcomer.get("/clinic/patients/").url == "/accounts/2fa/"
    used = Client()
    follow(used, link_in(text))
    assert used.get(WELCOME).status_code == 410


def test_expired_invitation_of_staff_is_seen_and_sent_again(administrator):
    add_staff(administrator)
    first = link_in(latest_letter()[1])
    Invitation.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    assert "expired" in administrator.get("/admin/accounts/user/").content.decode()
    user = User.objects.get(email="new@example.org")

    administrator.post(
        "/admin/accounts/user/", {"action": "invite_again", "_selected_action": [str(user.pk)]}
    )

    newcomer = Client()
    follow(newcomer, first)
    assert newcomer.get(WELCOME).status_code == 410
    follow(newcomer)
    assert newcomer.get(WELCOME).status_code == 200
    assert actions(user.pk).count("account.invited") == 2


def test_staff_who_set_a_password_or_are_disabled_are_not_invited(administrator):
    user = make_staff(email="old@example.org")
    with pytest.raises(errors.AlreadySetUp):
        accounts.invite_staff(actor=system("test"), user_id=user, now=clock.now())
    add_staff(administrator)
    path, fresh = link_in(latest_letter()[1]), User.objects.get(email="new@example.org")

    accounts.disable_user(actor=system("test"), user_id=UserId(fresh.pk), now=clock.now())

    newcomer = Client()
    follow(newcomer, path)
    assert newcomer.get(WELCOME).status_code == 410


def test_command_makes_staff_and_writes_to_them():
    said, site = StringIO(), uuid4()

    call_command("create_staff", "Kim@Example.org", role="clinician", site=[site], stdout=said)

    user = User.objects.get(email="kim@example.org")
    assert accounts.actor_for_user(user_id=user.pk, now=clock.now()).roles_at(SiteId(site)) == {
        Role.CLINICIAN
    }
    assert latest_letter()[0].address == "kim@example.org"


@pytest.mark.parametrize(
    ("email", "more"), [("no address", {"site": [uuid4()]}), ("kim@example.org", {"site": []})]
)
def test_command_makes_nobody_of_half_an_order(email, more):
    with pytest.raises(CommandError):
        call_command("create_staff", email, role="clinician", **more)

    assert not User.objects.exists()


def test_letter_followed_beside_somebody_else_signs_them_out(client):
    invite(register())
    bystander = make_patient("bystander@example.org")
    sign_in(client, bystander)

    follow(client)
    say_birth_date(client)
    set_password(client)

    assert who(client) == str(User.objects.get(email=EMAIL).pk)
