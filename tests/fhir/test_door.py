"""API requests pass by what only pages need, and a failure behind the door is an answer still."""

from __future__ import annotations

import json
from unittest import mock

import pytest
from django.db import InterfaceError, InternalError, OperationalError
from fhir_house import practitioner

from steadwell.audit.errors import AuditUnavailable
from steadwell.transactions import is_out_of_reach
from tests.idling import pausing

pytestmark = pytest.mark.django_db
PAGES = (
    "steadwell.accounts.middleware.ActorMiddleware.__call__",
    "django.contrib.messages.middleware.MessageMiddleware.process_request",
    "django.middleware.csrf.CsrfViewMiddleware.process_view",
)


@pytest.mark.parametrize("of_pages", PAGES)
def test_a_request_of_the_api_does_not_meet_what_is_for_pages(house, client, of_pages):
    with mock.patch(of_pages, side_effect=RuntimeError("a page")):
        assert house.ehr.get(f"Patient/{house.ada}").status == 200
        assert house.ehr.post("Practitioner", practitioner()).status == 201
        with pytest.raises(RuntimeError):
            client.get("/")


def test_answers_carry_the_headers_of_every_answer(house):
    headers = house.ehr.get(f"Patient/{house.ada}").headers

    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError, AuditUnavailable])
def test_what_is_out_of_reach_is_said_and_comes_back(house, client, fault):
    """Also where a refusal could not be recorded."""
    path, token = f"/fhir/Patient/{house.ada}", f"Bearer {house.ehr.token}"
    with mock.patch("fhir_facade.server.auditing.audit.record_many", side_effect=fault):
        reading = client.get(path, HTTP_AUTHORIZATION=token)
    with mock.patch("fhir_facade.server.auditing.audit.record", side_effect=fault):
        refused = client.get(path)

    for answer in (reading, refused):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.headers["Content-Type"].startswith("application/fhir+json")
        assert answer.json()["issue"][0]["code"] == "transient"
        assert str(house.ada) not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_session_that_was_idle_in_its_transaction_for_too_long_is_out_of_reach(
    house, client, owner_connection
):
    said = {"content_type": "application/fhir+json", "HTTP_AUTHORIZATION": f"Bearer {house.ehr.token}"}

    with pausing(owner_connection):
        answer = client.post("/fhir/Practitioner", json.dumps(practitioner()), **said)

    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (503, "transient")
    assert answer.headers["Retry-After"]
    assert house.ehr.get("Practitioner").ids == []
    assert not is_out_of_reach(InternalError("current transaction is aborted"))  # a fault of ours
