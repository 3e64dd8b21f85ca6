"""Two patients, one token: every address that the registry declares, and not one byte of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from both_patients import fill, ids_of, mark
from fhir_house import Api, House, bundle
from steps import run_promised

from fhir_facade.server.registry import COMMON, Kind, registry

pytestmark = pytest.mark.django_db
SAMPLES = {Kind.DATE: "ge2000", Kind.TOKEN: "x", Kind.STRING: "canary", Kind.QUANTITY: "gt0", Kind.URI: "x"}


@pytest.fixture
def two(house: House) -> House:
    fill(house)
    return house


def crawler(two: House) -> Api:
    return Api(two.of(two.ada).token, judged=False)


def bos(two: House) -> dict[str, list[str]]:
    return ids_of(two, two.bo)


def marks(two: House) -> list[str]:
    """What must not be seen."""
    ids = [mark(kind, key) for kind, keys in bos(two).items() for key in keys]
    return [str(two.bo), "anarybo", "Bofirst", "BO-1", *ids]


def searches(two: House, theirs: dict[str, list[str]]) -> Iterator[tuple[str, Any]]:
    """Each type with each parameter, modifier, chain, order and include."""
    for d in registry():
        if "search-type" not in d.interactions:
            continue
        base = {"service-type": "check-up"} if d.finder else {}
        for extra in ({"_total": "accurate"}, {"_include": "*"}):
            yield d.type, {**base, **extra}
        for param in (*d.params, *COMMON.values()):
            for value in values(param, two, theirs):
                yield d.type, {**base, param.name: value}
            if not d.finder and param.name != "_id":
                yield d.type, {f"{param.name}:missing": "false"}
            if not d.finder and param.kind is Kind.REFERENCE and "Patient" in param.targets:
                yield d.type, {f"{param.name}:Patient.name": "canarybo"}
                yield d.type, {f"{param.name}:identifier": "BO-1"}
            if not d.finder and param.kind not in {Kind.REFERENCE, Kind.URI}:
                yield d.type, {"_sort": param.name, "_include": "*"}
        for name in d.rev_includes:
            yield d.type, {"_revinclude": name, "_include": "*", "_include:iterate": f"{d.type}:*"}
    for d in registry():
        for param in d.params:
            if param.kind is Kind.REFERENCE and "Patient" in param.targets and not d.finder:
                yield "Patient", {f"_has:{d.type}:{param.name}:_id": ",".join(theirs.get(d.type) or ["x"])}
                yield "Patient", {"_revinclude": f"{d.type}:{param.name}"}


def values(param: Any, two: House, theirs: dict[str, list[str]]) -> Iterator[str]:
    if param.kind is Kind.REFERENCE:
        for kind in param.targets:
            yield from (f"{kind}/{key}" for key in theirs.get(kind, [])[:1])
    elif param.name == "_id":
        yield ",".join(key for ids in theirs.values() for key in ids[:4])  # a hundred at most are taken
    else:
        yield SAMPLES[param.kind]


def without_what_was_asked(answer: Any) -> str:
    """Links repeat the question, which named the other patient."""
    text: str = answer.text
    for link in answer.json.get("link", []):
        text = text.replace(link["url"], "")
    return text


def test_item_69_crawl_of_searches(two):
    own, theirs, canaries = crawler(two), bos(two), marks(two)

    for kind, params in searches(two, theirs):
        answer = own.get(kind, params)
        assert answer.status == 200, (kind, params, answer.text)
        said = without_what_was_asked(answer)
        assert [c for c in canaries if c in said] == [], (kind, params)


def test_item_69_counts_say_nothing_of_others(two):
    own, theirs = crawler(two), bos(two)

    for kind, params in searches(two, theirs):
        if kind == "Slot" or not any("Patient/" in str(v) or "canarybo" in str(v) for v in params.values()):
            continue
        if any(str(two.bo) in str(v) or "canarybo" in str(v) for v in params.values()):
            assert own.get(kind, {**params, "_summary": "count"}).json["total"] == 0, (kind, params)


def test_item_69_crawl_of_instances(two):
    own, theirs, canaries = crawler(two), bos(two), marks(two)
    nothing = own.get("Observation/00000000-0000-7000-8000-000000000000")

    for kind, keys in theirs.items():
        for key in keys[:3]:
            for rest in ("", "/_history", "/_history/1", "/$everything"):
                answer = own.get(f"{kind}/{key}{rest}")
                assert answer.status == 404, (kind, rest, answer.text)
                assert [c for c in canaries if c in answer.text] == []
                if rest == "":
                    assert answer.json == nothing.json  # not yours looks like not there
        assert [c for c in canaries if c in own.get(f"{kind}/_history").text] == [], kind
        assert [
            c
            for c in canaries
            if c in own.get(f"Patient/{two.bo}/{kind}").text.replace(f"Patient/{two.bo}/", "")
        ] == []


def test_item_69_crawl_of_batches_and_everything(two):
    own, theirs, canaries = crawler(two), bos(two), marks(two)
    urls = [f"{kind}/{keys[0]}" for kind, keys in theirs.items() if keys] + [
        f"{kind}?patient={two.bo}" for kind in theirs if kind != "Patient"
    ]

    answer = own.post("", bundle(*({"request": {"method": "GET", "url": url}} for url in urls), kind="batch"))
    statuses = [e["response"]["status"] for e in answer.entries]
    assert set(statuses[: len(theirs) - 1]) <= {"404"}
    for entry in answer.entries:
        assert not entry.get("resource", {}).get("entry"), entry
    everything = "".join(page.text for page in own.pages(f"Patient/{two.ada}/$everything"))
    assert [c for c in canaries if c in everything] == []
    refused = own.post("", bundle({"request": {"method": "GET", "url": f"Patient/{two.bo}"}}))
    assert refused.status == 404


def test_item_69_crawl_by_form_tells_the_same(two):
    """POST _search is the same search."""
    own, theirs, canaries = crawler(two), bos(two), marks(two)

    for definition in registry():
        if "search-type" in definition.interactions and not definition.finder:
            asked = urlencode({"_id": ",".join(theirs.get(definition.type, ["x"])), "_count": "500"})
            kind = "application/x-www-form-urlencoded"
            answer = own.send("POST", f"{definition.type}/_search", asked.encode(), kind=kind)
            assert answer.status == 200, answer.text
            assert [c for c in canaries if c in without_what_was_asked(answer)] == [], definition.type


@pytest.mark.parametrize("where", ["$export", "Patient/$export"])
def test_item_69_crawl_of_exports(two, where):
    own, canaries = crawler(two), marks(two)
    asked = own.get(where, prefer="respond-async")
    run_promised()

    place = asked.headers["Content-Location"].partition("/fhir/")[2]
    manifest = own.get(place).json
    said = {"authorization": f"Bearer {own.token}"}
    files = [own._client.get(e["url"].partition("testserver")[2], headers=said) for e in manifest["output"]]
    told = "".join(each.content.decode() for each in files)

    assert "Canaryada" in told
    assert [c for c in canaries if c in told] == []
    assert crawler_of(two, two.bo).get(place).status == 404


def test_item_69_crawl_of_writes(two):
    """Nothing of the other patient's is changed, patched, deleted, answered or even there."""
    own, theirs, canaries = crawler(two), bos(two), marks(two)
    patch = [{"op": "add", "path": "/language", "value": "de"}]

    for kind, keys in theirs.items():
        known = two.ehr.get(f"{kind}/{keys[0]}").json
        sent = {
            "PUT": (known, "application/fhir+json"),
            "PATCH": (patch, "application/json-patch+json"),
            "DELETE": (None, "application/fhir+json"),
        }
        for method, (body, form) in sent.items():
            refused = own.send(method, f"{kind}/{keys[0]}", body, kind=form)
            assert refused.status in {403, 404, 405}, (kind, method, refused.text)
            assert [c for c in canaries if c in refused.text] == [], (kind, method)
        assert two.ehr.get(f"{kind}/{keys[0]}").json == known, kind


def test_item_69_crawl_of_groups(two):
    """A roster names others: no patient sees it, whoever comes first in it."""
    members = [{"entity": {"reference": f"Patient/{each}"}} for each in (two.ada, two.bo)]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    key = two.ehr.post("Group", group).json["id"]
    own = crawler(two)

    assert own.get(f"Group/{key}").status == 404
    assert own.get("Group").ids == []
    assert own.get(f"Group/{key}/$export", prefer="respond-async").status == 404
    assert str(two.bo) not in own.get("Provenance", {"_count": "500"}).text


def crawler_of(two: House, person_id: Any) -> Api:
    return Api(two.of(person_id).token, judged=False)


def test_crawl_would_see_a_leak(two):
    """The same searches with a token for everybody do find Bo."""
    canaries = marks(two)
    wide: Api = two.ehr

    assert any(c in wide.get("Observation").text for c in canaries)
    assert wide.get("Patient", {"name": "canarybo"}).ids == [str(two.bo)]
