"""``manage.py up`` with its demo: text messages and mail go out to providers of its own, and arrive."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from household import LIMIT, House, until

from steadwell.launcher import partners
from steadwell.launcher.pages import Form, Page, Visitor
from steadwell.launcher.walk import ID

NUMBER = "+12025550147"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    started = House(tmp_path_factory.mktemp("demo") / "data", demo=True)
    try:
        yield started.wait_until_ready(seconds=3 * LIMIT)  # a whole clinic is made up first
    finally:
        started.end()


def codes(house: House) -> list[str]:
    """As the handset shows them, the newest first."""
    with urlopen(f"http://127.0.0.1:{house.port}/demo/handset/", timeout=LIMIT) as answer:
        return re.findall(r"\b\d{6}\b", re.sub(r"<[^>]+>", " ", answer.read().decode()))


def form(page: Page, action: str) -> Form:
    found = page.find_form(action)
    assert found is not None, page.forms
    return found


def asked_for_a_code(visitor: Visitor) -> Page:
    people = visitor.open("/demo/")
    visitor.submit(people, form(people, f"/demo/sign-in/{ID}/"))
    page = visitor.open("/preferences/contacts/")
    add = next(each for each in page.forms if any(name == "address" for name, _ in each.fields))
    add.fields = [each for each in add.fields if each[0] not in {"channel", "address"}]
    add.fields += [("channel", "sms"), ("address", NUMBER)]
    return visitor.submit(page, add)


def test_a_text_message_arrives_at_the_demos_handset_also_after_its_provider_died(house: House) -> None:
    assert "/demo/handset/" in house.output()
    visitor = Visitor(f"http://127.0.0.1:{house.port}")
    page = asked_for_a_code(visitor)
    (first,) = until(lambda: codes(house), "the code arrives")
    before = until(lambda: house.pid_of("providers"), "the providers run")
    until(lambda: delivered(house) == 1, "it is reported delivered")  # a provider that died reports no more

    os.kill(before, signal.SIGKILL)
    visitor.submit(page, form(page, f"/preferences/contacts/{ID}/code/"))
    newest = until(lambda: [each for each in codes(house) if each != first], "the second code arrives")[0]

    confirm = next(each for each in page.forms if any(name == "code" for name, _ in each.fields))
    confirm.fields = [("code", newest) if name == "code" else (name, value) for name, value in confirm.fields]
    assert visitor.submit(page, confirm).path == "/preferences/contacts/"
    assert house.pid_of("providers") not in {None, before}
    until(lambda: delivered(house) == 2, "the second is reported delivered")


def delivered(house: House) -> int:
    asked = (
        "SELECT count(*) FROM notifications_message WHERE channel = 'sms' AND provider IN ('sms-a', 'sms-b')"
    )
    return int(house.sql(f"{asked} AND state = 'delivered'"))


def test_a_partners_port_is_kept_and_refuses_until_somebody_listens() -> None:
    taken = partners.take()
    assert taken is not None
    try:
        place = ("127.0.0.1", taken.port("sms-a"))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place, LIMIT)
        with socket.socket() as provider:
            provider.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            provider.bind(place)
            provider.listen()
            socket.create_connection(place, LIMIT).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place, LIMIT)
    finally:
        taken.leave()


def test_providers_that_the_environment_names_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(partners.NAMED, "sms-real")

    assert partners.take() is None


def test_the_demos_providers_are_read_as_any_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from steadwell.config import env, providers
    from steadwell.config.env import Misconfigured

    taken = partners.take()
    assert taken is not None
    for name, value in taken.environment("http://127.0.0.1:8000").items():
        monkeypatch.setenv(name, value)
    taken.leave()

    found = providers.read(env.words(partners.NAMED))

    assert {each["channel"] for each in found} == {"sms", "email", "push"}
    with pytest.raises(Misconfigured):
        providers.safe(found)  # production takes none of them
