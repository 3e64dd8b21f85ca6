"""Django's admin under the strict policy: signed in, a list, a form."""

from __future__ import annotations

import pytest
from browsing import WIDE
from django.test import Client
from playwright.sync_api import expect
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import new_id

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("path", ["/admin/", "/admin/scheduling/site/", "/admin/scheduling/site/add/"])
def test_admin_page_keeps_the_policy(reader, live_server, path):
    user = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[Role.ADMINISTRATOR], now=clock.now()
    )
    cookie = sign_in(Client(), user).cookies["steadwell_session"].value
    visitor = reader(WIDE)
    visitor.page.context.add_cookies([{"name": "steadwell_session", "value": cookie, "url": live_server.url}])

    page = visitor.open(path)

    expect(page.locator("#user-tools")).to_be_visible()
    assert visitor.complaints == []
