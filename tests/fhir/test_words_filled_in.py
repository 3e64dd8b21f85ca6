"""Search words that came later are filled in for what was written before."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from every_type import body, that_can
from fhir_house import Api, observation, together

from fhir_facade.server import filling
from fhir_facade.server.models import SearchValue
from steadwell import clock

pytestmark = pytest.mark.django_db
OURS = "http://example.org/filler"


def number(value):
    return [{"system": OURS, "value": value}]


def values():
    return sorted(
        SearchValue.objects.values_list(
            "document_id", "type", "param", "system", "code", "folded", "exact", "low", "high",
            "target_type", "target_id", "number", "unit",
        ),
        key=str,
    )  # fmt: skip


def index(capsys, *args):
    call_command("fhir", "index", *args)
    return capsys.readouterr().out.strip().splitlines()[-1]


def test_what_was_written_before_a_word_was_known_is_found_by_it(house, capsys):
    house.open_clinic()
    result = house.ehr.post("Observation", observation(house.ada, identifier=number("OBS1"))).json["id"]
    visit = {**body(house, "Appointment"), "identifier": number("APT1")}
    booking = house.ehr.post("Appointment", visit).json["id"]
    SearchValue.objects.filter(param="identifier").delete()
    assert house.ehr.get("Observation", {"identifier": "OBS1"}).ids == []

    index(capsys)

    assert house.ehr.get("Observation", {"identifier": f"{OURS}|OBS1"}).ids == [result]
    assert house.ehr.get("Appointment", {"identifier": f"{OURS}|APT1"}).ids == [booking]


def test_filling_is_what_writing_would_have_been(house, capsys, monkeypatch):
    """Of each type; a second run, and one over what is whole, writes nothing."""
    house.open_clinic()
    monkeypatch.setattr(filling, "MOST_AT_ONCE", 4)
    for kind in that_can("create"):
        assert house.ehr.post(kind, body(house, kind, f"N-{kind}")).status == 201
    whole = values()

    assert index(capsys).endswith(" 0 words added")
    SearchValue.objects.exclude(type="QuestionnaireResponse").delete()  # their form is found when they come
    missing = len(whole) - SearchValue.objects.count()

    # What is beside an app's resource is looked for by some of its words only.
    index(capsys)
    filled = values()
    assert set(filled) <= set(whole)
    assert len(filled) == len(set(filled))
    assert missing - (len(whole) - len(filled)) > missing / 2
    assert index(capsys).endswith(" 0 words added")


def test_filling_goes_on_where_it_was_stopped(house, capsys, monkeypatch):
    monkeypatch.setattr(filling, "MOST_AT_ONCE", 2)
    for n in range(5):
        house.ehr.post("Observation", observation(house.ada, identifier=number(f"OBS{n}")))
    SearchValue.objects.all().delete()

    first = filling.fill(after=None, now=clock.now())
    rest = index(capsys, "--after", str(first.last))

    assert (first.looked_at, first.added) == (2, 2)
    assert rest == "3 looked at, 3 words added"
    assert index(capsys, "--type", "Appointment") == "0 looked at, 0 words added"


@pytest.mark.django_db(transaction=True)
def test_filling_beside_live_writes_leaves_the_newest_words(house):
    first = house.ehr.post("Observation", observation(house.ada, identifier=number("OBS"))).json

    def write(n):
        def work(api: Api):
            for turn in range(4):
                said = {**first, "identifier": number(f"OBS{n}-{turn}"), "note": [{"text": f"{n} {turn}"}]}
                assert api.put(f"Observation/{first['id']}", said).status == 200

        return work

    def fill(api: Api):
        for _ in range(8):
            with connection.cursor() as cursor:  # as if it had been written before
                cursor.execute("DELETE FROM fhir_facade_searchvalue")
            filling.fill(after=None, now=clock.now())

    together(house, [write(1), write(2), fill, fill])

    filling.fill(after=None, now=clock.now())
    now = house.ehr.get(f"Observation/{first['id']}").json["identifier"][0]["value"]
    assert list(SearchValue.objects.filter(param="identifier").values_list("code", flat=True)) == [now]
