"""The portal in a real browser: narrow and wide, light and dark, with keyboard, on paper, without script."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from browsing import NARROW, WIDE
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PAGES = ["/", "/components/", "/components/dialog/"]
ERRORS = [f"/components/error/{status}/" for status in (400, 403, 404, 409, 410, 412, 500, 503)]


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_page_passes_axe(reader, path, viewport, scheme):
    visitor = reader(viewport, color_scheme=scheme)

    visitor.open(path)

    visitor.check(path)


@pytest.mark.parametrize("path", ERRORS)
def test_error_page_passes_axe(reader, path):
    visitor = reader(NARROW)

    visitor.open(path)

    visitor.complaints.clear()  # the browser itself reports the status of the page
    visitor.check(path)


def test_shell_speaks_the_language_that_was_chosen(reader):
    visitor = reader(NARROW)
    page = visitor.open("/components/")

    page.get_by_role("button", name="Español").click()
    page.get_by_role("button", name="English").wait_for()

    expect(page.locator("html")).to_have_attribute("lang", "es")
    visitor.check("Spanish")


def test_everything_works_without_script(reader):
    page = reader(NARROW, java_script_enabled=False).open("/components/")

    page.get_by_role("link", name="Open a dialog").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open a dialog")
    page.locator("summary", has=page.locator("svg")).first.click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")


def test_keyboard_reaches_skip_link_and_menus(reader):
    page = reader(WIDE).open("/components/")

    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    menu = page.locator("details.menu").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_dialog_opens_over_the_page_and_gives_focus_back(reader):
    visitor = reader(WIDE)
    page = visitor.open("/components/")

    link = page.get_by_role("link", name="Open a dialog")
    link.click()
    dialog = page.get_by_role("dialog", name="Open a dialog")
    dialog.wait_for()
    expect(dialog.locator("textarea")).to_be_visible()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")

    expect(link).to_be_focused()
    visitor.check("after the dialog")


def test_refused_form_takes_the_focus_to_its_summary(reader):
    visitor = reader(NARROW)
    page = visitor.open("/components/")

    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").wait_for()

    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("[data-focus]")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.locator("#id_name")).to_be_focused()
    visitor.check("refused form")


def test_button_sends_once_and_again_where_the_page_stayed(reader):
    visitor = reader(NARROW)
    visitor.page.clock.install(time=NOON)
    page = visitor.open("/components/")
    page.clock.pause_at(NOON.replace(hour=13))  # however long it takes to press twice
    sent: list[str] = []

    def no_answer(route):
        sent.append(route.request.method)
        route.fulfill(status=204)  # the browser stays where it is, as after a reader's "stop"

    page.route("**/components/", no_answer)
    for _press in range(2):
        page.get_by_role("button", name="Send").click()
    assert sent == ["POST"]
    page.clock.run_for(6000)
    with page.expect_request("**/components/"):
        page.get_by_role("button", name="Send").click()

    assert sent == ["POST", "POST"]


def test_countdown_runs_and_says_when_it_is_over(reader):
    visitor = reader(WIDE)
    visitor.page.clock.install()
    page = visitor.open("/components/")
    left = page.locator("[data-countdown-left]")

    before = left.inner_text()
    page.clock.run_for(3000)
    expect(left).not_to_have_text(before)
    page.clock.run_for(8 * 60 * 1000)

    expect(page.locator("[data-countdown-words]")).to_contain_text("no longer kept")


def test_fragment_is_fetched_and_a_refusal_goes_to_the_notices(reader):
    visitor = reader(WIDE)
    page = visitor.open("/components/")

    page.get_by_text("Nothing waits for you").wait_for()
    page.get_by_role("button", name="Refuse").click()
    page.locator("#notices [role=alert]").wait_for()

    expect(page.get_by_text("Nothing waits for you")).to_be_visible()


def test_paper_shows_the_content_and_no_controls(reader):
    page = reader(WIDE, color_scheme="dark").open("/components/")

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.get_by_role("button", name="Confirm")).to_be_hidden()
    expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_forced_colours_tell_which_entry_is_the_current_one(reader):
    page = reader(WIDE, forced_colors="active").open("/components/")

    colours = page.evaluate(
        """() => [...document.querySelectorAll(".tabs a")].map((tab) =>
            getComputedStyle(tab).borderBottomColor)"""
    )

    assert len(set(colours)) == 2


def test_admin_keeps_the_strict_policy(reader):
    visitor = reader(WIDE)

    visitor.open("/admin/login/")

    assert visitor.complaints == []


def test_targets_are_large_enough_for_a_thumb(reader):
    visitor = reader(NARROW)
    page = visitor.open("/components/")
    visitor.settle()

    small = page.evaluate(
        """() => [...document.querySelectorAll('main button, main input, main select, main a.button, .tool')]
        .filter(e => e.type !== 'hidden' && e.type !== 'checkbox' && e.type !== 'radio')
        .filter(e => e.getBoundingClientRect().height > 0 && !e.matches('.button--small'))
        .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
