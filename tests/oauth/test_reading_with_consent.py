"""What an app that was let in reads over the API: what was ticked, of this patient, until it is cut off."""

from __future__ import annotations

import pytest
from connecting_apps import patient, registered, tokens_of
from django.test import Client

from fhir_facade.oauth.models import Approval

pytestmark = pytest.mark.django_db


def read(token: str, path: str):
    return Client().get(f"/fhir/{path}", headers={"authorization": f"Bearer {token}"})


def test_app_reads_the_patient_who_let_it_in_and_nobody_else():
    (browser, person_id), (_, stranger) = patient(), patient()

    token = tokens_of(registered(), browser)["access_token"]

    assert read(token, f"Patient/{person_id}").json()["id"] == str(person_id)
    assert read(token, f"Patient/{stranger}").status_code == 404
    assert read(token, "DiagnosticReport?patient=" + str(person_id)).status_code == 403


def test_cut_off_app_reads_nothing_at_its_next_request():
    browser, person_id = patient()
    token = tokens_of(registered(), browser)["access_token"]

    browser.post(f"/apps/{Approval.objects.get().pk}/end/")

    assert read(token, f"Patient/{person_id}").status_code == 401


def test_patient_sees_what_the_app_read():
    browser, person_id = patient()
    token = tokens_of(registered(), browser)["access_token"]

    read(token, f"Patient/{person_id}")

    assert "Name, birth date, address" in browser.get("/apps/").content.decode().partition("It has seen")[2]
