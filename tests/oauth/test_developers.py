"""The page for developers: what is served in words, and a registration that waits for review."""

from __future__ import annotations

import pytest
from browsing import NARROW, WIDE
from connecting_apps import patient
from django.test import Client

from fhir_facade.oauth.models import Registration
from fhir_facade.server.registry import registry

pytestmark = pytest.mark.django_db
ASKED = {
    "name": "Pocket Chart", "publisher": "Pocket Chart Inc.", "purpose": "Shows results.",
    "contact": "dev@example.org", "kind": "patient-app", "scope": "launch/patient patient/Observation.rs",
    "redirect_uris": "https://app.example.org/back",
}  # fmt: skip


def test_everybody_reads_what_is_served():
    page = Client().get("/developers/").content.decode()

    assert all(f'<th scope="row">{each.type}</th>' in page for each in registry())
    assert "/fhir/.well-known/smart-configuration" in page
    for each in registry():
        row = page.partition(f'<th scope="row">{each.type}</th>')[2].partition("</tr>")[0]
        assert all(f"${name}" in row for name in each.operations), each.type
        assert ("$validate" in row) == (each.writer is not None), each.type
        assert all(param.name in row for param in each.params), each.type


def test_whoever_is_signed_in_asks_and_waits_for_review():
    browser, _ = patient()

    answer = browser.post("/developers/register/", ASKED, follow=True)

    row = Registration.objects.select_related("client").get()
    assert (row.state, row.client.active) == ("waiting", False)
    assert row.client.client_id in answer.content.decode()


@pytest.mark.parametrize(
    "said", [{"scope": "system/*.rs"}, {"redirect_uris": "http://x.org"}, {"name": ""}, {"kind": "service"}]
)
def test_what_is_wrong_is_said_and_kept_in_the_form(said):
    browser, _ = patient()

    page = browser.post("/developers/register/", ASKED | said).content.decode()

    assert "Error:" in page
    assert "Pocket Chart Inc." in page
    assert not Registration.objects.exists()


def test_stranger_signs_in_first():
    assert Client().post("/developers/register/", ASKED).status_code == 302


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_page_passes_axe(reader, viewport):
    walk = reader(viewport)

    walk.open("/developers/")

    walk.check("developers")
