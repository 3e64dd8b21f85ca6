"""Item 85: what a patient keeps back is not there, on any path, from the next request on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from both_patients import consent, fill, ids_of, mark, of_patients, own_marks
from fhir_house import OPERATOR, Api, House, bundle, observation, vital
from steps import run_promised

from fhir_facade.consents import deciding, keeping
from fhir_facade.consents.models import ConsentRule
from fhir_facade.consents.provisions import client_system
from fhir_facade.server.registry import Kind, registry
from fhir_facade.smart import tokens
from steadwell import clock
from steadwell.identity import service as identity

pytestmark = pytest.mark.django_db
KINDS = [each.type for each in of_patients()]
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ASYNC = {"prefer": "respond-async"}


@pytest.fixture
def other(house: House) -> Api:
    """A second system, from which things are kept back."""
    tokens.register_client(
        actor=OPERATOR, client_id="other", name="Other", per_minute=100_000, now=clock.now()
    )
    return api_of(house)


def api_of(house: House, scope: str = "system/*.cruds", client_id: str = "other", **more) -> Api:
    token, _ = tokens.issue(actor=OPERATOR, client_id=client_id, scope=scope, now=clock.now(), **more)
    return Api(token)


def deny(*kinds: str, to: str | None = "other", codes=(), **more):
    made = {"type": "deny", **more}
    if kinds:
        made["class"] = [{"system": "http://hl7.org/fhir/resource-types", "code": each} for each in kinds]
    if to:
        who = {"type": "Device", "identifier": {"system": client_system(), "value": to}}
        role = {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "DELEGATEE"}]
        }
        made["actor"] = [{"role": role, "reference": who}]
    if codes:
        made["code"] = [{"coding": [dict(zip(("system", "code"), each, strict=True))]} for each in codes]
    return made


def set_consent(house: House, *provisions, person_id=None, **more) -> dict:
    answer = house.ehr.post("Consent", consent(person_id or house.ada, *provisions, **more))
    assert answer.status == 201, answer.text
    return answer.json


# -- every type, every path --


@pytest.mark.parametrize("kind", KINDS)
def test_item_85_denied_type_leaves_by_no_path(house, other, kind):
    fill(house)
    group = group_of(house)
    theirs = ids_of(house, house.ada)
    secrets = secrets_of(house, kind, theirs)
    crawler = Api(other.token, judged=False)
    said_before = "".join(text for _, text in paths(crawler, house, kind, theirs, group))
    assert any(each in said_before for each in secrets)  # the same paths do show it before

    set_consent(house, deny(kind), text="No words")

    fresh = [*secrets, *secrets_of(house, kind, ids_of(house, house.ada))] if kind == "Consent" else secrets
    for path, text in paths(crawler, house, kind, theirs, group):
        assert [each for each in fresh if each in text] == [], path
    assert any(each in house.ehr.get(kind, {"_count": "500"}).text for each in secrets)  # others still see it


def group_of(house: House) -> str:
    members = [{"entity": {"reference": f"Patient/{each}"}} for each in (house.ada, house.bo)]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    return house.ehr.post("Group", group).json["id"]


def secrets_of(house: House, kind: str, theirs: dict[str, list[str]]) -> list[str]:
    if kind == "Patient":  # whoever may not know a patient knows nothing about them
        return [mark(k, key) for k, keys in theirs.items() for key in keys] + ["anaryada", "Adafirst", "AD-1"]
    return [*(each for key in theirs[kind] for each in own_marks(kind, key)), f"Canaryada-{kind}."]


def paths(api: Api, house: House, kind: str, theirs: dict[str, list[str]], group: str):
    """Each way by which something of the type could leave, with what it answers."""
    definition = registry().by_type[kind]
    for params in searches(definition, theirs):
        yield f"{kind}?{params}", said(api.get(kind, params))
    for other in registry():
        if "search-type" in other.interactions and not other.finder:
            back = [f"{d.type}:{p.name}" for d in registry() for p in d.params
                    if not d.finder and p.kind is Kind.REFERENCE and other.type in p.targets]  # fmt: skip
            params = {
                "_include": "*",
                "_include:iterate": f"{other.type}:*",
                "_revinclude": back,
                "_count": "500",
            }
            yield f"{other.type} with all that goes along", said(api.get(other.type, params))
    for key in theirs[kind][:2]:
        for rest in ("", "/_history", "/_history/1"):
            answer = api.get(f"{kind}/{key}{rest}")
            yield f"{kind}/id{rest}", answer.text.replace(f"/{key}", "")
    yield f"{kind}/_history", api.get(f"{kind}/_history", {"_count": "500"}).text
    if definition.compartment:
        yield (
            f"Patient/id/{kind}",
            said(api.get(f"Patient/{house.ada}/{kind}")).replace(f"Patient/{house.ada}/", ""),
        )
    for page in api.pages(f"Patient/{house.ada}/$everything") if kind != "Patient" else ():
        yield "$everything", said(page)
    urls = [f"{kind}/{theirs[kind][0]}", f"{kind}?_id={theirs[kind][0]}", f"{kind}?_count=200"]
    batch = api.post("", bundle(*({"request": {"method": "GET", "url": url}} for url in urls), kind="batch"))
    yield "batch", "".join(said_of(e.get("resource", {})) for e in batch.entries)
    for where in ("$export", "Patient/$export", f"Group/{group}/$export"):
        yield where, exported(api, where)


def searches(definition, theirs):
    yield {"_count": "500", "_total": "accurate"}
    yield {"_id": ",".join(theirs[definition.type])}
    if definition.compartment:
        yield {"patient": theirs["Patient"][0]}
        yield {"patient": f"Patient/{theirs['Patient'][0]}", "_sort": "-_lastUpdated"}
        yield {f"{definition.compartment[0]}:Patient.name": "canaryada"}
    for param in definition.params:
        if param.kind is not Kind.URI:
            yield {f"{param.name}:missing": "false"}


def said(answer) -> str:
    return said_of(answer.json)


def said_of(resource) -> str:
    """Links and addresses repeat the question; what is told are resources."""
    return "".join(json.dumps(e.get("resource", {}), separators=(",", ":"), default=str)
                   for e in resource.get("entry", []))  # fmt: skip


def exported(api: Api, where: str) -> str:
    asked = api.get(where, **ASYNC)
    if asked.status != 202:
        return asked.text
    place = asked.headers["Content-Location"].partition("/fhir/")[2]
    run_promised()
    manifest = api.get(place).json
    sent = {"authorization": f"Bearer {api.token}"}
    files = [
        api._client.get(each["url"].partition("testserver")[2], headers=sent) for each in manifest["output"]
    ]
    api.delete(place)
    return "".join(each.content.decode() for each in files)


@pytest.mark.parametrize("kind", KINDS)
def test_item_85_numbers_tell_nothing_either(house, other, kind):
    fill(house)
    set_consent(house, deny(kind))

    if registry().by_type[kind].compartment:
        counted = other.get(kind, {"patient": str(house.ada), "_summary": "count"})
        assert counted.json["total"] == 0
        assert (
            other.get("Patient", {f"_has:{kind}:patient:_lastUpdated": "ge2000"}).ids.count(str(house.ada))
            == 0
        )
    key = ids_of(house, house.ada)[kind][0]
    nothing = other.get(f"{kind}/{'0' if kind == 'AuditEvent' else '00000000-0000-7000-8000-000000000000'}")
    refused = other.get(f"{kind}/{key}")
    assert (refused.status, refused.json) == (404, nothing.json)


def test_item_85_a_group_is_told_without_those_who_keep_back(house, other):
    key = group_of(house)
    set_consent(house, deny("Patient"))

    named = [each["entity"].get("reference") for each in other.get(f"Group/{key}").json["member"]]

    assert named == [None, f"Patient/{house.bo}"]
    assert other.get("Group", {"member": f"Patient/{house.ada}"}).ids == []
    assert other.get("Group", {"member": f"Patient/{house.bo}"}).ids == [key]
    assert str(house.ada) not in exported(other, f"Group/{key}/$export")
    assert house.of(house.bo).get("Group").ids == []  # a roster is nobody's own


# -- what a provision says --


def test_item_85_a_category_is_kept_back_and_the_rest_is_shown(house, other):
    lab = house.ehr.post("Observation", observation(house.ada)).json["id"]
    beat = house.ehr.post("Observation", vital(house.ada)).json["id"]

    set_consent(house, deny("Observation", codes=[(CATEGORY, "laboratory")]))

    assert other.get("Observation").ids == [beat]
    assert other.get(f"Observation/{lab}").status == 404
    assert other.get(f"Observation/{beat}/_history").json["total"] == 1
    assert set(house.ehr.get("Observation").ids) == {lab, beat}


def test_item_85_a_code_is_kept_back_wherever_it_comes_from(house, other):
    house.ehr.post("Observation", observation(house.ada, code="2951-2"))
    pulse = house.ehr.post("Observation", vital(house.ada)).json["id"]
    potassium = house.ehr.post("Observation", observation(house.ada)).json["id"]

    set_consent(house, deny(codes=[("http://loinc.org", "2951-2"), ("http://loinc.org", "8867-4")]))

    assert other.get("Observation").ids == [potassium]
    assert other.get(f"Observation/{pulse}").status == 404


def test_item_85_all_is_denied_but_one_thing(house, other):
    house.ehr.post("Observation", vital(house.ada))
    house.ehr.post("Observation", observation(house.bo))
    permit = {"type": "permit", "class": [{"code": "Observation"}],
              "code": [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}]}  # fmt: skip
    house.ehr.post("Observation", observation(house.ada))
    everything = {**deny(), "provision": [permit]}

    answer = house.ehr.post("Consent", {**consent(house.ada), "provision": everything})

    assert answer.status == 201, answer.text
    shown = other.get("Observation").matches
    assert [each["category"][0]["coding"][0]["code"] for each in shown if str(house.ada) in str(each)] == [
        "vital-signs"
    ]
    assert other.get(f"Patient/{house.ada}").status == 404
    assert other.get("Observation", {"patient": str(house.bo)}).ids


def test_item_85_holds_from_until(house, other, time_machine):
    key = house.ehr.post("Observation", vital(house.ada)).json["id"]
    start = (clock.now() + timedelta(days=2)).date()

    set_consent(
        house, deny("Observation", period={"start": str(start), "end": str(start + timedelta(days=1))})
    )

    statuses = []
    for days in (0, 2, 5):
        time_machine.move_to(house.now + timedelta(days=days, hours=1))
        statuses.append(api_of(house).get(f"Observation/{key}").status)
    assert statuses == [200, 404, 200]


def test_item_85_everybody_or_one_client(house, other):
    key = house.ehr.post("Observation", vital(house.ada)).json["id"]

    made = set_consent(house, deny("Observation", to=None))

    assert [api.get(f"Observation/{key}").status for api in (other, house.ehr)] == [404, 404]
    changed = {**made, "provision": {"type": "permit", "provision": [deny("Observation")]}}
    assert house.ehr.put(f"Consent/{made['id']}", changed).status == 200
    assert [api.get(f"Observation/{key}").status for api in (other, house.ehr)] == [404, 200]
    assert house.ehr.put(f"Consent/{made['id']}", {**made, "status": "inactive"}).status == 200
    assert other.get(f"Observation/{key}").status == 200
    assert not ConsentRule.objects.exists()


def test_item_85_holds_for_every_id_of_a_merged_patient(house, other):
    again = house.person("Canaryada", "Adafirst", "AD-2", **{})
    key = house.ehr.post("Observation", vital(again)).json["id"]
    set_consent(house, deny("Observation"))

    before = other.get(f"Observation/{key}").status
    merged = {identity.person_ids_of(house.ada) == identity.person_ids_of(again)}

    assert (before == 404) == (merged == {True})


@pytest.mark.parametrize(
    "provision",
    [
        {"type": "deny", "purpose": [{"code": "TREAT"}]},
        {"type": "deny", "securityLabel": [{"code": "R"}]},
        {"type": "deny", "dataPeriod": {"start": "2026"}},
        {"type": "deny", "action": [{"coding": [{"code": "correct"}]}]},
        {"type": "deny", "class": [{"system": "urn:ietf:bcp:13", "code": "Observation"}]},
        {"type": "deny", "class": [{"code": "Nonsense"}]},
        {"type": "deny", "code": [{"text": "HIV"}]},
        {"type": "deny", "provision": [{"type": "permit"}]},
        {"class": [{"code": "Observation"}]},
        deny("Observation", to="nobody"),
    ],
)
def test_item_85_what_cannot_be_honoured_is_refused(house, provision):
    refused = house.ehr.post("Consent", consent(house.ada, provision))

    assert refused.status == 422, refused.text
    assert refused.issue["expression"][0].startswith("Consent.provision")
    assert not ConsentRule.objects.exists()


def test_item_85_an_app_does_not_loosen_what_binds_it(house, other):
    house.ehr.post("Observation", vital(house.ada))
    made = set_consent(house, deny("Observation"))
    seen = other.get(f"Consent/{made['id']}").json

    assert other.put(f"Consent/{made['id']}", {**seen, "status": "inactive"}).status == 403
    assert other.delete(f"Consent/{made['id']}").status == 403
    assert other.post("Consent", consent(house.ada, {"type": "permit"})).status == 201
    assert other.get("Observation", {"patient": str(house.ada)}).ids == []


# -- what was there before, and what is written --


def test_item_85_files_that_were_written_before_are_looked_through_again(house, other):
    key = house.ehr.post("Observation", vital(house.ada)).json["id"]
    theirs = house.ehr.post("Observation", vital(house.bo)).json["id"]
    asked = other.get("$export", {"_type": "Observation"}, **ASYNC)
    run_promised()
    file = other.get(asked.headers["Content-Location"].partition("/fhir/")[2]).json["output"][0]["url"]
    sent = {"authorization": f"Bearer {other.token}"}

    def download() -> str:
        return other._client.get(file.partition("testserver")[2], headers=sent).content.decode()

    assert key in download()
    set_consent(house, deny("Observation"))

    assert key not in download()
    assert theirs in download()


def test_item_85_deleted_ones_are_not_betrayed(house, other):
    key = house.ehr.post("Observation", vital(house.ada)).json["id"]
    house.ehr.delete(f"Observation/{key}")
    assert other.get(f"Observation/{key}").status == 410

    set_consent(house, deny("Observation", codes=[(CATEGORY, "laboratory")]))

    assert other.get(f"Observation/{key}").status == 404
    assert other.get(f"Observation/{key}/_history").status == 404
    assert key not in other.get("Observation/_history").text
    assert key in house.ehr.get("Observation/_history").text


def test_item_85_writers_are_heard_and_told_nothing(house, other):
    set_consent(house, deny("Patient"))

    made = other.post("Observation", observation(house.ada))

    assert (made.status, made.text) == (201, "")
    assert house.ehr.get("Observation", {"patient": str(house.ada)}).ids
    assert other.get("Observation", {"patient": str(house.ada)}).ids == []
    known = house.ehr.get(f"Patient/{house.ada}").json
    assert other.put(f"Patient/{house.ada}", known).status == 404


def test_item_85_references_to_what_is_kept_back_are_masked(house, other):
    key = house.ehr.post(
        "Specimen", {"resourceType": "Specimen", "subject": {"reference": f"Patient/{house.ada}"}}
    )
    specimen = {"reference": f"Specimen/{key.json['id']}", "display": "Blood of the third of May"}
    made = house.ehr.post("Observation", vital(house.ada, specimen=specimen)).json

    set_consent(house, deny("Specimen"))

    seen = other.get(f"Observation/{made['id']}")
    assert seen.json["specimen"] == {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
        ]
    }
    assert seen.json["subject"] == {"reference": f"Patient/{house.ada}"}
    assert other.put(f"Observation/{made['id']}", {**seen.json, "language": "en"}).status == 422
    assert house.ehr.get(f"Observation/{made['id']}").json["specimen"] == specimen
    patch = [{"op": "add", "path": "/language", "value": "en"}]
    patched = other.send("PATCH", f"Observation/{made['id']}", patch, kind="application/json-patch+json")
    assert patched.status == 200
    assert house.ehr.get(f"Observation/{made['id']}").json["specimen"] == specimen


# -- versions, and whoever tells clients of changes --


def test_item_85_consents_are_kept_as_they_were(house, other, time_machine):
    made = set_consent(house, deny("Observation"))
    first = clock.now()
    time_machine.move_to(house.now + timedelta(hours=1))
    changed = {**made, "provision": {"type": "permit", "provision": [deny("Communication")]}}
    api_of(house, client_id="ehr").put(f"Consent/{made['id']}", changed)

    def denied(at) -> str:
        found = keeping.known_at([house.ada], at)
        return found[0]["provision"]["provision"][0]["class"][0]["code"] if found else ""

    assert [denied(at) for at in (house.now - timedelta(days=1), first, clock.now())] == [
        "", "Observation", "Communication"
    ]  # fmt: skip
    told = api_of(house, client_id="ehr").get(f"Consent/{made['id']}/_history")
    assert [e["response"]["etag"] for e in told.entries] == ['W/"2"', 'W/"1"']


def test_whoever_tells_clients_of_changes_asks_the_same_question(house, other):
    lab = house.ehr.post("Observation", observation(house.ada)).json["id"]
    beat = house.ehr.post("Observation", vital(house.ada)).json["id"]
    set_consent(house, deny("Observation", codes=[(CATEGORY, "laboratory")]))

    def may(client_id: str, key: str) -> bool:
        return deciding.may_see(client_id=client_id, kind="Observation", key=key, now=clock.now())

    assert [may("other", lab), may("other", beat), may("ehr", lab)] == [False, True, True]
    about = {"kind": "Observation", "person_id": house.ada, "now": clock.now()}
    assert not deciding.may_see_of(client_id="other", **about)
    assert deciding.may_see_of(client_id="ehr", **about)
