"""What stands around every page: headers, languages, appearance, navigation, answers to refusals."""

from __future__ import annotations

import json

import pytest
from django.test import Client, override_settings
from django.urls import path
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.errors import Busy, Invalid, NotFound, Stale
from steadwell.ids import PersonId, new_id
from steadwell.portal import faults
from steadwell.portal import service as portal
from tests.idling import pausing

pytestmark = pytest.mark.django_db

PAGES = [
    "/",
    "/components/",
    "/nothing-here/",
    "/components/error/500/",
    "/components/error/503/",
    "/robots.txt",
]
REFUSALS = {"invalid": Invalid, "missing": NotFound, "stale": Stale, "busy": Busy}


def _refuse(request, name):
    raise REFUSALS[name]


@portal.requires(Role.PATIENT)
def _patients_only(request):
    from django.http import HttpResponse

    return HttpResponse(str(request.actor.person_id))


def _unreachable(request):
    from django.db import OperationalError

    raise OperationalError("couldn't get a connection after 2.00 sec")


def _in_two_statements(request):
    from django.db import connection, transaction
    from django.http import HttpResponse

    with transaction.atomic(), connection.cursor() as cursor:
        for number in range(2):
            cursor.execute("SELECT %s", [number])
    return HttpResponse("done")


def _faulty(request):
    raise ZeroDivisionError


urlpatterns = [
    path("refuse/<str:name>/", _refuse),
    path("patients/", _patients_only),
    path("unreachable/", _unreachable),
    path("in-two-statements/", _in_two_statements),
    path("faulty/", _faulty),
]
handler404 = faults.page_not_found
handler500 = faults.server_error


def _with_portal():
    from steadwell.config.urls import urlpatterns as real

    return [*urlpatterns, *real]


class Routes:  # a module-like object, as ROOT_URLCONF may be
    urlpatterns = None
    handler404 = staticmethod(faults.page_not_found)
    handler500 = staticmethod(faults.server_error)


@pytest.fixture
def extra_routes():
    Routes.urlpatterns = _with_portal()
    with override_settings(ROOT_URLCONF=Routes):
        yield


@pytest.fixture
def patient_user():
    return _user(Role.PATIENT, person_id=PersonId(new_id()))


def _user(role, **more):
    return accounts.create_user(
        email=f"{new_id()}@example.org",
        password=None,
        roles=[role],
        now=clock.now(),
        actor=system("test"),
        **more,
    )


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_carries_the_strict_policy(client, address):
    response = client.get(address)

    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_patients_page_loads_no_more_than_it_uses(client, patient_user):
    page = sign_in(client, patient_user).get("/").content.decode()

    assert "htmx" not in page


def test_language_follows_the_browser_and_then_the_readers_choice(client):
    asked = client.get("/", headers={"accept-language": "es-MX,es;q=0.9"})
    client.post("/language/", {"language": "en", "next": "/"})
    chosen = client.get("/", headers={"accept-language": "es"})

    assert '<html lang="es"' in asked.content.decode()
    assert '<html lang="en"' in chosen.content.decode()


def test_language_choice_is_kept_with_the_account(client, patient_user):
    sign_in(client, patient_user)

    client.post("/language/", {"language": "es", "next": "/"})

    elsewhere = sign_in(Client(), patient_user).get("/")
    assert '<html lang="es"' in elsewhere.content.decode()


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_switches_never_lead_elsewhere(client, target):
    response = client.post("/appearance/", {"theme": "dark", "next": target})

    assert response.headers["Location"] == "/"


def test_appearance_is_kept_without_script(client):
    client.post("/appearance/", {"theme": "dark", "next": "/"})
    dark = client.get("/").content.decode()
    client.post("/appearance/", {"theme": "system", "next": "/"})

    assert 'data-theme="dark"' in dark
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("invalid", 400, "cannot be used"),
        ("missing", 404, "There is nothing here"),
        ("stale", 412, "This has changed"),
        ("busy", 503, "try again in a moment"),
    ],
)
def test_refusal_becomes_a_page(client, extra_routes, name, status, words):
    response = client.get(f"/refuse/{name}/")

    assert response.status_code == status
    assert words in response.content.decode()


def test_refusal_becomes_a_notice_for_htmx(client, extra_routes):
    response = client.get("/refuse/stale/", headers={"HX-Request": "true"})

    assert response.headers["HX-Retarget"] == "#notices"
    assert "<html" not in response.content.decode()
    assert 'role="alert"' in response.content.decode()


def test_refusal_becomes_problem_json_for_programs(client, extra_routes):
    response = client.get("/refuse/busy/", headers={"accept": "application/json"})

    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["title"] == "busy"
    assert response.headers["Retry-After"] == "5"


def test_database_out_of_reach_is_503_without_touching_it(client, extra_routes, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/unreachable/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "connection" not in response.content.decode()


def test_database_out_of_reach_before_the_view_is_503_too(extra_routes, monkeypatch):
    def unreachable(request):
        from django.db import OperationalError

        raise OperationalError

    monkeypatch.setattr(
        "steadwell.accounts.middleware.ActorMiddleware.__call__", lambda self, r: unreachable(r)
    )
    response = Client(raise_request_exception=False).get("/")

    assert response.status_code == 503


@pytest.mark.django_db(transaction=True)
def test_session_that_was_idle_in_its_transaction_for_too_long_is_503_too(
    client, extra_routes, owner_connection
):
    with pausing(owner_connection):
        response = client.get("/in-two-statements/")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert client.get("/in-two-statements/").content == b"done"


def test_fault_of_ours_is_told_without_developer_words(extra_routes):
    response = Client(raise_request_exception=False).get("/faulty/")

    assert response.status_code == 500
    assert "ZeroDivision" not in response.content.decode()
    assert "Something went wrong on our side" in response.content.decode()


def test_requires_sends_strangers_to_sign_in_and_back(client, extra_routes):
    response = client.get("/patients/?day=1")

    assert response.status_code == 302
    assert response.headers["Location"].endswith("?next=/patients/%3Fday%3D1")


def test_requires_shows_nothing_to_other_roles(client, extra_routes):
    sign_in(client, _user(Role.FRONT_DESK, site_ids=[new_id()]))

    assert client.get("/patients/").status_code == 404


def test_requires_lets_the_role_in(client, extra_routes, patient_user):
    sign_in(client, patient_user)

    assert client.get("/patients/").status_code == 200


def test_form_without_its_token_is_answered_in_calm_words():
    response = Client(enforce_csrf_checks=True).post("/appearance/", {"theme": "dark"})

    assert response.status_code == 403
    assert "load the page again" in response.content.decode()


def test_refused_form_names_its_mistakes_and_prefixes_the_title(client):
    page = client.post("/components/", {"name": "", "site": "n"}).content.decode()

    assert "<title>Error: Components" in page.replace("\n", "")
    assert 'href="#id_name"' in page
    assert 'href="#id_kind_0"' in page
    assert 'aria-invalid="true"' in page
    assert "id_name_error" in page


def test_request_key_is_fresh_in_each_form_and_read_back(client, rf):
    page = client.get("/components/dialog/").content.decode()
    other = client.get("/components/dialog/").content.decode()
    first, second = (text.split('name="request_key" value="')[1].split('"')[0] for text in (page, other))

    assert first != second
    assert portal.request_key(rf.post("/", {"request_key": first})) == first
    with pytest.raises(Invalid):
        portal.request_key(rf.post("/", {"request_key": "no key"}))
