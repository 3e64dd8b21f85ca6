"""Checklist L over every type: what is served keeps to the profile that it names, and leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from both_patients import fill
from every_type import body, definition_of, that_can
from fhir_house import Api, House
from fhir_medicines import fed
from said_richly import enrich

from fhir_facade.server import profiles
from fhir_facade.server.elements import RXNORM, UCUM, US_CORE
from fhir_facade.server.registry import registry
from labs import service as labs

pytestmark = pytest.mark.django_db
# What US Core 6.1.0 wants a server to support, as far as it is no part of another element.
MUST_SUPPORT = {
    "AllergyIntolerance": "clinicalStatus verificationStatus code patient reaction.manifestation",
    "DiagnosticReport": "status category code subject effectiveDateTime issued performer result",
    "Encounter": "status class type subject participant.type participant.period participant.individual period"
    " location.location serviceProvider",
    "Location": "status name telecom address managingOrganization",
    "Medication": "code",
    "MedicationRequest": "status intent category reportedBoolean medicationCodeableConcept"
    " medicationReference subject encounter authoredOn requester reasonCode dosageInstruction.text"
    " dosageInstruction.timing dosageInstruction.doseAndRate.doseQuantity"
    " dispenseRequest.numberOfRepeatsAllowed dispenseRequest.quantity",
    "Observation": "status category code subject effectiveDateTime valueQuantity valueCodeableConcept"
    " valueString dataAbsentReason specimen referenceRange performer",
    "Organization": "identifier active name telecom address",
    "Patient": "identifier.system identifier.value name.family name.given name.suffix name.use telecom.system"
    " telecom.value telecom.use gender birthDate deceasedDateTime address.line address.city address.state"
    " address.postalCode address.period communication.language extension",
    "Practitioner": "identifier.system identifier.value name.family telecom address",
    "PractitionerRole": "practitioner organization code specialty location telecom",
    "Provenance": "target.reference recorded agent.type agent.who agent.onBehalfOf",
    "QuestionnaireResponse": "questionnaire status subject authored author item.linkId item.item.answer",
    "RelatedPerson": "active patient relationship name telecom address",
    "ServiceRequest": "status intent category code subject occurrencePeriod authoredOn requester reasonCode",
    "Specimen": "identifier accessionIdentifier type subject collection",
}  # fmt: skip


def at(said: Any, path: str) -> Iterator[Any]:
    if isinstance(said, list):
        for each in said:
            yield from at(each, path)
    elif not path:
        yield said
    elif isinstance(said, dict):
        name, _, rest = path.partition(".")
        yield from at(said.get(name, []), rest)


def inside(said: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every object that has an element of this name, wherever it stands."""
    several = said.values() if isinstance(said, dict) else said if isinstance(said, list) else ()
    if isinstance(said, dict) and name in said:
        yield said
    for each in several:
        yield from inside(each, name)


@pytest.fixture
def full(house: House) -> House:
    fill(house)
    enrich(house)
    return house


def served(full: House) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for definition in registry():
        if "search-type" in definition.interactions:
            base = {"service-type": "check-up"} if definition.finder else {}
            yield definition.type, full.ehr.get(definition.type, {**base, "_count": "500"}).matches


def test_item_86_what_names_a_profile_keeps_to_it(full):
    """google-fhir-r4 looked at each of them; here what US Core wants beyond it."""
    seen = set()
    for kind, rows in served(full):
        for each in rows:
            for profile in each["meta"].get("profile", ()):
                assert profile in definition_of(kind).profiles, (kind, profile)
                assert list(profiles.check(each, profile)) == [], each
                seen.add(kind)
    assert seen == set(MUST_SUPPORT) - {"Specimen", "QuestionnaireResponse", "RelatedPerson", "Medication"}


def test_item_86_must_support_is_there_and_leads_somewhere(full):
    rows_of = dict(served(full))

    for kind, paths in MUST_SUPPORT.items():
        rows = rows_of[kind]
        lacking = [path for path in paths.split() if not any(True for row in rows for _ in at(row, path))]
        assert lacking == [], kind
        names = {
            each["reference"] for path in paths.split() for row in rows for top in at(row, path.split(".")[0])
            for each in inside(top, "reference") if isinstance(each["reference"], str)
        }  # fmt: skip
        for name in sorted(names):
            assert Api(full.ehr.token, judged=False).get(name).status in {200, 410}, (kind, name)
    assert set(MUST_SUPPORT) == {
        each.type for each in registry() if any(p.startswith(US_CORE) for p in each.profiles)
    }


