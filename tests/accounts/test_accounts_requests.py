"""What every request pays for knowing who is there."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import path
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.models import User
from steadwell.actor import Role
from steadwell.ids import PersonId, SiteId

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def whoami(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    return HttpResponse(f"{actor.user_id} {' '.join(sorted(actor.roles))}")


def _urls():
    from steadwell.config.urls import urlpatterns as all_urls

    return [path("whoami/", whoami, name="whoami"), *all_urls]


urlpatterns = _urls()


def make(**given):
    given.setdefault("email", "ada@example.org")
    given.setdefault("roles", [])
    return accounts.create_user(password=None, now=clock.now(), **given)


def test_stranger_costs_no_statement(client):
    with CaptureQueriesContext(connection) as statements:
        answer = client.get("/whoami/")

    assert len(statements) == 0
    assert answer.content == b"None "


def test_patient_costs_one_statement(client):
    user = make(person_id=PersonId(uuid4()))
    sign_in(client, user)

    with CaptureQueriesContext(connection) as statements:
        answer = client.get("/whoami/")

    assert len(statements) == 1
    assert answer.content.decode() == f"{user} patient"


def test_staff_cost_one_statement(client):
    sign_in(client, make(roles=[Role.CLINICIAN], site_ids=[SiteId(uuid4())]))

    with CaptureQueriesContext(connection) as statements:
        answer = client.get("/whoami/")

    assert len(statements) == 1
    assert answer.content.endswith(b"clinician")


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
def test_a_session_of_somebody_disabled_or_with_a_former_password_is_nobody_s(client, change):
    user = make(person_id=PersonId(uuid4()))
    sign_in(client, user)

    User.objects.filter(pk=user).update(**change)

    assert client.get("/whoami/").content == b"None "
