"""Sessions end: by time, by hand, by disabling; and they never come back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from accounts.people import actions, make_patient, make_staff, type_password
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Session
from steadwell.accounts.sessions import SessionStore
from steadwell.actor import Role, system
from steadwell.errors import NotFound

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sessions/"
LIMITS = [
    (Role.PATIENT, 30, 24),
    (Role.CLINICIAN, 15, 12),
    (Role.FRONT_DESK, 15, 12),
    (Role.MANAGER, 15, 12),
    (Role.ADMINISTRATOR, 10, 8),
]


def in_as(client, role):
    return sign_in(client, make_patient() if role == Role.PATIENT else make_staff(role))


def is_in(client):
    return client.get(PAGE).status_code == 200


@pytest.mark.parametrize(("role", "idle", "absolute"), LIMITS, ids=lambda value: str(value))
def test_session_ends_without_use(client, role, idle, absolute):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        in_as(client, role)

    with time_machine.travel(start + timedelta(minutes=idle, seconds=-5), tick=False):
        assert is_in(client)
    with time_machine.travel(start + timedelta(minutes=2 * idle), tick=False):
        assert not is_in(client)
        assert not is_in(client)


@pytest.mark.parametrize(("role", "idle", "absolute"), LIMITS, ids=lambda value: str(value))
def test_session_ends_in_spite_of_use(client, role, idle, absolute):
    start, step = clock.now(), timedelta(minutes=idle - 1)
    with time_machine.travel(start, tick=False):
        in_as(client, role)

    at = start + step
    while at < start + timedelta(hours=absolute):
        with time_machine.travel(at, tick=False):
            assert is_in(client)
        at += step
    with time_machine.travel(start + timedelta(hours=absolute), tick=False):
        assert not is_in(client)


def test_strictest_role_counts(client):
    user = make_patient()
    accounts.grant_role(
        actor=system("test"), user_id=user, role=Role.ADMINISTRATOR, site_ids=[], now=clock.now()
    )
    sign_in(client, user)

    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert not is_in(client)


def test_use_is_written_at_most_once_a_minute(client):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        sign_in(client, make_patient())

    def writes(seconds):
        with (
            time_machine.travel(start + timedelta(seconds=seconds), tick=False),
            CaptureQueriesContext(connection) as statements,
        ):
            client.get("/accounts/2fa/webauthn/")
        return sum(query["sql"].startswith("UPDATE") for query in statements.captured_queries)

    assert [writes(seconds) for seconds in (10, 50, 70, 80, 120, 140)] == [0, 0, 1, 0, 0, 1]


def test_disabling_ends_the_session_at_the_next_request(client):
    user = make_staff()
    sign_in(client, user)
    assert is_in(client)

    accounts.disable_user(actor=system("test"), user_id=user, now=clock.now())

    assert not is_in(client)


def test_disabled_flag_alone_keeps_out(client):
    user = make_patient()
    sign_in(client, user)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_active = false WHERE id = %s", [user])

    assert not is_in(client)


def test_enabling_lets_in_again(client):
    user = make_patient()
    accounts.disable_user(actor=system("test"), user_id=user, now=clock.now())

    accounts.enable_user(actor=system("test"), user_id=user, now=clock.now())

    assert is_in(sign_in(client, user))


def test_last_administrator_cannot_be_disabled_or_demoted():
    user = make_staff(Role.ADMINISTRATOR)

    with pytest.raises(accounts.LastAdministrator):
        accounts.disable_user(actor=system("test"), user_id=user, now=clock.now())
    with pytest.raises(accounts.LastAdministrator):
        accounts.revoke_role(
            actor=system("test"), user_id=user, role=Role.ADMINISTRATOR, site_id=None, now=clock.now()
        )


def test_list_names_browsers_and_this_one(client):
    make_patient()
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    iphone = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/18.0 Mobile/15E148 Safari/604.1"
    )
    type_password(Client(), headers={"User-Agent": iphone})
    type_password(client, headers={"User-Agent": firefox})

    page = client.get(PAGE).content.decode()

    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("This one") == 1


def test_other_browsers_are_signed_out(client):
    user = make_patient()
    others = [sign_in(Client(), user) for _ in range(2)]
    sign_in(client, user)

    client.post("/accounts/sessions/end/")

    assert is_in(client)
    assert not any(is_in(other) for other in others)
    assert "account.signed_out_everywhere" in actions(user)


def test_everywhere_can_mean_here_too(client):
    user = make_patient()
    other = sign_in(Client(), user)
    sign_in(client, user)

    client.post("/accounts/sessions/end/", {"here": "yes"})

    assert not is_in(client)
    assert not is_in(other)


def test_one_session_is_ended_by_its_owner_only(client):
    owner, stranger = make_patient(), make_patient("eve@example.org")
    theirs = sign_in(Client(), owner)
    session = Session.objects.get(user_id=owner)
    sign_in(client, stranger)

    client.post(f"/accounts/sessions/{session.id}/end/")

    assert is_in(theirs)
    with pytest.raises(NotFound):
        accounts.end_session(actor=system("test"), user_id=stranger, session_id=session.id, now=clock.now())
    accounts.end_session(actor=system("test"), user_id=owner, session_id=session.id, now=clock.now())
    assert not is_in(theirs)


def test_table_holds_no_key(client):
    sign_in(client, make_patient())
    key = client.cookies["steadwell_session"].value

    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_session::text FROM accounts_session")
        rows = "".join(row for (row,) in cursor.fetchall())

    assert key not in rows
    assert is_in(client)


def test_ended_session_is_not_written_back():
    store = SessionStore()
    store["a"] = "b"
    store.save()
    again = SessionStore(store.session_key)
    again["a"] = "c"
    store.delete()

    with pytest.raises(UpdateError):
        again.save()

    assert not Session.objects.exists()


def test_clearing_removes_only_what_nobody_can_use(client):
    user = make_patient()
    sign_in(client, user)
    start = clock.now()
    with time_machine.travel(start + timedelta(minutes=31), tick=False):
        sign_in(Client(), user)
        SessionStore.clear_expired()

    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "cookie", ["", "x", "x" * 500, "../../etc", "%00", "7d3c5a90-9a43-4f6e-8f6a-0d5f5f6f3b11"]
)
def test_made_up_cookies_are_nobody(client, cookie):
    client.cookies["steadwell_session"] = cookie

    assert client.get(PAGE).status_code == 302


def test_cookie_is_kept_from_scripts(client):
    make_patient()

    cookie = type_password(client).cookies["steadwell_session"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]


def test_part_of_a_page_makes_the_whole_page_load_when_the_session_is_over(client):
    sign_in(client, make_patient())

    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        answer = client.get(PAGE, headers={"HX-Request": "true"})

    assert answer.headers["HX-Refresh"] == "true"


def test_list_sessions_is_bounded_and_one_statement():
    user = make_patient()
    for _ in range(3):
        sign_in(Client(), user)

    with CaptureQueriesContext(connection) as statements:
        found = accounts.list_sessions(user_id=user)

    assert len(statements) == 1
    assert len(found) == 3
    assert all(isinstance(row.session_id, UUID) for row in found)
