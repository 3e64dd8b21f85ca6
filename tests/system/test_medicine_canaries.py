"""Canaries of medicines: two patients, every address of every medicine page, every kind of reader.

One patient's drugs and words are planted. Only they, who stands for them and who treats them ever hear them;
to everybody else what is not theirs answers as what is not there does; and no log, trace, metric, title,
address or ledger sings of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse

from medications import service as medications
from medications import urls, urls_clinic
from medications.types import Source
from steadwell import clock
from steadwell.actor import Role
from steadwell.ids import new_id
from steadwell.observability.service import recorded_spans

sys.path.insert(0, str(Path(__file__).parents[1] / "medications"))
import medicine_house as house
from pages_house import PagesHouse
from test_canaries import kept_for_later

pytestmark = pytest.mark.django_db(transaction=True)
PLANTED = {
    "drug": "zanzibarol 5 mg tablet", "known": "warfarin sodium 5 MG Oral Tablet",
    "dosage": "with marmalade at dusk", "allergy": "ferretcillin", "reaction": "wombat spots",
    "note": "quagga note", "family": "Okafor",
}  # fmt: skip
SONGS = ("zanzibarol", "warfarin", "marmalade", "ferretcillin", "wombat", "quagga", "okafor")
KINDS = ("patient", "proxy", "doctor", "other", "other proxy", "stranger", "desk", "manager", "administrator",
         "nobody")  # fmt: skip
OWN_SIDE = {"patient", "proxy"}
# What differs between two answers to one reader, whatever was asked.
_OF_THIS_ANSWER = re.compile(
    r'(name="csrfmiddlewaretoken" value=")[^"]*|(nonce=")[^"]*|(data-request-id=")[^"]*|'
    r'(name="request_key" value=")[^"]*'
)


def heard(where: str, text: str) -> list[str]:
    return [f"{where}: {song}" for song in SONGS if song in text.lower()]


class Town(PagesHouse):
    """Everything an address can name, planted for one patient; each kind of reader with a browser."""

    def __init__(self) -> None:
        super().__init__()
        now = clock.now()
        self.say(PLANTED["drug"], dosage_text=PLANTED["dosage"], source=Source.EHR_B, system="ehr-b")
        self.prescribe(PLANTED["known"])
        line = self.line("warfarin")
        own = {"actor": self.patient, "now": now}
        said = medications.add_medicine(
            person_id=self.person_id, drug_text=PLANTED["drug"], dosage_text=PLANTED["dosage"],
            request_key=house.key(), **own,
        )  # fmt: skip
        allergy = medications.add_allergy(
            person_id=self.person_id, substance_text=PLANTED["allergy"], reaction_text=PLANTED["reaction"],
            request_key=house.key(), **own,
        )  # fmt: skip
        reminder = medications.set_reminder(
            line_id=line.line_id, at=clock.now().time().replace(microsecond=0), zone="UTC", days=[],
            request_key=house.key(), **own,
        )  # fmt: skip
        medications.note_dose(
            line_id=line.line_id, planned_at=None, taken=medications.Taken.TAKEN, taken_at=now,
            note=PLANTED["note"], request_key=house.key(), **own,
        )  # fmt: skip
        refill = medications.request_refill(
            line_id=line.line_id, pharmacy_id=self.pharmacy.pk, note=PLANTED["note"],
            request_key=house.key(), **own,
        )  # fmt: skip
        self.ids: dict[str, UUID] = {
            "person_id": self.person_id, "line_id": line.line_id, "statement_id": said.statement_id,
            "allergy_id": allergy.allergy_id, "refill_id": refill.refill_id,
            "reminder_id": reminder.reminder_id,
        }  # fmt: skip
        self.readers = {
            "patient": self.patient, "proxy": self.parent, "doctor": self.doctor, "other": self.other,
            "other proxy": self.proxy_of(self.other_id), "stranger": self.stranger,
            "desk": self.staff(Role.FRONT_DESK, self.site), "manager": self.staff(Role.MANAGER, self.site),
            "administrator": self.staff(Role.ADMINISTRATOR, self.site),
        }  # fmt: skip

    def browser(self, kind: str) -> Client:
        return Client() if kind == "nobody" else self.client(self.readers[kind])


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every address of both sides, those that are still to be written included."""
    for module in (urls, urls_clinic):
        for pattern in module.urlpatterns:
            yield f"{module.app_name}:{pattern.name}", pattern


