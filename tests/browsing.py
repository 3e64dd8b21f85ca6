"""A real Chromium for the tests: two widths, axe on demand, and no page that complains in its console.

Debian's own Chromium is used. Where there is none the browser tests are left out, in so many words, unless
``REQUIRE_BROWSER=1`` says that they must run (continuous integration does).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from killing import wait_until
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect, sync_playwright

from steadwell.observability import inflight

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = os.environ.get("REQUIRE_BROWSER", "") not in {"", "0"}
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
TOO_WIDE = """[...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""
PATIENCE = 60  # seconds for what must come: only so that a hang ends
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    walking = [item for item in items if item.get_closest_marker("browser")]
    if CHROMIUM or not walking:
        return
    if REQUIRED:
        raise pytest.UsageError("REQUIRE_BROWSER is set and no Chromium is installed.")
    config.hook.pytest_deselected(items=walking)
    items[:] = [item for item in items if item not in walking]
    print(
        f"\nNo Chromium on this machine: {len(walking)} browser tests are left out. Install it to run them."
    )


@dataclass
class Reader:
    """One person at one browser. ``complaints`` are console errors and faults of scripts on the pages."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.origin + path)
        return self.page

    def settle(self) -> None:
        """Wait until the page stands as it will: a late font moves what is measured."""
        self.page.wait_for_load_state("load")
        self.page.evaluate("document.fonts.ready.then(() => true)")

    def check(self, step: str) -> None:
        """The step's page passes axe, has one h1, does not scroll sideways and complained of nothing."""
        self.settle()
        found = Axe().run(self.page, options={"runOnly": RULES, "resultTypes": ["violations"]})
        violations = [
            f"{v['id']}: {v['help']}: {[node['html'][:160] for node in v['nodes'][:3]]}"
            for v in found.response["violations"]
        ]
        assert violations == [], f"{step}: axe"
        assert self.page.locator("h1").count() == 1, f"{step}: one h1"
        sideways = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert sideways <= 0, f"{step}: {sideways} px wider than the screen: {self.page.evaluate(TOO_WIDE)}"
        assert self.complaints == [], f"{step}: console"


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the test's own thread
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(_playwright: Playwright) -> Iterator[Browser]:
    browser = _playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=2 * PATIENCE * 1000)
    yield browser
    browser.close()


@pytest.fixture
def reader(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Reader]]:
    """Makes readers: ``reader(NARROW)``, ``reader(WIDE, java_script_enabled=False)``, and so on."""
    contexts: list[BrowserContext] = []

    def make(viewport: dict[str, int] = WIDE, **options: Any) -> Reader:
        options.setdefault("reduced_motion", "reduce")
        context = chromium.new_context(viewport=viewport, locale="en-US", timezone_id="UTC", **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        context.route("**/*", lambda route: _only_here(route, live_server.url))
        made = Reader(context.new_page(), live_server.url)
        made.page.on("console", lambda m: made.complaints.append(m.text) if m.type == "error" else None)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        return made

    yield make
    for context in contexts:
        context.close()
    # What the pages still asked for would read and write beside the next test.
    wait_until(lambda: not inflight.longest_seconds(), seconds=PATIENCE, what="every request is answered")


def _only_here(route: Route, origin: str) -> None:
    if route.request.url.startswith(origin):
        route.continue_()
    else:
        route.abort()


__all__ = ["NARROW", "WIDE", "Reader"]
