"""Letting an app in and cutting it off, in a browser: phone and desk, by key, and without script."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import NARROW, WIDE
from connecting_apps import BACK, patient, registered
from django.conf import settings

from fhir_facade.oauth.models import Approval

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = pytest.mark.parametrize(
    ("viewport", "scheme", "script"),
    [(NARROW, "light", True), (WIDE, "dark", True), (NARROW, "light", False)],
    ids=["narrow", "wide-dark", "without-script"],
)


@SIZES
def test_patient_lets_an_app_in_and_cuts_it_off(reader, viewport, scheme, script):
    client, _ = patient()
    walk = reader(viewport, color_scheme=scheme, java_script_enabled=script)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
    walk.open(registered().address())
    if script:
        walk.check("consent")
    walk.page.get_by_label("Test results and measurements").uncheck()
    walk.page.get_by_label("30 days").focus()
    walk.page.keyboard.press("Space")

    with walk.page.expect_request(lambda request: request.url.startswith(BACK)) as gone:
        walk.page.get_by_role("button", name="Let it in").press("Enter")

    assert parse_qs(urlsplit(gone.value.url).query)["code"]
    assert "Observation" not in Approval.objects.get().scopes
    walk.page.wait_for_url("chrome-error://**")  # the app's address answers nobody here
    walk.complaints.clear()
    walk.open("/apps/")
    if script:
        walk.check("connected apps")
    walk.page.get_by_role("button", name="Cut off Pocket Chart").press("Enter")
    walk.page.get_by_role("heading", name="No longer connected").wait_for()
    if script:
        walk.check("cut off")
    assert Approval.objects.get().ended_at is not None
