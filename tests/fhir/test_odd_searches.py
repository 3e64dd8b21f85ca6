"""Searches in ways that few clients use: each is answered rightly or refused in words."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from fhir_house import observation, practitioner, vital

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


def found(house, kind, **params):
    answer = house.ehr.get(kind, params, prefer="handling=strict")
    assert answer.status == 200, answer.text
    return answer.ids


@pytest.mark.parametrize("make", [observation, vital])
@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        ("le9999-12-31", True),
        ("lt9999", True),
        ("9999", False),
        ("ap9999", False),
        ("ap0001", False),
        ("ap0001-01-01", False),
        ("gt0001-01-01T00:00:00+14:00", True),
        ("lt9999-12-31T23:59:59-12:00", True),
        ("2026-05-01T06:30:00.123456789Z", True),
        ("gt2026-05-01T06:30:00.12345678901234Z", False),
        ("2026-05-01T06:30:00.124Z", False),
        ("2026-05-01T06:30:00Z", True),
        ("2026-05-01T06:30Z", True),
        ("2026-05-01T20:30+14:00", True),
        ("2026-05-01T08:30:00.123 02:00", True),
    ],
)
def test_item_29_dates_at_the_edges(house, make, asked, hit):
    key = house.ehr.post(
        "Observation", make(house.ada, effectiveDateTime="2026-05-01T08:30:00.123456+02:00")
    ).json["id"]

    assert found(house, "Observation", patient=str(house.ada), date=asked) == ([key] if hit else [])


@pytest.mark.parametrize(
    "asked", ["٢٠٢٦", "0000", "2026-02-30", "2026-05-01T24:00:00Z", "ge", "2026-5-1", "+2026"]
)
@pytest.mark.parametrize(
    ("kind", "name"),
    [("Observation", "date"), ("Patient", "birthdate"), ("Patient", "_lastUpdated"), ("Slot", "start"),
     ("Patient/_history", "_since"), ("Patient/_history", "_at")],
)  # fmt: skip
def test_item_46_dates_that_are_none(house, kind, name, asked):
    assert house.ehr.get(kind, {name: asked}).status == 400


@pytest.mark.parametrize("make", [observation, vital])
@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        ("4.123456789012345678901234567", True),
        ("4.123456789012345678901234568", False),
        ("gt4.1234567890123456789012345665", True),
        ("lt4.1234567890123456789012345665", False),
        ("4123.456789012345678901234567|http://unitsofmeasure.org|umol/L", True),
        ("lt1e40", True),
        ("gt-1e-40", True),
    ],
)
def test_item_36_every_digit_counts(house, make, asked, hit):
    body = make(house.ada, "4.123456789012345678901234567")
    body["valueQuantity"] |= {"unit": "mmol/L", "code": "mmol/L"}
    key = house.ehr.post("Observation", body).json["id"]

    ids = found(house, "Observation", **{"patient": str(house.ada), "value-quantity": asked})
    assert ids == ([key] if hit else [])


@pytest.mark.parametrize(
    "asked", ["1e999999999", "gt1e400", "1e-999999999||mg", "9" * 200, "٥", "--5", "5e", ""]
)
def test_item_46_numbers_that_are_none(house, asked):
    assert house.ehr.get("Observation", {"value-quantity": asked}).status == 400


def test_items_33_and_35_ids_too(house):
    both = {str(house.ada), str(house.bo)}

    assert set(found(house, "Patient", **{"_id:not": str(house.ada)})) == both - {str(house.ada)}
    assert set(found(house, "Patient", **{"_id:not": f"{house.ada},{house.bo}"})) == set()
    assert set(found(house, "Patient", **{"_id:missing": "false"})) == both
    assert found(house, "Patient", **{"_id:missing": "true"}) == []
    assert found(house, "Patient", **{"_lastUpdated:missing": "true"}) == []
    assert house.ehr.get("Patient", {"_id:text": "x"}).status == 400


def test_item_33_not_of_several_codings(house):
    body = vital(house.ada)
    body["code"]["coding"].append({"system": "http://example.org/codes", "code": "K"})
    key = house.ehr.post("Observation", body).json["id"]
    own = body["code"]["coding"][0]["code"]

    for said, hit in (
        ("K", False),
        (own, False),
        ("other", True),
        (f"other,{own}", False),
        ("K,other", False),
    ):
        ids = found(house, "Observation", **{"patient": str(house.ada), "code:not": said})
        assert ids == ([key] if hit else []), said
    assert found(house, "Observation", **{"patient": str(house.ada), "code:not": ["K", "other"]}) == []


def test_item_28_signs_that_mean_something_are_escaped(house):
    odd = "A|B,C$D\\E"
    key = house.ehr.post(
        "Practitioner", practitioner(identifier=[{"system": "http://example.org/n", "value": odd}])
    ).json["id"]
    escaped = odd.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$")

    assert found(house, "Practitioner", identifier=f"http://example.org/n|{escaped}") == [key]
    assert found(house, "Practitioner", identifier=escaped) == [key]
    assert house.ehr.get("Practitioner", {"identifier": "|"}).status == 400


def test_letters_that_were_not_escaped(house):
    key = house.ehr.post("Practitioner", practitioner("Émile")).json["id"]

    for name in ("Émile", "E\u0301mile", "%C3%89mile", "emile"):
        assert house.ehr.get(f"Practitioner?name={name}").ids == [key], name


@pytest.mark.parametrize("make", [observation, vital])
def test_items_33_and_34_text_in_any_script(house, make):
    body = make(house.ada)
    body["code"]["text"] = "Größe ÄRZTLICH"
    key = house.ehr.post("Observation", body).json["id"]
    house.lab_report(house.ada)

    assert found(house, "Observation", **{"code:text": "größe ärzt"}) == [key]
    assert found(house, "Patient", **{"_has:Observation:patient:code:text": "ÄRZTLICH"}) == [str(house.ada)]


@pytest.mark.parametrize(
    "said", ["\x00", "\U0001f600", "e\u0301", "\u202e", "%", "_", "'", "\\", "%q", "{}", "a" * 2_000]
)
def test_signs_in_values_are_values(house, said):
    for kind, name in (
        ("Observation", "code"), ("Observation", "code:text"), ("Observation", "code:not"),
        ("Patient", "name"), ("Patient", "name:contains"), ("Patient", "name:exact"), ("Patient", "_id"),
        ("Observation", "patient"), ("Observation", "subject:Patient.name"), ("Patient", "_profile"),
        ("Patient", "_has:Observation:patient:code"), ("Observation", "patient:identifier"),
    ):  # fmt: skip
        answer = house.ehr.get(kind, {name: said})
        assert answer.status in {200, 400}, (kind, name)
        if answer.status == 200 and ":not" not in name:
            assert answer.matches == [], (kind, name)


def test_item_26_body_and_address_together(house):
    house.lab_report(house.ada, ("2823-3", "4.1"), ("2951-2", "140"))
    house.lab_report(house.bo)
    both = {"patient": str(house.ada), "code": "2823-3"}

    mixed = house.ehr.send(
        "POST", "Observation/_search?code=2823-3", urlencode({"patient": str(house.ada)}).encode(), kind=FORM
    )

    assert mixed.ids == house.ehr.get("Observation", both).ids
    assert len(mixed.ids) == 1
    assert all(f"{name}=" in mixed.link("self") for name in both)
    pretty = house.ehr.send("POST", "Patient/_search", b"_pretty=true&_count=1", kind=FORM)
    assert "\n" in pretty.text
    assert house.ehr.send("POST", "Patient/_search", b"_format=xml", kind=FORM).status == 406
    assert house.ehr.send("POST", "Patient/_search", b"name=\xff", kind=FORM).status == 400


def test_item_40_self_says_what_was_done(house):
    four = "date,status,code,-_id"

    refused = house.ehr.get("Observation", {"_sort": four})

    assert refused.status == 400
    assert house.ehr.get("Observation", {"_sort": "date,status,code"}).status == 200


@pytest.mark.parametrize(
    "start", ["9999-12-31", "le9999", "0001", "ap0001-01-01", "0001-01-01T00:00:00+14:00"]
)
def test_item_56_starts_at_the_edges_of_the_calendar(house, start):
    house.open_clinic()

    assert bool(found(house, "Slot", start=start)) == (start == "le9999")
    assert found(house, "Slot", start=["ge2020", "le9999"])  # what is over is not free, what comes is


def test_item_56_slots_keep_to_every_word_of_the_search(house):
    house.open_clinic()
    first = house.clinician
    house.open_clinic()  # a second clinic with a clinician of its own
    at, end = ((house.starts_at + timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in (0, 4))
    about = {"start": [f"ge{at}", f"lt{end}"], "_count": "500"}
    every = house.ehr.get("Slot", about).matches
    schedule = house.ehr.get("Schedule", {"actor": f"Practitioner/{first}"}).ids[0]
    own = {each["id"] for each in every if each["schedule"]["reference"].endswith(schedule)}
    starts = sorted({each["start"] for each in every})

    assert own
    assert len(own) < len(every)
    assert set(found(house, "Slot", **about, **{"schedule.actor": f"Practitioner/{first}"})) == own
    assert set(found(house, "Slot", **about, **{"schedule:Schedule.actor": f"Practitioner/{first}"})) == own
    assert found(house, "Slot", **about, **{"schedule.actor": f"Practitioner/{house.ada}"}) == []
    two = house.ehr.get("Slot", {"start": f"{starts[0]},{starts[2]}"}).matches
    assert {each["start"] for each in two} == {starts[0], starts[2]}
    without = house.ehr.get("Slot", {"start": [*about["start"], f"ne{starts[0]}"], "_count": "500"}).matches
    assert sorted({each["start"] for each in without}) == starts[1:]
    assert found(house, "Slot", **about, status=["free", "busy"]) == []
    assert set(found(house, "Slot", **about, **{"status:not": "busy"})) == {each["id"] for each in every}
    assert found(house, "Slot", **about, **{"status:not": "free"}) == []
    assert found(house, "Slot", **about, **{"start:missing": "true"}) == []
    latest = house.ehr.get("Slot", {**about, "_sort": "-start", "_count": "3"})
    assert [each["start"] for each in latest.matches] == sorted((e["start"] for e in every), reverse=True)[:3]
    after = house.ehr.follow(latest.link("next")).matches
    assert after[0]["start"] <= latest.matches[-1]["start"]
    assert not {each["id"] for each in after} & set(latest.ids)
    assert house.ehr.get("Slot", {**about, "_sort": "status"}).status == 400


def test_item_51_everything_by_odd_pages(house):
    house.lab_report(house.ada)
    path = f"Patient/{house.ada}/$everything"

    none = house.ehr.get(path, {"_count": "0", "_type": "Observation"})

    assert (none.status, none.entries, none.link("next")) == (200, [], None)
    for wrong in ({"_count": "-1"}, {"_count": "many"}, {"_since": "yesterday"}, {"_cursor": "x"}):
        assert house.ehr.get(path, wrong).status == 400
    one_by_one = [each for page in house.ehr.pages(path, {"_count": "1"}) for each in page.ids]
    assert len(one_by_one) == len(set(one_by_one)) >= 3
