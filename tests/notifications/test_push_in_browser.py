"""Notices on a device, in a real Chromium: turned on, sealed and sent, opened by its keys, shown, turned off.

The push service between us and the browser is the only part that is simulated: a browser speaks with its
maker's alone. What arrived there is decrypted with the subscription's own keys (RFC 8291) and handed to the
page's service worker as the browser would.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from notifications import service as notifications
from notifications.models import Message, PushSubscription
from steadwell import clock
from tests.browsing import NARROW
from tests.killing import wait_until
from tests.notifications.house import patient, tell
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import carry, carry_to_the_end
from tests.notifications.test_in_browser import Make, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# A push manager whose service is the simulated one. It asks for what a real one insists on.
SERVICE = """(() => {
  const given = %s;
  const bytes = (text) => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0)).buffer;
  let subscription = null;
  const made = () => ({
    endpoint: given.endpoint,
    getKey: (name) => bytes(name === "p256dh" ? given.public_key : given.auth),
    unsubscribe: async () => { subscription = null; return true; },
  });
  PushManager.prototype.getSubscription = async () => subscription;
  PushManager.prototype.subscribe = async function (options) {
    const key = new Uint8Array(options.applicationServerKey);
    if (!options.userVisibleOnly || key.length !== 65 || key[0] !== 4) throw new Error("not allowed");
    globalThis.keyGiven = btoa(String.fromCharCode(...key));
    subscription = made();
    return subscription;
  };
})();"""


def registration_of(cdp: CDPSession, page: Page) -> str:
    found: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    for _ in range(1200):
        if found:
            return found[-1]
        page.wait_for_timeout(50)
    raise AssertionError("no service worker was registered")


def shown(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        """navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) =>
           all.map((n) => ({title: n.title, tag: n.tag, path: n.data.path, lang: n.lang})))"""
    )
    return found


def test_a_device_is_told_until_it_is_turned_off(reader: Make, settings: Any, simulator: Simulator) -> None:
    service = f"http://127.0.0.1:{simulator.ports['push']}"
    settings.NOTIFICATION_PROVIDERS = [simulator.push(url=service), simulator.mail("mail-a")]
    device = {**simulator.state()["device"], "endpoint": f"{service}/devices/one"}
    somebody = patient()
    window = signed_in(reader(NARROW), somebody.user_id)
    window.page.context.grant_permissions(["notifications"], origin=window.origin)
    window.page.add_init_script(SERVICE % json.dumps(device))

    page = window.open("/devices/")
    page.get_by_role("button", name="Turn notices on").click()
    page.get_by_text("This device shows a notice when there is a message.").wait_for()
    window.check("notices are on")
    row = PushSubscription.objects.get()
    assert (row.reader_id, row.endpoint, row.public_key) == (
        somebody.user_id, device["endpoint"], device["public_key"],
    )  # fmt: skip
    given = page.evaluate("globalThis.keyGiven").replace("+", "-").replace("/", "_").rstrip("=")
    assert given == notifications.push_key()

    tell(somebody.person_id, now=clock.now(), urgency="urgent")  # whatever the hour is
    carry_to_the_end()
    assert Message.objects.get(channel="push").state == "accepted"
    (arrived,) = [each for each in simulator.arrivals() if each["channel"] == "push"]
    assert arrived["to"] == "/devices/one"
    told = {"title": arrived["subject"], "path": arrived["text"], "language": "en"}
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")  # one that is not there yet hears nothing
    cdp = page.context.new_cdp_session(page)
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": window.origin, "registrationId": registration_of(cdp, page), "data": json.dumps(told)},
    )
    wait_until(lambda: bool(shown(page)), seconds=60, what="the notice is shown")
    assert shown(page) == [
        {"title": told["title"], "tag": told["path"], "path": told["path"], "lang": "en"},
    ]  # fmt: skip
    assert "Wren" not in json.dumps(told)
    assert "Canary" not in json.dumps(told)

    page.get_by_role("button", name="Turn notices off").click()
    page.get_by_text("This device shows no notices any more.").wait_for()
    assert PushSubscription.objects.get().ended_at is not None
    tell(somebody.person_id, now=clock.now(), urgency="urgent")  # whatever the hour is
    carry()
    assert len([each for each in simulator.arrivals() if each["channel"] == "push"]) == 1
