"""A new account finds its patient record by what only the patient knows, and a demo person by one click."""

from __future__ import annotations

from datetime import date
from io import StringIO
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from accounts.people import EMAIL, actions, enrol_app, make_patient, make_staff, type_password, who
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Grant, Proxy, Session, User
from steadwell.actor import Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId

pytestmark = pytest.mark.django_db

BORN = date(1971, 3, 9)


def register(number="SW100200", born=BORN):
    return identity.register(
        actor=system("test"),
        source="test",
        external_id=number,
        demographics=identity.Demographics(family_name="Lovelace", given_name="Ada", birth_date=born),
        identifiers=[],
        now=clock.now(),
    )


def unlinked(email=EMAIL):
    return make_patient(email, person_id=None)


def send(client, number, born):
    return client.post("/accounts/link/", {"number": number, "birth_date": str(born)})


def number_of(person):
    return identity.get_person(actor=system("test"), person_id=person, now=clock.now()).number


def test_unlinked_account_opens_nothing_else(client):
    sign_in(client, unlinked())

    assert client.get("/").url == "/accounts/link/"
    assert client.get("/visits/").url == "/accounts/link/"
    assert client.get("/accounts/sessions/").status_code == 200


def test_number_and_birth_date_link(client):
    person, user = register(), unlinked()
    sign_in(client, user)

    answer = send(client, number_of(person).lower(), BORN)

    assert answer.url == "/"
    assert accounts.actor_for_user(user_id=user, now=clock.now()).person_id == person
    assert "account.linked" in actions(user)


def test_wrong_details_and_taken_records_look_alike(client):
    person = register()
    number = number_of(person)
    sign_in(client, unlinked())
    wrong_date = send(client, number, date(1971, 3, 8))
    wrong_number = send(client, "SW999999", BORN)
    make_patient("other@example.org", person_id=person)
    taken = send(client, number, BORN)

    assert [a.status_code for a in (wrong_date, wrong_number, taken)] == [400, 400, 400]
    assert all("could not match" in a.content.decode() for a in (wrong_date, wrong_number, taken))


def test_tries_are_few(client):
    sign_in(client, unlinked())

    answers = [send(client, f"SW{number}", BORN) for number in range(6)]

    assert [answer.status_code for answer in answers] == [400] * 5 + [429]


def test_tries_at_one_record_count_whoever_tries():
    person = register()
    number = number_of(person)
    for place in range(10):
        client = Client()
        sign_in(client, unlinked(f"p{place}@example.org"))
        send(client, number[:2] + " " * place + number[2:], date(1950, 1, 1 + place))
    client = Client()
    sign_in(client, unlinked())

    assert send(client, number, BORN).status_code == 429


# --- the demo's door ---------------------------------------------------------------------------------


def demo(role=None, **given):
    return accounts.create_user(
        email=given.pop("email", "demo@example.org"),
        password=None,
        roles=[role] if role else [],
        site_ids=[SiteId(uuid4())],
        person_id=None if role else PersonId(uuid4()),
        is_demo=True,
        now=clock.now(),
        **given,
    )


def test_demo_page_groups_people_by_side(client):
    demo(demo_name="Rosa Diaz", demo_note="A visit tomorrow.")
    demo(Role.CLINICIAN, email="c@example.org", demo_name="Dr. Obi")
    demo(Role.FRONT_DESK, email="f@example.org")
    demo(Role.ADMINISTRATOR, email="a@example.org")
    make_patient("real@example.org")

    page = client.get("/demo/").content.decode()

    assert page.count("<h2>") == 4
    assert "Rosa Diaz" in page
    assert "A visit tomorrow." in page
    assert "real@example.org" not in page


@pytest.mark.parametrize("role", [None, Role.CLINICIAN, Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR])
def test_one_click_signs_in_with_the_second_factor(client, role):
    user = demo(role)

    client.post(f"/demo/sign-in/{user}/")

    assert who(client) == str(user)
    assert client.get("/accounts/sessions/").status_code == 200
    assert actions(user)[-1] == "account.signed_in"


def test_next_click_is_somebody_else_in_a_new_session(client):
    one, other = demo(), demo(Role.ADMINISTRATOR, email="a@example.org")
    client.post(f"/demo/sign-in/{one}/")
    before = client.cookies["steadwell_session"].value

    client.post(f"/demo/sign-in/{other}/")

    assert who(client) == str(other)
    assert client.get("/accounts/sessions/").status_code == 200
    assert client.cookies["steadwell_session"].value != before
    assert Session.objects.filter(user_id=one).count() == 0


def test_real_people_are_not_signed_in_by_a_click(client):
    user = make_patient()

    assert client.post(f"/demo/sign-in/{user}/").status_code == 404
    assert client.post(f"/demo/sign-in/{uuid4()}/").status_code == 404
    assert who(client) == ""


def test_click_is_a_post_with_a_token():
    user = demo()

    assert Client().get(f"/demo/sign-in/{user}/").status_code == 405
    assert Client(enforce_csrf_checks=True).post(f"/demo/sign-in/{user}/").status_code == 403


def test_without_the_demo_there_is_no_such_door(client, settings):
    user = demo()
    settings.DEMO = False

    assert client.get("/demo/").status_code == 404
    assert client.post(f"/demo/sign-in/{user}/").status_code == 404
    assert [m.id for m in run_checks(include_deployment_checks=True) if m.id.startswith("accounts.")] == []


