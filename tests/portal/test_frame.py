"""The header is kept for all who see the same in it: nothing that is one reader's may be kept with it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.ids import PersonId, new_id
from steadwell.portal import frame

pytestmark = pytest.mark.django_db
MARKS = re.compile("[\ue000-\ue002]")


def reader(email: str) -> Client:
    user_id = accounts.create_user(
        email=email, password=None, roles=[], person_id=PersonId(new_id()), now=clock.now()
    )
    return sign_in(Client(), user_id)


def page(client: Client, path: str = "/components/") -> str:
    text = client.get(path).content.decode()
    assert not MARKS.search(text)
    return text


def around(text: str) -> list[str]:
    """Header and footer, without what is new each time."""
    found = re.findall(r"<header.*?</header>|<footer.*?</footer>", text, re.DOTALL)
    assert len(found) == 2
    return [re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", part) for part in found]


def test_each_reader_sees_their_own_name_place_and_token():
    frame._rendered.cache_clear()
    ada, ben = reader("ada@example.org"), reader("o'ben&co@example.org")

    first, second = page(ada, "/components/?a=1&b=2"), page(ben)

    assert frame._rendered.cache_info().hits >= 2
    assert "ada@example.org" in first
    assert "ada@example.org" not in second
    assert "o&#x27;ben&amp;co@example.org" in second
    assert 'name="next" value="/components/?a=1&amp;b=2"' in first
    assert 'name="next" value="/components/"' in second
    tokens = set(re.findall(r'csrfmiddlewaretoken" value="([^"]+)', first))
    assert tokens
    assert not tokens & set(re.findall(r'csrfmiddlewaretoken" value="([^"]+)', second))


def test_what_is_kept_is_what_would_be_made():
    clients = [Client(), reader("cy@example.org")]
    for path in ("/components/", "/nothing-here/"):
        for language in ("en", "es"):
            for client in clients:
                client.cookies["django_language"] = language
                kept = around(page(client, path))
                frame._rendered.cache_clear()
                assert around(page(client, path)) == kept


def test_kept_parts_hold_no_reader():
    frame._rendered.cache_clear()
    page(reader("dee@example.org"), "/components/?secret=7")

    looks = frame._rendered.cache_info().currsize
    page(reader("eve@example.org"), "/components/?secret=8")

    assert frame._rendered.cache_info().currsize == looks
