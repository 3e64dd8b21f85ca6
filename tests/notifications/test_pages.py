"""Inbox, preferences, the demo's mailbox and the staff's list, over HTTP."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from notifications import ports
from notifications import service as notifications
from notifications.models import DemoMail, Message
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import SiteId, new_id
from tests.notifications.house import IMPORT, NOW, Somebody, carry, patient, person, proxy_of, tell, visit
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
SITE = SiteId(new_id())


@pytest.fixture
def somebody() -> Somebody:
    return patient()


@pytest.fixture
def signed_in(client: Client, somebody: Somebody) -> Client:
    return sign_in(client, somebody.user_id)


@pytest.fixture
def desk() -> Client:
    user_id = accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.FRONT_DESK], site_ids=[SITE], now=NOW
    )
    return sign_in(Client(), user_id)


def token() -> str:
    return str(Message.objects.values_list("token", flat=True).get(channel="in-app"))


def test_inbox_lists_opens_and_counts(signed_in: Client, somebody: Somebody) -> None:
    tell(
        somebody.person_id,
        params=visit(path="/visits/"),
        attachment_ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    )

    inbox = signed_in.get("/inbox/").content.decode()
    message = signed_in.get(f"/inbox/{token()}/").content.decode()
    after = signed_in.get("/inbox/").content.decode()

    assert "Your visit on Wednesday, March 3, 2027 is booked" in inbox
    assert '<span class="count">1<' in inbox
    assert 'href="/visits/"' in message
    assert '<span class="count">' not in message + after
    ics = signed_in.get(f"/inbox/{token()}/visit.ics")
    assert ics["Content-Type"].startswith("text/calendar")
    assert ics.content.startswith(b"BEGIN:VCALENDAR")


def test_when_something_was_told_is_shown_by_the_readers_own_clock(somebody: Somebody) -> None:
    """NOW is 09:00 by UTC."""
    proxy = proxy_of(somebody.person_id)
    accounts.set_preferences(
        actor=IMPORT, user_id=proxy.user_id, language="en", time_zone="America/Chicago", now=NOW
    )
    tell(somebody.person_id)
    before = ports.clinic()
    ports.bind_clinic(_InDenver())
    try:
        of_proxy = sign_in(Client(), proxy.user_id).get("/inbox/").content.decode()
        nowhere = sign_in(Client(), somebody.user_id).get("/inbox/").content.decode()
    finally:
        ports.bind_clinic(before)

    assert "3:00 a.m." in of_proxy
    assert "2:00 a.m." in nowhere  # gave no zone: the clinic's


class _InDenver:
    def zone_of(self, *, site_id: SiteId | None, now: datetime) -> str:
        return "America/Denver"


def test_reading_counts_as_proof(signed_in: Client, somebody: Somebody) -> None:
    tell(somebody.person_id)
    carry()

    signed_in.get(f"/inbox/{token()}/")

    assert set(Message.objects.values_list("channel", "state")) == {("in-app", "read"), ("email", "read")}


def test_inbox_pages_without_counting(signed_in: Client, somebody: Somebody) -> None:
    for _ in range(25):
        tell(somebody.person_id)

    first = signed_in.get("/inbox/").content.decode()
    (older,) = re.findall(r'href="(\?for=[^"]*before=[^"]*)"', first)
    second = signed_in.get("/inbox/" + older.replace("&amp;", "&")).content.decode()

    assert first.count("/inbox/") > 20
    assert (
        len(set(re.findall(r"/inbox/[\w-]{16,}/", first) + re.findall(r"/inbox/[\w-]{16,}/", second))) == 25
    )


def test_mark_all_read(signed_in: Client, somebody: Somebody) -> None:
    tell(somebody.person_id)
    tell(somebody.person_id)

    signed_in.post("/inbox/read/", {"for": str(somebody.person_id)})

    assert notifications.unread_count(somebody.actor, [somebody.person_id]) == 0


def test_patient_and_proxy_read_for_themselves(somebody: Somebody) -> None:
    other = proxy_of(somebody.person_id)
    tell(somebody.person_id)
    theirs = sign_in(Client(), other.user_id)

    assert "booked" in theirs.get("/inbox/").content.decode()
    assert theirs.get(f"/inbox/{token()}/").status_code == 200

    assert notifications.unread_count(somebody.actor, [somebody.person_id]) == 1


def test_somebody_elses_looks_like_nothing(signed_in: Client) -> None:
    other = patient()
    tell(other.person_id, attachment_ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    nobody = str(new_id())

    for theirs, absent in (
        (f"/inbox/{token()}/", "/inbox/aaaaaaaaaaaaaaaaaaaaaa/"),
        (f"/inbox/{token()}/visit.ics", "/inbox/aaaaaaaaaaaaaaaaaaaaaa/visit.ics"),
        (f"/inbox/?for={other.person_id}", f"/inbox/?for={nobody}"),
        (f"/preferences/?for={other.person_id}", f"/preferences/?for={nobody}"),
    ):
        assert signed_in.get(theirs).status_code == signed_in.get(absent).status_code == 404
    for path in ("/inbox/read/", "/preferences/"):
        assert signed_in.post(path, {"for": str(other.person_id), "email": "on"}).status_code == 404
    assert notifications.unread_count(other.actor, [other.person_id]) == 1


def test_a_link_of_a_mail_asks_to_sign_in_first(client: Client, somebody: Somebody) -> None:
    tell(somebody.person_id)

    answer = client.get(f"/inbox/{token()}/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def choices(**more: str | list[str]) -> dict[str, str | list[str]]:
    return {
        "language": "en", "time_zone": "America/Chicago", "digest_at": "18:00", "most_per_day": "0", **more
    }  # fmt: skip


def test_preferences_are_kept(signed_in: Client, somebody: Somebody) -> None:
    page = signed_in.get("/preferences/").content.decode().partition("choice-of-results")[0]
    # E-mail and devices for each of five kinds of news, three reminders, quiet hours.
    assert page.count("checked") == 5 * 2 + 3 + 1

    given = choices(
        reminders=["86400"], results_sms="on", quiet="on", quiet_from="22:00", quiet_until="07:30"
    )
    saved = signed_in.post("/preferences/", given, follow=True).content.decode()

    assert saved.partition("choice-of-results")[0].count("checked") == 3
    assert [o.total_seconds() for o in notifications.reminder_offsets(somebody.person_id)] == [86400]
    assert not notifications.wants(somebody.person_id, notifications.Kind.VISITS)
    assert 'value="22:00"' in saved
    contact = accounts.contact_of(somebody.person_id)
    assert contact is not None
    assert contact.time_zone == "America/Chicago"


def test_preferences_refuse_what_is_not_offered(signed_in: Client) -> None:
    for wrong in (
        {"reminders": ["1"]},
        {"most_per_day": "7"},
        {"time_zone": "Mars/Olympus"},
        {"quiet": "on", "quiet_from": "21:00", "quiet_until": "21:00"},
        {"quiet": "on", "quiet_from": "21:00"},
    ):
        answer = signed_in.post("/preferences/", choices(**wrong))  # type: ignore[arg-type]
        assert "Error:" in answer.content.decode(), wrong


@pytest.mark.parametrize(("path", "most"), [("/inbox/", 7), ("/inbox/{}/", 13), ("/preferences/", 13)])
def test_statements_per_page(
    signed_in: Client, somebody: Somebody, django_assert_max_num_queries: Any, path: str, most: int
) -> None:
    for _ in range(3):
        tell(somebody.person_id)
    first = str(Message.objects.filter(channel="in-app").values_list("token", flat=True)[0])
    signed_in.get("/inbox/")

    with django_assert_max_num_queries(most):
        assert signed_in.get(path.format(first)).status_code == 200


def test_demo_mailbox_shows_every_mail_as_it_would_be_seen(client: Client, somebody: Somebody) -> None:
    tell(somebody.person_id, attachment_ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    tell(patient().person_id)
    carry()
    mail = DemoMail.objects.get(address=somebody.email)

    everybody = client.get("/demo/mailbox/").content.decode()
    one = client.get("/demo/mailbox/", {"to": somebody.email}).content.decode()
    shown = client.get(f"/demo/mailbox/{mail.pk}/")
    page = client.get(f"/demo/mailbox/{mail.pk}/page/")

    assert everybody.count("is booked") == 2
    assert one.count("is booked") == 1
    assert "frame-src 'self'" in shown["Content-Security-Policy"]
    assert "As plain text" in shown.content.decode()
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert b"<h1>" in page.content
    assert client.get(f"/demo/mailbox/{mail.pk}/visit.ics").content.startswith(b"BEGIN:VCALENDAR")


def test_demo_mailbox_is_not_there_without_the_demo(client: Client, settings: Any) -> None:
    settings.DEMO = False

    for path in ("/demo/mailbox/", f"/demo/mailbox/{new_id()}/", f"/demo/mailbox/{new_id()}/page/"):
        assert client.get(path).status_code == 404


def test_staff_see_and_settle_what_did_not_arrive(desk: Client) -> None:
    nowhere = person()
    tell(nowhere, site_id=SITE)
    tell(person(), key="elsewhere", site_id=SiteId(new_id()))

    page = desk.get("/clinic/untold/").content.decode()
    assert "Please call" in page
    assert "Wren" in page
    (action,) = re.findall(r'action="(/clinic/untold/[^/"]+/)"', page)
    desk.post(action)

    assert "Everybody was reached" in desk.get("/clinic/untold/").content.decode()


def test_what_did_not_arrive_is_not_for_patients(signed_in: Client) -> None:
    assert signed_in.get("/clinic/untold/").status_code == 404


def test_proxy_chooses_for_each_person(somebody: Somebody) -> None:
    proxy = proxy_of(somebody.person_id)
    second = patient()
    accounts.add_proxy(
        actor=IMPORT, user_id=proxy.user_id, person_id=second.person_id, relationship="parent", now=NOW
    )
    theirs = sign_in(Client(), proxy.user_id)

    page = theirs.get("/preferences/").content.decode()
    theirs.post("/preferences/", choices(**{"for": str(second.person_id)}, visits_email="on"))
    tell(somebody.person_id)
    tell(second.person_id)
    carry()

    assert page.count("Wren") == 2
    assert DemoMail.objects.filter(address=proxy.email).count() == 1