def test_deployment_check_refuses_the_demo(settings):
    settings.DEMO = True

    assert "accounts.E001" in [m.id for m in run_checks(include_deployment_checks=True)]


def test_check_refuses_a_lock_out_out_of_place(settings):
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]

    assert "accounts.E002" in [m.id for m in run_checks()]


# --- the first administrator, and the admin ----------------------------------------------------------


def run_command(*typed, email="root@example.org"):
    said = StringIO()
    with patch("steadwell.accounts.management.commands.create_administrator.getpass", side_effect=typed):
        call_command("create_administrator", email, stdout=said)
    return said.getvalue()


def test_command_makes_an_administrator_who_enrols_first(client):
    run_command("three green lanterns", "three green lanterns")

    type_password(client, email="root@example.org")

    user = User.objects.get()
    assert accounts.actor_for_user(user_id=user.pk, now=clock.now()).roles == {Role.ADMINISTRATOR}
    assert client.get("/admin/").url == "/accounts/2fa/"


@pytest.mark.parametrize(
    "typed", [("password1234", "password1234"), ("three green lanterns", "another thing"), ("", "")]
)
def test_command_makes_nobody_with_a_bad_password(typed):
    with pytest.raises(CommandError):
        run_command(*typed)

    assert not User.objects.exists()


@pytest.fixture
def administrator(client):
    user = make_staff(Role.ADMINISTRATOR, email="root@example.org")
    sign_in(client, user)
    return user


@pytest.mark.parametrize("page", ["user", "grant", "proxy", "session"])
def test_admin_reads(client, administrator, page):
    user = make_staff()
    accounts.add_proxy(
        actor=system("test"),
        user_id=user,
        person_id=PersonId(uuid4()),
        relationship="parent",
        now=clock.now(),
    )

    answer = client.get(f"/admin/accounts/{page}/")

    assert answer.status_code == 200
    if page != "session":
        model = {"user": User, "grant": Grant, "proxy": Proxy}[page]
        opened = client.get(f"/admin/accounts/{page}/{model.objects.first().pk}/change/")
        assert opened.status_code == 200
        assert b'name="_save"' not in opened.content


def test_admin_makes_staff_through_the_service(client, administrator):
    site = uuid4()

    answer = client.post(
        "/admin/accounts/user/add/",
        {
            "email": "New@Example.org",
            "role": "clinician",
            "site_id": str(site),
            "time_zone": "America/Chicago",
        },
    )

    assert answer.status_code == 302
    user = User.objects.get(email="new@example.org")
    assert accounts.actor_for_user(user_id=user.pk, now=clock.now()).site_ids == {site}
    assert actions(user.pk) == ["account.created", "account.role_granted", "account.invited"]


def test_admin_grants_and_revokes(client, administrator):
    user, site = make_staff(), uuid4()

    client.post("/admin/accounts/grant/add/", {"email": EMAIL, "role": "manager", "site_id": str(site)})
    held = Grant.objects.get(user_id=user, role="manager")
    client.post("/admin/accounts/grant/", {"action": "revoke", "_selected_action": [str(held.pk)]})

    assert accounts.actor_for_user(user_id=user, now=clock.now()).roles == {Role.FRONT_DESK}
    assert actions(user)[-2:] == ["account.role_granted", "account.role_revoked"]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("disable", "account.disabled"),
        ("end_sessions", "account.signed_out_everywhere"),
        ("lift_lock_out", "account.lock_out_lifted"),
        ("reset_second_factor", "account.second_factor_reset"),
    ],
)
def test_admin_acts_through_the_service(client, administrator, action, said):
    user = make_staff()
    enrol_app(user)

    client.post("/admin/accounts/user/", {"action": action, "_selected_action": [str(user)]})

    assert said in actions(user)


def test_admin_names_and_ends_a_proxy(client, administrator):
    user, person = make_patient(), uuid4()
    client.post(
        "/admin/accounts/proxy/add/",
        {"email": EMAIL, "person_id": str(person), "relationship": "parent", "time_zone": "UTC"},
    )
    right = Proxy.objects.get(user_id=user)
    assert right.person_id == person

    client.post("/admin/accounts/proxy/", {"action": "end", "_selected_action": [str(right.pk)]})

    assert accounts.list_readers([PersonId(person)], now=clock.now()) == []


def test_admin_deletes_and_edits_nothing(client, administrator):
    user = make_staff()

    assert client.post(f"/admin/accounts/user/{user}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/accounts/user/{user}/change/", {"is_active": ""}).status_code == 403
    assert client.post(
        "/admin/accounts/user/", {"action": "delete_selected", "_selected_action": [str(user)], "post": "yes"}
    ).status_code in {200, 302}
    assert User.objects.filter(pk=user, is_active=True).exists()


@pytest.mark.parametrize(
    "path", ["account/emailaddress", "mfa/authenticator", "auth/group", "axes/accessattempt"]
)
def test_admin_has_no_side_doors(client, administrator, path):
    assert client.get(f"/admin/{path}/").status_code == 404


def test_manager_sees_no_accounts_in_the_admin(client):
    sign_in(client, make_staff(Role.MANAGER))

    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/accounts/user/").status_code == 403


def test_last_administrator_stays(client, administrator):
    client.post("/admin/accounts/user/", {"action": "disable", "_selected_action": [str(administrator)]})

    assert User.objects.get(pk=administrator).is_active
    assert isinstance(administrator, UUID)
