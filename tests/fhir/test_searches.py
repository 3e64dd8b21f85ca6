"""Checklist D: searching."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core import signing
from fhir_house import Api, observation, practitioner, vital

from fhir_facade.server.registry import registry
from scheduling import models
from steadwell import clock

pytestmark = pytest.mark.django_db
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LOINC = "http://loinc.org"


def count(house, kind: str, **params) -> int:
    answer = house.ehr.get(kind, {**params, "_summary": "count"})
    assert answer.status == 200, answer.text
    return answer.json["total"]


def form(house, kind: str, **params):
    return house.ehr.send(
        "POST",
        f"{kind}/_search",
        urlencode(params, doseq=True).encode(),
        kind="application/x-www-form-urlencoded",
    )


def test_item_26_get_and_post_are_equal(house):
    house.lab_report(house.ada)

    for params in ({"patient": str(house.ada)}, {"patient": str(house.ada), "category": "laboratory"}):
        assert form(house, "Observation", **params).ids == house.ehr.get("Observation", params).ids != []
    assert house.ehr.send("POST", "Observation/_search", b"{}").status == 415


def test_item_27_references_are_written_in_three_ways(house):
    house.lab_report(house.ada)
    house.lab_report(house.bo)

    ways = [str(house.ada), f"Patient/{house.ada}", f"http://testserver/fhir/Patient/{house.ada}"]

    found = [house.ehr.get("Observation", {"patient": way}).ids for way in ways]
    assert len(found[0]) == 1
    assert found[0] == found[1] == found[2]
    assert count(house, "Observation", patient="http://elsewhere.org/fhir/Patient/1") == 0
    assert count(house, "Observation", subject=f"Location/{house.ada}") == 0


@pytest.mark.parametrize("make", [observation, vital])
def test_item_28_tokens(house, make):
    house.ehr.post("Observation", make(house.ada))
    code = "2823-3" if make is observation else "8867-4"
    ada = str(house.ada)

    assert count(house, "Observation", patient=ada, code=code) == 1
    assert count(house, "Observation", patient=ada, code=f"{LOINC}|{code}") == 1
    assert count(house, "Observation", patient=ada, code=f"{LOINC}|") == 1
    assert count(house, "Observation", patient=ada, code=f"|{code}") == 0
    assert count(house, "Observation", patient=ada, code=f"http://other|{code}") == 0
    assert count(house, "Observation", patient=ada, code="x") == 0


@pytest.mark.parametrize("make", [observation, vital])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("2026-05-01", 1),
        ("2026-05", 1),
        ("2026", 1),
        ("2026-05-02", 0),
        ("ge2026-05-01", 1),
        ("gt2026-05-01", 0),
        ("gt2026-04-30", 1),
        ("lt2026-05-01", 0),
        ("lt2026-05-02", 1),
        ("le2026-05-01", 1),
        ("le2026-04-30", 0),
        ("ne2026-05-01", 0),
        ("ne2026-05-02", 1),
        ("sa2026-04-30", 1),
        ("sa2026-05-01", 0),
        ("eb2026-05-02", 1),
        ("eb2026-05-01", 0),
        ("ap2026-05-01", 1),
        ("eq2026-05-01T06:30:00Z", 1),
        ("2026-05-01T08:30:00+02:00", 1),
        ("2026-05-01T08:30:00Z", 0),
        ("gt2026-05-01T06:29:59Z", 1),
        ("lt2026-05-01T06:30:00Z", 0),
        ("2026-05-01T06:30Z", 1),
    ],
)
def test_item_29_dates(house, make, asked, found):
    """It was at 08:30 in +02:00, which is 06:30 UTC."""
    house.ehr.post("Observation", make(house.ada))

    assert count(house, "Observation", patient=str(house.ada), date=asked) == found


def test_item_29_days_end_at_midnight(house):
    for when in ("2026-05-01T00:00:00Z", "2026-05-01T23:59:59.999Z", "2026-05-02T00:00:00Z"):
        house.ehr.post("Observation", vital(house.ada, effectiveDateTime=when))

    assert count(house, "Observation", patient=str(house.ada), date="2026-05-01") == 2
    assert count(house, "Observation", patient=str(house.ada), date=["ge2026-05-01", "lt2026-05-02"]) == 2
    assert count(house, "Observation", patient=str(house.ada), date="ge2026-05-02") == 1


def test_item_29_periods(house):
    period = {"start": "2026-05-01", "end": "2026-05-10"}
    said = vital(house.ada, effectivePeriod=period)
    del said["effectiveDateTime"]
    house.ehr.post("Observation", said)

    for asked, found in (
        ("2026-05", 1),
        ("2026-05-05", 0),
        ("ge2026-05-05", 1),
        ("lt2026-05-05", 1),
        ("gt2026-05-10", 0),
    ):
        assert count(house, "Observation", patient=str(house.ada), date=asked) == found, asked


def test_item_30_any_and_all(house):
    house.lab_report(house.ada, ("2823-3", "4.1"), ("2951-2", "140"))
    ada = str(house.ada)

    assert count(house, "Observation", patient=ada, code="2823-3,2951-2") == 2
    assert count(house, "Observation", patient=ada, code=["2823-3", "2951-2"]) == 0
    assert count(house, "Observation", patient=ada, status="final,amended") == 2
    assert count(house, "Observation", patient=ada, code="2823-3", date=["ge2020", "le2099"]) == 1


def test_item_31_every_match_matches(house):
    house.lab_report(house.ada, ("2823-3", "4.1"), ("2951-2", "140"))
    house.lab_report(house.bo, ("2823-3", "4.2"))
    house.ehr.post("Observation", vital(house.ada))

    found = house.ehr.get(
        "Observation", {"patient": str(house.ada), "category": f"{CATEGORY}|laboratory"}
    ).matches

    assert len(found) == 2
    for each in found:
        assert each["subject"]["reference"] == f"Patient/{house.ada}"
        assert each["category"][0]["coding"][0]["code"] == "laboratory"


def test_item_32_strings(house):
    house.person("Núñez-O'Hara", "María José", "N-1")
    house.ehr.post(
        "Practitioner",
        practitioner("Ångström", name=[{"family": "Ångström", "given": ["Nora", "Ida"], "text": "Dr N"}]),
    )

    for name in ("nunez", "NUÑEZ", "maria", "jose", "ohara", "mar"):
        assert count(house, "Patient", name=name) == 1, name
    assert count(house, "Patient", **{"family:exact": "Núñez-O'Hara"}) == 1
    assert count(house, "Patient", **{"family:exact": "nunez"}) == 0
    assert (
        count(house, "Patient", **{"family:contains": "ez oh"})
        + count(house, "Patient", **{"family:contains": "unez"})
        >= 1
    )
    house.open_clinic()
    models.Practitioner.objects.filter(pk=house.clinician).update(name="Łucía O'Brien-Nuñez")
    for name in ("lucia", "ŁUCÍA", "obrien", "o'brien", "nunez", "nuñez", "brien-n"):
        assert count(house, "Practitioner", name=name) == (name != "brien-n"), name
    for name in ("angstrom", "Ång", "ida", "nora"):
        assert count(house, "Practitioner", name=name) == 1, name
    assert count(house, "Practitioner", name="zzz") == 0


def test_item_32_birth_date_with_name(house):
    assert count(house, "Patient", birthdate="1980-03-12", name="canaryada") == 1
    assert count(house, "Patient", gender="female", name="canaryada") == 1
    assert count(house, "Patient", birthdate="1999-03-12", name="canaryada") == 0
    assert count(house, "Patient", identifier="AD-1") == 1


def test_item_33_token_modifiers(house):
    house.lab_report(house.ada, ("2823-3", "4.1"), ("2951-2", "140"))
    ada = str(house.ada)

    assert count(house, "Observation", patient=ada, **{"code:not": "2823-3"}) == 1
    assert count(house, "Observation", patient=ada, **{"code:text": "test 29"}) == 1
    refused = house.ehr.get("Observation", {"code:in": "http://x"})
    assert refused.status == 400


def test_item_34_chains(house):
    house.lab_report(house.ada)
    house.lab_report(house.bo)
    doctor = house.ehr.post("Practitioner", practitioner("Chainlink")).json["id"]
    house.ehr.post("Observation", vital(house.ada, performer=[{"reference": f"Practitioner/{doctor}"}]))

    assert count(house, "Observation", **{"subject:Patient.family": "canaryada"}) == 2
    assert count(house, "Observation", **{"patient.identifier": "AD-1"}) == 2
    assert count(house, "Observation", **{"patient:identifier": "BO-1"}) == 1
    assert count(house, "Observation", **{"performer:Practitioner.name": "chainl"}) == 1
    assert count(house, "Observation", **{"subject:Patient": str(house.ada)}) == 2
    assert house.ehr.get("Patient", {"_has:Observation:patient:code": "8867-4"}).ids == [str(house.ada)]
    assert house.ehr.get("Practitioner", {"_has:Observation:performer:code": "8867-4"}).ids == [doctor]
    assert house.ehr.get("Observation", {"code.family": "x"}).status == 400
    assert house.ehr.get("Patient", {"_has:nonsense": "x"}).status == 400


def test_item_35_missing(house):
    house.ehr.post("Observation", vital(house.ada))
    house.ehr.post("Observation", vital(house.ada, performer=[{"reference": f"Patient/{house.ada}"}]))
    ada = str(house.ada)

    assert count(house, "Observation", patient=ada, **{"performer:missing": "true"}) == 1
    assert count(house, "Observation", patient=ada, **{"performer:missing": "false"}) == 1
    assert house.ehr.get("Observation", {"performer:missing": "perhaps"}).status == 400


@pytest.mark.parametrize("make", [observation, vital])
def test_item_36_quantities(house, make):
    house.ehr.post(
        "Observation",
        {
            **make(house.ada, "5.40"),
            "valueQuantity": {**make(house.ada, "5.40")["valueQuantity"], "unit": "mmol/L", "code": "mmol/L"},
        },
    )
    ada, ucum = str(house.ada), "http://unitsofmeasure.org"

    for asked, found in (
        ("5.4", 1),
        ("5.40", 1),
        ("gt5.3", 1),
        ("gt5.4", 0),
        ("ge5.4", 1),
        ("lt5.4", 0),
        ("le5.40", 1),
        ("ne5.4", 0),
        (f"5.4|{ucum}|mmol/L", 1),
        (f"gt5|{ucum}|mmol/L", 1),
        (f"gt5|{ucum}|mg/dL", 0),
        (f"5.4|{ucum}|g/L", 0),
        (f"5400|{ucum}|umol/L", 1),
        (f"gt5|{ucum}|meq/L", 0),
    ):
        assert count(house, "Observation", patient=ada, **{"value-quantity": asked}) == found, asked


def test_item_37_common_parameters(house):
    today = clock.now().date()
    house.lab_report(house.ada)
    key = house.ehr.post(
        "Practitioner",
        practitioner(
            meta={
                "tag": [{"system": "http://example.org/t", "code": "red"}],
                "source": "http://example.org/src",
                "security": [{"system": "http://example.org/s", "code": "R"}],
                "profile": ["http://example.org/p"],
            }
        ),
    ).json["id"]

    for name, value in (
        ("_id", key),
        ("_tag", "red"),
        ("_tag", "http://example.org/t|red"),
        ("_security", "R"),
        ("_source", "http://example.org/src"),
        ("_profile", "http://example.org/p"),
    ):
        assert house.ehr.get("Practitioner", {name: value}).ids == [key], name
    assert count(house, "Observation", _lastUpdated=f"ge{today}") == 1
    assert count(house, "Observation", _lastUpdated="lt2020") == 0
    assert (
        count(
            house,
            "Observation",
            _profile="http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab",
        )
        == 1
    )


def test_item_38_orders(house):
    for day, value in (("03", "9"), ("01", "8"), ("02", "7")):
        house.ehr.post("Observation", vital(house.ada, value, effectiveDateTime=f"2026-05-{day}"))
        house.lab_report(house.ada, ("2823-3", value))
    ada = str(house.ada)

    def values(order):
        return [
            str(e["valueQuantity"]["value"])
            for e in house.ehr.get("Observation", {"patient": ada, "code": "8867-4", "_sort": order}).matches
        ]

    assert values("date") == ["8", "7", "9"]
    assert values("-date") == ["9", "7", "8"]
    assert values("value-quantity") == ["7", "8", "9"]
    assert values("status,-value-quantity") == ["9", "8", "7"]
    assert house.ehr.get("Observation", {"_sort": "nonsense"}).status == 400
    one = house.ehr.get("Observation", {"patient": ada, "_sort": "status"}).ids
    assert one == house.ehr.get("Observation", {"patient": ada, "_sort": "status"}).ids
    assert len(set(one)) == 6


def test_item_39_includes(house):
    house.lab_report(house.ada)
    house.ehr.post("Observation", observation(house.ada))

    answer = house.ehr.get(
        "Observation",
        {
            "patient": str(house.ada),
            "_include": "Observation:subject",
            "_revinclude": "Provenance:target",
        },
    )

    assert len(answer.matches) == 2
    kinds = sorted(each["resourceType"] for each in answer.included)
    assert kinds == ["Patient", "Provenance"]
    named = {e["subject"]["reference"] for e in answer.matches}
    assert {f"Patient/{e['id']}" for e in answer.included if e["resourceType"] == "Patient"} == named
    modes = {e["search"]["mode"] for e in answer.entries}
    assert modes == {"match", "include"}


def test_item_39_includes_iterate(house):
    house.open_clinic()
    house.visit(house.ada)

    answer = house.ehr.get(
        "PractitionerRole",
        {
            "practitioner": str(house.clinician),
            "_include": "PractitionerRole:location",
            "_include:iterate": "Location:organization",
        },
    )

    assert sorted(e["resourceType"] for e in answer.included) == ["Location", "Organization"]
    slots = house.ehr.get("Appointment", {"patient": str(house.ada), "_include": "Appointment:slot"})
    assert [e["resourceType"] for e in slots.included] == ["Slot"]


def test_item_40_pages_hold_under_inserts(house):
    for number in range(7):
        house.ehr.post(
            "Observation", vital(house.ada, str(60 + number), effectiveDateTime=f"2026-05-0{number + 1}")
        )
    seen: list[str] = []

    for turn, page in enumerate(
        house.ehr.pages("Observation", {"patient": str(house.ada), "_count": "3", "_sort": "date"})
    ):
        seen += page.ids
        house.ehr.post("Observation", vital(house.ada, effectiveDateTime="2026-04-01"))  # before all of them
        assert page.link("self").startswith("http://testserver/fhir/Observation?patient=")
        assert len(page.link("next") or "") < 2048
        assert "total" not in page.json
        assert turn < 20

    assert len(seen) == len(set(seen)) == 7
    assert house.ehr.get("Observation", {"patient": str(house.ada), "_total": "accurate"}).json["total"] > 7


def test_item_40_pages_over_both_origins(house):
    for number in range(4):
        house.lab_report(house.ada, ("2823-3", f"4.{number}"))
        house.ehr.post("Observation", vital(house.ada))

    seen = [
        key
        for page in house.ehr.pages("Observation", {"patient": str(house.ada), "_count": "3"})
        for key in page.ids
    ]

    assert len(seen) == len(set(seen)) == 8


def test_item_40_a_page_expires(house):
    later = (clock.now() + timedelta(hours=2)).timestamp()
    for _ in range(3):
        house.ehr.post("Practitioner", practitioner())
    following = house.ehr.get("Practitioner", {"_count": "1"}).link("next")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing.time, "time", lambda: later)
        expired = house.ehr.follow(following)

    assert expired.status == 410
    assert house.ehr.follow(following).status == 200
    assert house.ehr.follow(following.replace("_cursor=", "_cursor=x")).status == 400
    assert Api(house.token("system/*.rs")).follow(following).status == 400


def test_item_41_counts(house):
    none = house.ehr.get("Patient", {"_count": "0"})
    capped = house.ehr.get("Patient", {"_count": "99999"})

    assert none.json["total"] == 2
    assert not none.entries
    assert "_count=500" in capped.link("self")
    assert house.ehr.get("Patient", {"_count": "many"}).status == 400


def test_item_42_what_is_not_known(house):
    lenient = house.ehr.get("Patient", {"nonsense": "1", "_id": str(house.ada)})

    assert lenient.ids == [str(house.ada)]
    outcomes = [e for e in lenient.entries if e["search"]["mode"] == "outcome"]
    assert outcomes[0]["resource"]["issue"][0]["severity"] == "warning"
    assert "nonsense" not in lenient.link("self")
    assert house.ehr.get("Patient", {"nonsense": "1"}, prefer="handling=strict").status == 400


def test_item_43_a_patients_token_searches_the_patients_own(house):
    house.lab_report(house.ada)
    house.lab_report(house.bo)

    found = house.of(house.ada).get("Observation").matches

    assert {e["subject"]["reference"] for e in found} == {f"Patient/{house.ada}"}


@pytest.mark.parametrize("kind", [each.type for each in registry() if each.required_any])
def test_item_44_companions_that_are_needed(house, kind):
    refused = house.ehr.get(kind, {"status": "free"})

    assert (refused.status, refused.issue["code"]) == (400, "required")
    for names in registry().by_type[kind].required_any:
        assert all(name in refused.issue["diagnostics"] for name in names)


def test_item_45_compartment(house):
    house.lab_report(house.ada)
    house.lab_report(house.bo)

    found = house.ehr.get(f"Patient/{house.ada}/Observation", {"code": "2823-3"})

    assert {e["subject"]["reference"] for e in found.matches} == {f"Patient/{house.ada}"}
    assert len(found.matches) == 1
    assert house.ehr.get(f"Patient/{house.ada}/Slot").status == 404
    sent = form(house, f"Patient/{house.ada}/Observation", code="2823-3")
    assert sent.ids == found.ids
    assert sent.link("self") == found.link("self")
    assert house.ehr.get(f"Patient/{house.ada}/Observation/_search").status == 405
    assert form(house, f"Patient/{house.ada}/Slot", start="2026").status == 404


@pytest.mark.parametrize(
    "params",
    [
        {"patient": ""},
        {"date": "yesterday"},
        {"date": "2026-13-01"},
        {"value-quantity": "much"},
        {"code": ""},
        {"_sort": ""},
        {"_total": "some"},
        {"_summary": "x"},
        {"code": "a,,b"},
    ],
)
def test_item_46_values_that_mean_nothing(house, params):
    assert house.ehr.get("Observation", params).status == 400


def test_searches_stay_within_their_statements(house, django_assert_num_queries):
    """Token, find, load twice, audit: however many there are."""
    for number in range(5):
        house.lab_report(house.ada, ("2823-3", f"4.{number}"))
        house.ehr.post("Observation", vital(house.ada))
    params = {"patient": str(house.ada), "category": "laboratory,vital-signs", "date": "ge2020"}

    with django_assert_num_queries(5):
        assert len(house.ehr.get("Observation", params).matches) == 10
    with django_assert_num_queries(3):
        house.ehr.get(f"Patient/{house.ada}")
