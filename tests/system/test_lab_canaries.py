"""Canaries of results: values, tests and words are planted and read; nothing but the page sings of them."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from signing_in import sign_in

from labs import service as labs
from steadwell import clock
from steadwell.ids import new_id
from steadwell.observability.service import recorded_spans

sys.path.insert(0, str(Path(__file__).parents[1] / "labs"))
import lab_house as house
from release_house import Family, work
from test_canaries import kept_for_later

pytestmark = pytest.mark.django_db(transaction=True)
VALUE = "5.93718"  # a clock that tells milliseconds cannot sing it
SONGS = ("potassium", VALUE, "marmalade", "2823-3", "okafor", "electrolytes")


def heard(where: str, text: str) -> list[str]:
    return [f"{where}: {song}" for song in SONGS if song in text.lower()]


def test_no_result_sings(capfd, caplog):
    now = clock.now()
    family = Family()
    said = house.report(
        house.potassium(VALUE, notes=("Marmalade in the tube",)), patient=family.incoming,
        issued_at=now - timedelta(hours=1), sent_at=now, collected_at=now - timedelta(hours=3),
    )  # fmt: skip
    ada = sign_in(Client(), family.patient_id)

    with recorded_spans() as spans:
        filed = house.file(said, now=now)
        work(clock.now())
        own = f"/results/{filed.report_id}/"
        pages = [
            ada.get(path).content.decode()
            for path in ("/", "/results/", own, f"{own}print/", "/inbox/")
        ]  # fmt: skip
        ada.get(f"/results/{new_id()}/")
    out, err = capfd.readouterr()
    titles = "".join(t for page in pages for t in re.findall(r"<title>(.*?)</title>", page, flags=re.DOTALL))
    addresses = "".join(a for page in pages for a in re.findall(r'(?:href|action|src)="([^"]*)"', page))

    assert VALUE in pages[2]
    assert "http.request_answered" in out + err
    assert [
        *heard("log", out + err + caplog.text),
        *heard("trace", "".join(f"{s.name} {s.attributes} {s.events}" for s in spans)),
        *heard("title", titles),
        *heard("address", addresses),
        *heard("metric", Client().get("/metrics").content.decode()),
        *heard("ledger", kept_for_later()),
        *heard("inbox", pages[4].partition("<main")[2]),
    ] == []
    assert isinstance(filed, labs.Filed)