def test_items_88_and_89_codes_and_identifiers_of_each_type(full):
    numbers = 0
    for kind, rows in served(full):
        for row in rows:
            for holder in inside(row, "identifier"):
                several = (
                    holder["identifier"] if isinstance(holder["identifier"], list) else [holder["identifier"]]
                )
                for each in several:
                    assert each.get("system"), (kind, row)
                    assert each.get("value"), (kind, row)
            for name in ("valueQuantity", "doseQuantity", "low", "high", "quantity"):
                for holder in inside(row, name):
                    quantity = holder[name]
                    if isinstance(quantity, dict) and "code" in quantity:
                        assert quantity["system"] == UCUM, (kind, quantity)
                        numbers += 1
    assert numbers > 4
    rows = {kind: rows for kind, rows in served(full) if kind in {"MedicationRequest", "AllergyIntolerance"}}
    ours = [
        row for several in rows.values() for row in several if "urn:steadwell:source" in row["meta"]["source"]
    ]
    assert {row["resourceType"] for row in ours} == set(rows)
    for row in ours:
        concept = row.get("medicationCodeableConcept") or row["code"]
        assert concept["text"]
        assert concept["coding"][0]["system"] == RXNORM


def test_item_84_what_has_to_be_there_and_is_not_known_is_marked(house):
    """The same for who wrote it here and who sent it."""
    nobody = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                             "valueCode": "unknown"}]}  # fmt: skip
    fed(house, house.ada)
    key = house.ehr.post("MedicationRequest", body(house, "MedicationRequest")).json["id"]
    nameless = {"resourceType": "Patient", "name": [{"given": ["Only"]}]}
    person = house.ehr.get(f"Patient/{house.ehr.post('Patient', nameless).json['id']}").json

    orders = house.ehr.get("MedicationRequest", {"patient": str(house.ada)})

    assert [each["requester"] for each in orders.matches] == [nobody, nobody]
    assert key in orders.ids
    missing = house.ehr.get("MedicationRequest", {"requester:missing": "true", "patient": str(house.ada)})
    assert set(missing.ids) == set(orders.ids)
    assert person["gender"] == "unknown"


# -- K: corrections --

ERROR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
                     "code": "entered-in-error"}]}  # fmt: skip
CORRECTIONS = [
    ("Observation", {"status": "corrected"}), ("Observation", {"status": "amended"}),
    ("Observation", {"status": "entered-in-error"}),
    *(("DiagnosticReport", {"status": each}) for each in ("corrected", "amended", "entered-in-error")),
    *((kind, {"status": "entered-in-error"}) for kind in (
        "MedicationRequest", "MedicationStatement", "ServiceRequest", "QuestionnaireResponse",
        "Communication", "Consent",
    )),
    ("QuestionnaireResponse", {"status": "amended"}),
    ("AllergyIntolerance", {"verificationStatus": ERROR, "clinicalStatus": None}),
    ("Medication", {"status": "entered-in-error"}), ("Specimen", {"status": "entered-in-error"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said"), CORRECTIONS)
def test_item_83_a_correction_is_a_new_version(house, kind, said):
    first = house.ehr.post(kind, body(house, kind, "K-1"))
    path = f"{kind}/{first.json['id']}"

    wanted = {name: value for name, value in {**first.json, **said}.items() if value is not None}
    corrected = house.ehr.put(path, wanted, if_match=first.headers["ETag"])

    assert (corrected.status, corrected.version) == (200, "2"), corrected.text
    now = house.ehr.get(path).json
    assert {name: now.get(name) for name in said} == said
    assert house.ehr.get(f"{path}/_history/1").json == first.json
    assert now["meta"]["source"] == first.json["meta"]["source"] == "urn:steadwell:client:ehr"
    assert kind in that_can("vread")


def test_item_83_a_laboratorys_correction_keeps_its_source(house):
    house.lab_report(house.ada, filler_number="C1")
    house.lab_report(
        house.ada, ("2823-3", "6.6"), filler_number="C1", status=labs.Status.CORRECTED, issued_at=house.now
    )

    for kind in ("Observation", "DiagnosticReport"):
        (now,) = house.ehr.get(kind, {"_source": "urn:steadwell:source:north-lab"}).matches
        assert now["status"] == "corrected" or kind == "Observation"
        assert now["meta"]["source"] == "urn:steadwell:source:north-lab"
    path = f"Observation/{house.ehr.get('Observation').ids[0]}"
    history = house.ehr.get(f"{path}/_history").entries
    assert [e["resource"]["meta"]["source"] for e in history] == ["urn:steadwell:source:north-lab"] * 2
    assert house.ehr.get("Observation", {"_source": "urn:steadwell:source:south-lab"}).ids == []