def address(name: str, pattern: URLPattern, ids: dict[str, UUID]) -> str:
    """With these ids; where an address names none, the person is asked for as the pages do it themselves."""
    wanted = pattern.pattern.converters
    url = reverse(name, kwargs={each: ids[each] for each in wanted})
    return url if wanted or name.startswith("clinic-") else f"{url}?for={ids['person_id']}"


def asked(client: Client, method: str, url: str) -> HttpResponse:
    if method == "get":
        return client.get(url)
    form = {"seen": "1", "request_key": house.key(), "reason": "x", "taken": "taken", "act": "decline"}
    return client.post(url, form)


def same(answer: HttpResponse, ids: dict[str, UUID]) -> tuple[int, str, str]:
    """What somebody outside can tell answers apart by."""
    body = answer.content.decode()
    where = answer.headers.get("Location", "")
    for each in ids.values():
        body, where = body.replace(str(each), "ID"), where.replace(str(each), "ID")
    return answer.status_code, where, _OF_THIS_ANSWER.sub(r"\1\2\3\4", body)


def told_apart(one: tuple[int, str, str], other: tuple[int, str, str]) -> list[str]:
    """The lines by which two answers differ."""
    lines = [[str(each[0]), each[1], *each[2].splitlines()] for each in (one, other)]
    return [line for line in unified_diff(*lines, lineterm="", n=0) if line[:3] not in {"---", "+++"}]


@pytest.fixture
def town():
    return Town()


def test_nothing_of_a_patient_reaches_anybody_else_and_not_yours_is_not_there(town):
    missing = {name: new_id() for name in town.ids}
    for kind in KINDS:
        if kind in OWN_SIDE | {"doctor"}:
            continue
        client = town.browser(kind)
        for name, pattern in addresses():
            for method in ("get", "post"):
                yours = asked(client, method, address(name, pattern, town.ids))
                nothing = asked(client, method, address(name, pattern, missing))
                where = f"{kind} {method} {name}"
                assert heard(where, yours.content.decode()) == []
                assert told_apart(same(yours, town.ids), same(nothing, missing)) == [], where


def test_who_may_see_them_hears_them_and_nothing_else_sings(town, capfd, caplog):
    titles, links, sung = [], [], {}
    with recorded_spans() as spans:
        for kind in ("patient", "proxy", "doctor"):
            client = town.browser(kind)
            for name, pattern in addresses():
                answer = client.get(address(name, pattern, town.ids))
                assert answer.status_code in {200, 403, 404, 405}, (kind, name, answer.status_code)
                page = answer.content.decode()
                if answer.status_code == 200:
                    sung.setdefault(kind, set()).update(song.partition(": ")[2] for song in heard("", page))
                titles += re.findall(r"<title>(.*?)</title>", page, flags=re.DOTALL)
                links += re.findall(r'(?:href|action|src|hx-get|data-suggest)="([^"]*)"', page)
            client.post(reverse("medications:add"), {"drug": PLANTED["drug"], "find": "1"})
    out, err = capfd.readouterr()

    assert sung["patient"] >= {"zanzibarol", "warfarin", "marmalade", "ferretcillin", "wombat", "quagga"}
    assert sung["proxy"] >= sung["patient"] - {"okafor"}
    assert sung["doctor"] >= {"zanzibarol", "warfarin", "marmalade", "ferretcillin", "quagga"}
    assert "http.request_answered" in out + err, "no log was heard"
    assert [
        *heard("log", out + err + caplog.text),
        *heard("trace", "".join(f"{s.name} {s.attributes} {s.events}" for s in spans)),
        *heard("title", "".join(titles)),
        *heard("address", "".join(links)),
        *heard("metric", Client().get("/metrics").content.decode()),
        *heard("ledger", kept_for_later()),
    ] == []


def test_a_clinic_page_does_not_open_a_patients_and_neither_the_other_way_round(town):
    """A right to read on one side is none on the other."""
    doctor, patient = town.browser("doctor"), town.browser("patient")
    for name, pattern in addresses():
        clinics = name.startswith("clinic-")
        answer = (patient if clinics else doctor).get(address(name, pattern, town.ids))
        assert answer.status_code in {302, 403, 404, 405}, name
        assert heard(name, answer.content.decode()) == []


def test_the_crawl_hears_a_planted_song_and_sees_a_difference():
    assert heard("page", "<p>Zanzibarol</p>") == ["page: zanzibarol"]
    one, other = new_id(), new_id()
    assert same(HttpResponse(f"a {one}", status=404), {"x": one}) == same(
        HttpResponse(f"a {other}", status=404), {"x": other}
    )
    assert told_apart(same(HttpResponse("a"), {}), same(HttpResponse("b"), {})) == ["@@ -3 +3 @@", "-a", "+b"]
