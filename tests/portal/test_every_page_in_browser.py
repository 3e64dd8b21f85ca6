"""Every page on the narrowest phone, in the language with the longer words: all fits."""

from __future__ import annotations

from collections import defaultdict

import every_page
import pytest
from browsing import WIDE
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 320, "height": 640}
# What is wrong with the page that is open: each fault with the beginning of the element it is about.
FAULTS = """() => {
    const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !e.closest(".visually-hidden, [hidden]") && e.getBoundingClientRect().width > 1;
    const words = (e) => (e.className || e.tagName) + " " + (e.innerText || e.name || "").trim().slice(0, 30);
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
        const wide = [...document.querySelectorAll("body *")]
            .filter((e) => e.getBoundingClientRect().right > width + 1);
        found.push("wider than the screen: " + wide.slice(0, 2).map(words));
    }
    for (const e of document.querySelectorAll("main *")) {
        if (!shown(e) || e.matches("pre, .board__scroll, .by-day, .by-day *")) continue;
        const style = getComputedStyle(e);
        if (e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(style.overflowX) && e.clientWidth
            && !e.matches("input, textarea, select, :has(.by-day)"))
            found.push("scrolls sideways: " + words(e));
        if (e.scrollHeight > e.clientHeight + 1 && /auto|scroll/.test(style.overflowY)
            && !e.matches("textarea, select, :has(.by-day)"))
            found.push("a second scroll bar: " + words(e));
    }
    for (const e of document.querySelectorAll("header a, header button, main .button, main .tabs a")) {
        if (shown(e) && e.scrollWidth > e.clientWidth + 1) found.push("words run out of it: " + words(e));
    }
    const alone = (e) => e.parentElement.innerText.trim() === e.innerText.trim();
    const targets = "header :is(a, button, summary), "
        + "main :is(a[href], button, input, select, textarea, summary)";
    for (const e of document.querySelectorAll(targets)) {
        // How high a place on the day's board is tells how long it lasts.
        if (!shown(e) || e.type === "hidden" || e.closest(".board, .board__scroll")) continue;
        if (getComputedStyle(e).display === "inline" && e.matches("a") && !alone(e)) continue;
        if (getComputedStyle(e, "::after").position === "absolute") continue; // its whole card is the target
        const target = /checkbox|radio/.test(e.type) ? e.closest("label") ?? e.parentElement : e;
        if (target.getBoundingClientRect().height < 43.5) found.push("too small for a thumb: " + words(e));
    }
    if (document.querySelector("[hx-get], [hx-post]") && !window.htmx) found.push("nothing listens to hx-");
    return [...new Set(found)];
}"""

ROWS_OF_ENTRIES = "new Set([...document.querySelectorAll('.nav__item')].map((e) => e.offsetTop)).size"


def _faults(page: Page) -> list[str]:
    found: list[str] = page.evaluate(FAULTS)
    return found


@pytest.mark.timeout(2400)  # some hundred pages, each in the browser too
def test_every_page_fits_the_narrowest_phone(reader, live_server):
    every_page.seed()
    complaints: dict[str, list[str]] = defaultdict(list)
    for side in every_page.SIDES:
        client = every_page.client_of(side)
        every_page.choose_language(client, "es")
        visitor = reader(PHONE, has_touch=True, is_mobile=True)
        cookies = [{"name": c.key, "value": c.value, "url": live_server.url} for c in client.cookies.values()]
        visitor.page.context.add_cookies(cookies)
        for name, path, _ in every_page.walk(client):
            page = visitor.open(path)
            visitor.settle()
            for fault in _faults(page):
                complaints[fault].append(f"{side}: {name}")
        visitor.page.set_viewport_size(WIDE)
        if visitor.page.evaluate(ROWS_OF_ENTRIES) > 1:
            complaints["entries on two lines of a desk's screen"].append(side)
        visitor.page.close()

    told = [f"{what}: {sorted(set(where))[:4]}" for what, where in sorted(complaints.items())]
    assert not told, "\n".join(told)
