"""Checklist A, D and F over every type, made from the registry: what a resource shows it is found by, and
what is found shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from both_patients import fill, ids_of
from every_type import that_can
from fhir_house import Api, House

from fhir_facade.server.registry import COMMON, Definition, Kind, Param, registry
from fhir_facade.server.search.matching import folded

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
NOBODY = "00000000-0000-7000-8000-000000000000"
SEARCHED = [each for each in registry() if "search-type" in each.interactions and not each.finder]
OF_PATIENTS = [each for each in SEARCHED if each.compartment]
# Rows that come by themselves while the API is used.
GROWING = {"AuditEvent", "Provenance"}


@pytest.fixture
def full(house: House) -> House:
    fill(house)
    member = {"entity": {"reference": f"Patient/{house.ada}"}}
    house.ehr.post("Group", {"resourceType": "Group", "type": "person", "actual": True, "member": [member]})
    house.quick = Api(house.ehr.token, judged=False)
    return house


def everything(full: House, definition: Definition) -> list[dict[str, Any]]:
    found = full.quick.get(definition.type, {"_count": "500"}).matches
    assert found or definition.type == "Subscription", definition.type
    return found


# -- what a resource shows at a path --


def at(said: Any, path: str) -> Iterator[Any]:
    """Written for this test: what the API finds by has its own reader."""
    if isinstance(said, list):
        for each in said:
            yield from at(each, path)
    elif not path:
        yield said
    elif isinstance(said, dict):
        name, _, rest = path.partition(".")
        stem = name.removesuffix("[x]")
        for key, value in said.items():
            if key == name or (name != stem and key.startswith(stem)):
                yield from at(value, rest)


def shown(param: Param, resource: dict[str, Any]) -> set[str]:
    """How each value that it shows is asked for."""
    paths = param.paths or (param.name,)
    return {text for path in paths for value in at(resource, path) for text in _asked(param, value)}


def _asked(param: Param, value: Any) -> Iterator[str]:
    if param.kind is Kind.REFERENCE and isinstance(value, dict):
        text = str(value.get("reference", "")).split("/_history/")[0]
        if text.partition("/")[0] in param.targets:
            yield text
    elif param.kind is Kind.TOKEN:
        yield from _tokens(value)
    elif param.kind is Kind.URI and isinstance(value, str):
        yield value
    elif param.kind is Kind.DATE and isinstance(value, str):
        yield value[:10]
    elif param.kind is Kind.STRING:
        yield from _texts(value)
    elif param.kind is Kind.QUANTITY and isinstance(value, dict) and "value" in value:
        yield f"{value['value']}|{value.get('system', '')}|{value.get('code', '')}"


def _tokens(value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.get("coding", [value]):
            if code := each.get("code") or (each.get("value") if "coding" not in value else None):
                yield f"{each['system']}|{code}" if "system" in each else str(code)


def _texts(value: Any) -> Iterator[str]:
    """Of a name or an address its parts, but not which of several it is."""
    parts = [v for k, v in value.items() if k != "use"] if isinstance(value, dict) else [value]
    for each in parts:
        yield from (text for text in (each if isinstance(each, list) else [each]) if isinstance(text, str))


def test_items_28_to_37_what_is_shown_is_found_and_what_is_found_shows_it(full):
    """Item 31: each that is found is looked at again."""
    asked, wrong = 0, []
    for definition in SEARCHED:
        rows = everything(full, definition)
        for param in (*definition.params, *(p for p in COMMON.values() if p.paths)):
            by_value: dict[str, set[str]] = {}
            for row in rows:
                for text in shown(param, row):
                    by_value.setdefault(text, set()).add(row["id"])
            for text, ids in list(by_value.items())[:6]:
                name = f"{definition.type}?{param.name}={text}"
                answer = full.quick.get(definition.type, {param.name: escaped(text), "_count": "500"})
                asked += 1
                if answer.status != 200 or not ids <= set(answer.ids):
                    wrong.append(f"{name} does not find what shows it: {answer.status}")
                wrong += [
                    f"{name} finds {each['id']}, which does not show it"
                    for each in answer.matches
                    if definition.type not in GROWING and not shows(param, each, text)
                ]
    assert "\n".join(wrong) == ""
    assert asked > 200


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")


def shows(param: Param, resource: dict[str, Any], text: str) -> bool:
    values = shown(param, resource)
    if param.kind is Kind.STRING:
        return any(word.startswith(folded(text)) for v in values for word in (folded(v), *folded(v).split()))
    return text in values


def test_item_26_by_get_and_by_post(full):
    for definition in SEARCHED:
        for params in ({"_count": "500"}, {"_id": NOBODY}, {"_sort": "_id", "_count": "3"}):
            if definition.type in GROWING and "_sort" not in params:
                continue
            sent = full.quick.send(
                "POST", f"{definition.type}/_search", urlencode(params).encode(), kind=FORM
            )
            assert sent.status == 200, (definition.type, params, sent.text)
            assert sent.ids == full.quick.get(definition.type, params).ids, (definition.type, params)


def test_item_27_references_are_written_in_three_ways(full):
    ways = (str(full.ada), f"Patient/{full.ada}", f"http://testserver/fhir/Patient/{full.ada}")

    for definition in OF_PATIENTS:
        name = definition.compartment[0]
        found = [
            full.quick.get(definition.type, {name: way, "_sort": "_id", "_count": "5"}).ids for way in ways
        ]
        assert found[0], definition.type
        assert found[0] == found[1] == found[2], definition.type
        assert full.quick.get(definition.type, {name: f"Patient/{NOBODY}"}).ids == [], definition.type


def test_item_35_each_is_missing_or_not(full):
    wrong = []
    for definition in SEARCHED:
        if definition.type in GROWING:
            continue
        all_of_them = {row["id"]: row for row in everything(full, definition)}
        for param in definition.params:
            ids = [
                set(full.quick.get(definition.type, {f"{param.name}:missing": said, "_count": "500"}).ids)
                for said in ("true", "false")
            ]
            assert ids[0] | ids[1] == all_of_them.keys(), (definition.type, param.name)
            assert not ids[0] & ids[1], (definition.type, param.name)
            wrong += [
                f"{definition.type}.{param.name} is there in {key}"
                for key in ids[0]
                if shown(param, all_of_them[key])
            ]
    assert wrong == []


def test_item_38_orders_lose_nobody(full):
    for definition in SEARCHED:
        if definition.type in GROWING:
            continue
        ids = {row["id"] for row in everything(full, definition)}
        for param in definition.params:
            if param.kind in {Kind.REFERENCE, Kind.URI}:
                continue
            for order in (param.name, f"-{param.name}"):
                asked = {"_sort": order, "_count": "500"}
                found = full.quick.get(definition.type, asked).ids
                assert set(found) == ids, (definition.type, order)
                assert found == full.quick.get(definition.type, asked).ids, (definition.type, order)


def test_items_40_and_41_pages_and_totals_of_each_type(full):
    for definition in SEARCHED:
        if definition.type in GROWING:
            continue
        ids = [row["id"] for row in everything(full, definition)]
        pages = [page.ids for page in full.quick.pages(definition.type, {"_count": "1"})]
        none = full.quick.get(definition.type, {"_count": "0"})
        totals = [
            full.quick.get(definition.type, {"_total": said}) for said in ("none", "estimate", "accurate")
        ]

        assert sorted(key for page in pages for key in page) == sorted(ids), definition.type
        assert all(len(page) <= 1 for page in pages)
        assert (none.json["total"], none.entries) == (len(ids), []), definition.type
        assert ["total" in each.json for each in totals] == [False, True, True]
        assert totals[2].json["total"] == len(ids), definition.type


def test_item_42_what_is_not_known(full):
    for definition in SEARCHED:
        lenient = full.quick.get(definition.type, {"nonsense": "1", "_count": "1"})
        (outcome,) = [e["resource"] for e in lenient.entries if e["search"]["mode"] == "outcome"]
        assert outcome["issue"][0]["severity"] == "warning"
        assert "ignored" in outcome["issue"][0]["diagnostics"]
        assert "nonsense" not in lenient.link("self")
        assert full.quick.get(definition.type, {"nonsense": "1"}, prefer="handling=strict").status == 400


def test_item_43_a_patients_token_searches_the_patients_own(full):
    own = Api(full.of(full.ada).token, judged=False)
    mine, theirs = ids_of(full, full.ada), ids_of(full, full.bo)

    for definition in OF_PATIENTS:
        found = set(own.get(definition.type, {"_count": "500"}).ids)
        assert found, definition.type
        assert not found & set(theirs[definition.type]), definition.type
        assert definition.type in GROWING or found <= set(mine[definition.type]), definition.type


def test_item_45_compartments_are_the_same_search(full):
    for definition in SEARCHED:
        inner = full.quick.get(f"Patient/{full.ada}/{definition.type}", {"_sort": "_id", "_count": "5"})
        if not definition.compartment:
            assert inner.status == 404, definition.type
            continue
        asked = {definition.compartment[0]: f"Patient/{full.ada}", "_sort": "_id", "_count": "5"}
        assert inner.ids == full.quick.get(definition.type, asked).ids != [], definition.type
        assert full.quick.get(f"Patient/{NOBODY}/{definition.type}").ids == []


@pytest.mark.parametrize("definition", SEARCHED, ids=lambda each: each.type)
def test_item_46_values_that_mean_nothing(house, definition):
    quick = Api(house.ehr.token, judged=False)
    nonsense = {
        Kind.DATE: ["yesterday", "2026-13-01", "xx2026"],
        Kind.QUANTITY: ["much"],
        Kind.TOKEN: ["a,,b"],
    }

    for param in (*definition.params, COMMON["_lastUpdated"]):
        for value in ("", *nonsense.get(param.kind, [])):
            refused = quick.get(definition.type, {param.name: value})
            assert refused.status == 400, (param.name, value)
            assert refused.issue["severity"] == "error"
            assert refused.issue["diagnostics"]


# -- A: less of a resource --


def test_item_07_less_of_each_type(full):
    """google-fhir-r4 looks at each: what is left is still a resource of its type."""
    for kind in that_can("read"):
        # None that begins meanwhile.
        free = {"service-type": "check-up", "start": f"ge{full.starts_at.date()}"}
        found = full.quick.get(kind, free if kind == "Slot" else {"_count": "1"})
        if kind == "Binary" or not found.ids:
            assert kind in {"Binary", "Subscription"}
            continue
        path = f"{kind}/{found.ids[0]}"
        whole = full.ehr.get(path).json
        for params in ({"_summary": "true"}, {"_summary": "text"}, {"_summary": "data"}, {"_elements": "id"}):
            less = full.ehr.get(path, params).json
            assert less["meta"]["tag"][-1]["code"] == "SUBSETTED", (path, params)
            assert {k: v for k, v in less.items() if k != "meta"}.items() <= whole.items(), (path, params)
        assert full.ehr.get(path, {"_summary": "false"}).json == whole
        assert "\n" in full.ehr.get(path, {"_pretty": "true"}).text
        assert full.ehr.get(path, {"_summary": "bogus"}).status == 400
        if kind == "Slot":
            continue
        for params in ({"_summary": "true"}, {"_summary": "text"}, {"_summary": "data"}, {"_elements": "id"}):
            several = full.ehr.get(kind, {**params, "_count": "2"})
            assert all(e["meta"]["tag"][-1]["code"] == "SUBSETTED" for e in several.matches), (kind, params)
        assert full.ehr.get(kind, {"_summary": "count"}).entries == []


# -- F: everything --


def test_item_51_everything_of_the_compartment(full):
    path = f"Patient/{full.ada}/$everything"
    mine, theirs = ids_of(full, full.ada), ids_of(full, full.bo)

    pages = list(full.quick.pages(path, {"_count": "7"}))

    seen = [(each["resourceType"], each["id"]) for page in pages for each in page.matches]
    assert len(seen) == len(set(seen))
    for kind, ids in mine.items():
        inside = {key for each, key in seen if each == kind}
        assert inside == (set() if kind == "AuditEvent" else set(ids)), kind
    assert not {key for _, key in seen} & {key for ids in theirs.values() for key in ids if len(key) > 20}
    assert all(len(page.matches) <= 8 for page in pages)
    for definition in OF_PATIENTS:
        if definition.type == "AuditEvent":
            continue
        only = full.quick.get(path, {"_type": definition.type, "_count": "500"})
        assert {each["resourceType"] for each in only.matches} == {definition.type}
        assert full.quick.get(path, {"_type": definition.type, "_since": "2099-01-01"}).matches == []
