"""``up --check``: one booking through the pages, as a demo patient, until its message has arrived."""

from __future__ import annotations

import time

from steadwell.launcher import progress
from steadwell.launcher.pages import Form, Page, Unexpected, Visitor

ID = "[0-9a-f-]{36}"
PATIENCE = 180.0  # seconds until the message must have come through outbox, queue and worker


def run(address: str) -> int:
    """Walk, and say each step. 0 when all of it went well."""
    try:
        _walk(Visitor(address))
    except Unexpected as found:
        progress.say(f"\nThe check failed: {found}")
        return 1
    progress.say("\nThe check went well: a visit was booked, and its confirmation arrived.")
    return 0


def _walk(visitor: Visitor) -> None:
    with progress.step("Signed in as a demo patient"):
        _sign_in(visitor)
        told, mailed = _messages(visitor), _mails(visitor)
    with progress.step("Found a free time"):
        page, form = _find_a_time(visitor)
    with progress.step("Held it"):
        review = visitor.submit(page, form, form.buttons[0])
        booking = next(
            (each for each in review.forms if any(name == "offer" for name, _ in each.fields)), None
        )
        if booking is None:
            raise Unexpected(f"there is nothing to confirm on “{review.heading}” ({review.path})")
    with progress.step("Booked it"):
        visit = visitor.submit(review, booking)
        if "done=" not in visit.address:
            raise Unexpected(f"booking led to “{visit.heading}” ({visit.path})")
    with progress.step("The confirmation is in the inbox and in the mail"):
        _wait_for_news(visitor, told, mailed)


def _sign_in(visitor: Visitor) -> None:
    people = visitor.open("/demo/")
    door = people.find_form(f"/demo/sign-in/{ID}/")
    if door is None:
        raise Unexpected("there are no demo people on /demo/")
    visitor.submit(people, door)


def _find_a_time(visitor: Visitor) -> tuple[Page, Form]:
    """The first kind of visit that has a free time, for the first person one may book for."""
    waiting, seen = [visitor.open("/visits/find/")], set[str]()
    while waiting:
        page = waiting.pop(0)
        form = page.find_form("/visits/hold/")
        if form is not None and form.buttons:
            return page, form
        links = [link for link in page.find_links("/visits/find/") if "?" in link and link not in seen]
        seen.update(links)
        if form is None and len(seen) < 40:
            waiting += [visitor.open(link) for link in links[:12]]
    raise Unexpected("no kind of visit has a free time on /visits/find/")


def _messages(visitor: Visitor) -> set[str]:
    return set(visitor.open("/inbox/").find_links("/inbox/(?!read/)[^/]+/"))


def _mails(visitor: Visitor) -> set[str]:
    return set(visitor.open("/demo/mailbox/").find_links(f"/demo/mailbox/{ID}/"))


def _wait_for_news(visitor: Visitor, told: set[str], mailed: set[str]) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if _messages(visitor) - told and _mails(visitor) - mailed:
            return
        time.sleep(0.2)
    raise Unexpected(
        f"no confirmation arrived within {PATIENCE:.0f} seconds; see `manage.py status` for the queues"
    )
