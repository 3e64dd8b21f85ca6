"""Accounts that are there are linked by a code, access ends, and new staff get a letter."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from accounts.invited import (
    BORN,
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
from accounts.people import EMAIL, actions, make_patient, make_staff, who
from django.core.management import CommandError, call_command
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import errors
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Invitation, Session, User
from steadwell.actor import Role, system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import SiteId, UserId

pytestmark = pytest.mark.django_db


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
