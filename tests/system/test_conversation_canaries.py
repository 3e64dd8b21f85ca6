"""Canaries of conversations: words are written, read, answered and closed through the pages. They stand on
the pages of both sides, and in no log, trace, metric, title, address or ledger.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from test_canaries import kept_for_later

from steadwell import clock
from steadwell.observability.service import recorded_spans

sys.path.insert(0, str(Path(__file__).parents[1] / "messaging"))
sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))
from conversation_house import House, fields

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION, ANSWER, REASON = "My marmalade allergy", "Wombat ointment twice", "Ferret has been dealt with"
SONGS = ("marmalade", "wombat", "ferret", "okafor")


def heard(where: str, text: str) -> list[str]:
    return [f"{where}: {song}" for song in SONGS if song in text.lower()]


def told_rows() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(t::text, E'\\n') FROM (SELECT row_to_json(m) t FROM notifications_message m"
            " UNION ALL SELECT row_to_json(p) FROM notifications_patientaction p"
            " UNION ALL SELECT row_to_json(a) FROM audit_auditentry a) all_rows"
        )
        return cursor.fetchone()[0] or ""


class Walk:
    """Both sides at their browsers; what they saw, and where they were led."""

    def __init__(self) -> None:
        self.house = House(now=clock.now())
        self.pages, self.titles, self.links = "", "", ""

    def get(self, client: Client, path: str):
        return self._seen(client.get(path))

    def post(self, client: Client, path: str, said: dict[str, str]):
        answer = client.post(path, said, follow=True)
        self.links += " ".join(where for where, _ in answer.redirect_chain)
        return self._seen(answer)

    def _seen(self, answer):
        page = answer.content.decode()
        assert answer.status_code in {200, 404}
        self.pages += page
        self.titles += " ".join(re.findall(r"<title>(.*?)</title>", page, flags=re.DOTALL))
        self.links += " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', page))
        return answer

    def go(self) -> None:
        patient, doctor = self.house.client(self.house.patient), self.house.client(self.house.doctor)
        form = fields(self.get(patient, "/conversations/new/"))
        self.post(
            patient, "/conversations/new/", form | {"subject": "medicines", "text": QUESTION}
        )  # no site
        said = form | {"subject": "medicines", "site": str(self.house.site), "text": QUESTION}
        address = self.post(patient, "/conversations/new/", said).request["PATH_INFO"]
        clinic = f"/clinic{address}"
        for act, name, words in (("answer", "text", ANSWER), ("close", "reason", REASON)):
            form = fields(self.get(doctor, clinic), act)
            self.post(doctor, clinic, form | {name: words})
        for path in ("/conversations/", address, "/inbox/", "/"):
            self.get(patient, path)
        for path in ("/clinic/conversations/", "/clinic/conversations/?state=closed", f"{clinic}nothing"):
            self.get(doctor, path)


def test_words_of_conversations_sing_on_the_pages_of_both_sides_and_nowhere_else(capfd, caplog):
    walk = Walk()

    with recorded_spans() as spans:
        walk.go()
    out, err = capfd.readouterr()

    assert len(heard("page", walk.pages)) == len(SONGS)
    assert "http.request_answered" in out + err, "no log was heard"
    assert spans
    assert [
        *heard("log", out + err + caplog.text),
        *heard("trace", "".join(f"{s.name} {s.attributes} {s.events}" for s in spans)),
        *heard("metric", Client().get("/metrics").content.decode()),
        *heard("title", walk.titles),
        *heard("address", walk.links),
        *heard("ledger", kept_for_later()),
        *heard("told", told_rows()),
    ] == []
