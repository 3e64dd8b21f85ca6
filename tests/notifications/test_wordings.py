"""Words that staff write: a small language, checked, previewed, and in use only after a second person."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from notifications import checking, language, wordings
from notifications import service as notifications
from notifications.checking import Problem
from notifications.errors import NotYoursToDecide, WordingDecided, WordingRefused
from notifications.models import DemoMail, Message, Wording
from notifications.sms_text import Encoding, size_of
from notifications.template import Text
from notifications.wording import TEMPLATES
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import Invalid, NotFound, RequestKeyReused
from steadwell.ids import UserId, new_id
from tests.notifications.house import NOW, carry, patient, tell
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
BOOKED = TEMPLATES["visit.booked"]


def manager() -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.MANAGER}))


def words(subject: str = "Seen on {day}", **more: Any) -> dict[str, Text]:
    return {code: replace(text, subject=subject, **more) for code, text in BOOKED.texts.items()}


def proposed(actor: Actor, subject: str = "Seen on {day}") -> UUID:
    made = wordings.propose(
        actor=actor, template="visit.booked", texts=words(subject), request_key=str(new_id()), now=NOW
    )
    assert made.wording_id is not None
    return made.wording_id


@pytest.mark.parametrize(
    ("subject", "problem", "detail"),
    [
        ("{name} has a visit on {day}", Problem.UNKNOWN, "name"),
        ("{moment.year}", Problem.BRACE, ""),
        ("{day!r}", Problem.BRACE, ""),
        ("{{day}}", Problem.BRACE, ""),
        ("{% include 'x' %} {day}", Problem.BRACE, ""),
        ("A visit at {place}", Problem.NOT_HERE, "place"),
        ("Go to http://evil", Problem.LINK, ""),
        ("Go to evil.com", Problem.LINK, ""),
        ("Write to me@there", Problem.LINK, ""),
        ("x" * 91, Problem.TOO_LONG, "90"),
        (" ", Problem.EMPTY, ""),
        ("a\u202eb", Problem.CONTROL, ""),
    ],
)
def test_words_that_cannot_be_said_are_refused(subject: str, problem: Problem, detail: str) -> None:
    found = checking.findings(BOOKED, words(subject))

    assert ("en.subject", problem, detail) in [(f.where, f.problem, f.detail) for f in found]
    with pytest.raises(WordingRefused):
        proposed(manager(), subject)


def test_words_that_leave_out_when_it_is_are_refused() -> None:
    found = checking.findings(BOOKED, words("A visit", lines=("Come to us.",)))

    missing = {(f.where, f.detail) for f in found if f.problem is Problem.MISSING}
    assert missing == {(f"{code}.lines", name) for code in ("en", "es") for name in ("day", "moment")}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda t: t.code)
def test_no_message_has_a_variable_for_a_person_or_a_finding(template: Any) -> None:
    times_places_numbers = {"day", "moment", "old_moment", "asked_moment", "place", "count", "code"}

    assert checking.allowed(template) <= times_places_numbers


@given(st.text(max_size=40), st.text(max_size=20))
def test_a_value_is_never_read_as_language(value: str, around: str) -> None:
    around = around.replace("{", "").replace("}", "")

    assert language.fill(around + "{day}", {"day": value}) == around + value


def test_two_people_take_words_into_use_and_the_next_message_says_them() -> None:
    somebody, author = patient(), manager()
    tell(somebody.person_id)
    wording_id = proposed(author)

    tell(somebody.person_id)
    with pytest.raises(NotYoursToDecide):
        wordings.approve(actor=author, wording_id=wording_id, now=NOW)
    wordings.approve(actor=manager(), wording_id=wording_id, now=NOW)
    tell(somebody.person_id)
    carry()

    inbox = notifications.list_inbox(actor=somebody.actor, person_id=somebody.person_id, now=NOW)
    subjects = [m.words.subject for m in inbox.messages]
    assert [subject.startswith("Seen") for subject in subjects] == [True, False, False]
    assert sorted(Message.objects.values_list("template_version", flat=True)) == [1, 1, 1, 1, 2, 2]
    assert DemoMail.objects.filter(subject="Seen on Wednesday, March 3, 2027").count() == 1


def test_newer_words_retire_the_former_and_older_ones_stay_out() -> None:
    first, second, third = (proposed(manager(), f"{n} on {{day}}") for n in "ABC")

    wordings.approve(actor=manager(), wording_id=second, now=NOW)
    with pytest.raises(WordingDecided):
        wordings.approve(actor=manager(), wording_id=first, now=NOW)
    wordings.approve(actor=manager(), wording_id=third, now=NOW)

    states = Wording.objects.order_by("version").values_list("version", "state")
    assert list(states) == [(2, "proposed"), (3, "retired"), (4, "live")]


def test_a_refusal_needs_its_reason_and_is_final() -> None:
    wording_id = proposed(manager())

    with pytest.raises(Invalid):
        wordings.refuse(actor=manager(), wording_id=wording_id, reason=" ", now=NOW)
    wordings.refuse(actor=manager(), wording_id=wording_id, reason="Too short", now=NOW)

    with pytest.raises(WordingDecided):
        wordings.approve(actor=manager(), wording_id=wording_id, now=NOW)


def test_a_repeat_is_one_proposal_and_other_words_under_its_key_are_refused() -> None:
    author = manager()
    given = {"actor": author, "template": "visit.booked", "request_key": "the-same-key", "now": NOW}

    first = wordings.propose(**given, texts=words())  # type: ignore[arg-type]
    again = wordings.propose(**given, texts=words())  # type: ignore[arg-type]

    assert first == again
    with pytest.raises(RequestKeyReused):
        wordings.propose(**given, texts=words("Other on {day}"))  # type: ignore[arg-type]


def test_those_without_the_role_find_nothing() -> None:
    wording_id = proposed(manager())
    desk = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}))

    with pytest.raises(NotFound):
        wordings.approve(actor=desk, wording_id=wording_id, now=NOW)
    with pytest.raises(NotFound):
        proposed(desk)
    with pytest.raises(NotFound):
        wordings.approve(actor=manager(), wording_id=new_id(), now=NOW)


@pytest.mark.parametrize(
    "change",
    [{"state": "live"}, {"state": "live", "decided_by": "author", "decided_at": NOW}, {"version": 1}],
)
def test_the_database_wants_a_second_person_and_leaves_version_one_alone(change: dict[str, Any]) -> None:
    author = manager()
    row = Wording.objects.filter(pk=proposed(author))
    if "decided_by" in change:
        change = change | {"decided_by": author.user_id}

    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        row.update(**change)


def test_the_database_keeps_the_words_of_a_version() -> None:
    wording_id = proposed(manager())

    with pytest.raises(ProgrammingError, match="do not change"), transaction.atomic():
        Wording.objects.filter(pk=wording_id).update(texts={})


@pytest.mark.django_db(transaction=True)
def test_of_many_approvals_at_once_one_comes_first_and_one_is_in_use() -> None:
    ids = [proposed(manager(), f"{n} on {{day}}") for n in "AB"]

    def approve(n: int) -> str:
        try:
            wordings.approve(actor=manager(), wording_id=ids[n % 2], now=NOW + timedelta(seconds=n))
        except WordingDecided as refusal:
            return refusal.code
        else:
            return "approved"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(approve, range(8)))

    assert Wording.objects.filter(state="live").count() == 1
    assert 1 <= answers.count("approved") <= 2
    assert Wording.objects.get(state="live").version == 3 or answers.count("approved") == 1


@pytest.mark.django_db(transaction=True)
def test_the_first_proposals_of_several_at_once_are_a_version_each() -> None:
    def propose(n: int) -> str:
        try:
            return str(proposed(manager(), f"{n} on {{day}}"))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(propose, range(8)))

    assert len(set(made)) == 8
    assert sorted(Wording.objects.values_list("version", flat=True)) == list(range(2, 10))


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", Encoding.GSM_7, 0, 1),
        ("a" * 160, Encoding.GSM_7, 160, 1),
        ("a" * 161, Encoding.GSM_7, 161, 2),
        ("a" * 306, Encoding.GSM_7, 306, 2),
        ("a" * 307, Encoding.GSM_7, 307, 3),
        ("€" * 80, Encoding.GSM_7, 160, 1),
        ("a" * 152 + "€" + "a" * 10, Encoding.GSM_7, 164, 2),
        ("a" * 152 + "€" + "a" * 152, Encoding.GSM_7, 306, 3),  # the euro is not cut in two
        ("ñÑüÜ¿¡", Encoding.GSM_7, 6, 1),
        ("á", Encoding.UCS_2, 1, 1),
        ("á" * 70, Encoding.UCS_2, 70, 1),
        ("á" * 71, Encoding.UCS_2, 71, 2),
        ("á" * 66 + "😀" + "á" * 5, Encoding.UCS_2, 73, 2),
    ],
)
def test_the_size_of_a_text_message(text: str, encoding: Encoding, units: int, parts: int) -> None:
    found = size_of(text)

    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def _client() -> Client:
    user_id = accounts.create_user(
        email=f"{new_id().hex}@example.org", password=None, roles=[Role.MANAGER], now=NOW
    )
    return sign_in(Client(), user_id)


def form(page: str, **more: str) -> dict[str, str]:
    """The fields of the page as a browser would send them."""
    fields = {}
    for code, text in BOOKED.texts.items():
        fields |= {
            f"{code}_subject": text.subject, f"{code}_lines": "\n".join(text.lines),
            f"{code}_action": text.action, f"{code}_sms": text.sms,
        }  # fmt: skip
    (key,) = re.findall(r'name="request_key" value="([^"]+)"', page)
    return fields | {"request_key": key} | more


def test_one_writes_tries_and_proposes_and_another_takes_it_into_use() -> None:
    author, colleague = _client(), _client()
    page = author.get("/clinic/wording/visit.booked/").content.decode()

    tried = author.post(
        "/clinic/wording/visit.booked/", form(page, en_subject="Be here {day}", preview="yes")
    ).content.decode()
    wrong = author.post(
        "/clinic/wording/visit.booked/", form(page, en_subject="Hi {name}", propose="yes")
    ).content.decode()
    answer = author.post(
        "/clinic/wording/visit.booked/", form(page, en_subject="Be here {day}", propose="yes")
    )
    mine = author.get(answer["Location"]).content.decode()
    theirs = colleague.get(answer["Location"]).content.decode()
    (approve,) = re.findall(r'action="([^"]+/approve/)"', theirs)
    (frame, *_) = re.findall(r'src="([^"]+/mail/en/)"', theirs)
    done = colleague.post(approve, follow=True).content.decode()

    assert "Be here Wednesday, March 3, 2027" in tried
    assert "GSM-7" in tried
    assert "This message has no variable {name}." in wrong
    assert "A second person has to take it into use." in mine
    assert "/approve/" not in mine
    assert b"<h1>Be here Wednesday" in colleague.get(frame).content
    assert "In use from the next message on." in done
    assert author.get("/clinic/wording/").status_code == 200
    for path in ("/clinic/wording/", "/clinic/wording/visit.booked/", answer["Location"], frame):
        assert sign_in(Client(), patient().user_id).get(path).status_code == 404
    assert author.get("/clinic/wording/no.such/").status_code == 404
