"""Item 13 to its end: what of a history is wanted, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fhir_house import observation, practitioner

from fhir_facade.server import histories
from steadwell import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(house, time_machine):
    """One that was written on three days, and when."""
    began = clock.now()
    at = []
    said = practitioner()
    for day in range(3):
        time_machine.move_to(began + timedelta(days=day), tick=False)
        house.ehr.token = house.token("system/*.cruds")
        gender = {"gender": ("male", "female", "other")[day]}
        if day == 0:
            said = house.ehr.post("Practitioner", {**said, **gender}).json
        else:
            said = house.ehr.put(f"Practitioner/{said['id']}", {**said, **gender}).json
        at.append(clock.now())
    return said["id"], at


def numbers(answer):
    assert answer.status == 200, answer.text
    return [each["response"]["etag"][3:-1] for each in answer.entries]


def moment(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("of_type", [True, False])
def test_item_13_pages_keep_to_what_was_asked(house, three, of_type):
    key, at = three
    path = "Practitioner/_history" if of_type else f"Practitioner/{key}/_history"

    pages = list(house.ehr.pages(path, {"_count": "1", "_since": moment(at[1])}))

    assert [numbers(page) for page in pages] == [["3"], ["2"]]
    assert all("_since=" in page.link("self") for page in pages)
    none = house.ehr.get(path, {"_count": "0"})
    assert (none.entries, none.link("next"), none.json["total"]) == ([], None, 3)
    for wrong in ({"_count": "many"}, {"_count": "-1"}, {"_cursor": "x"}):
        assert house.ehr.get(path, wrong).status == 400
    assert house.ehr.get(path, {"_cursor": "9" * 5_000}).status in {200, 400}


@pytest.mark.parametrize("of_type", [True, False])
def test_item_13_at_a_time_what_was_the_newest_then(house, three, of_type):
    key, at = three
    path = "Practitioner/_history" if of_type else f"Practitioner/{key}/_history"

    def then(moment_of):
        return numbers(house.ehr.get(path, {"_at": moment_of}))

    assert then(moment(at[0] - timedelta(hours=1))) == []
    assert then(moment(at[0] + timedelta(hours=1))) == ["1"]
    assert then(moment(at[1] + timedelta(hours=1))) == ["2"]
    assert then(moment(at[2] + timedelta(hours=1))) == ["3"]
    assert then("2099") == ["3"]
    assert then(at[1].strftime("%Y-%m-%d")) == ["2", "1"]  # both were, on that day


def test_item_13_a_type_is_told_to_its_end(house, monkeypatch):
    monkeypatch.setattr(histories, "MOST_AT_ONCE", 3)
    keys = [house.ehr.post("Practitioner", practitioner()).json["id"] for _ in range(8)]

    pages = list(house.ehr.pages("Practitioner/_history", {"_count": "2"}))

    told = [each["resource"]["id"] for page in pages for each in page.entries]
    assert told == keys[::-1]


def test_item_13_pages_hold_under_writes(house):
    said = house.ehr.post("Observation", observation(house.ada)).json
    path = f"Observation/{said['id']}"
    for status in ("amended", "corrected"):
        said = house.ehr.put(path, {**said, "status": status}).json
    first = house.ehr.get(f"{path}/_history", {"_count": "2"})

    house.ehr.put(path, {**said, "status": "entered-in-error"})

    assert numbers(first) == ["3", "2"]
    assert numbers(house.ehr.follow(first.link("next"))) == ["1"]
