"""What is weird and legal, or plainly wrong: never a failure of the server, never endless, no digit lost."""

from __future__ import annotations

import gzip
import json

import pytest
from every_type import body, that_can
from fhir_house import Api, bundle, observation, post, practitioner, vital

from fhir_facade.server import wire

pytestmark = pytest.mark.django_db
JSON_PATCH = "application/json-patch+json"


def made(house, body):
    answer = house.ehr.post(body["resourceType"], body)
    assert answer.status == 201, answer.text
    return answer.json


def written(body) -> str:
    return wire.text(body)


# -- bodies --


@pytest.mark.parametrize("kind", [observation, vital])
@pytest.mark.parametrize(
    "digits", ["123456789012345678901234567890", "18446744073709551616", "-1.50", "1E+5", "-0", "0e-40"]
)
def test_item_19_digits_stay_however_many(house, kind, digits):
    body = written(kind(house.ada, "1")).replace('"value":1,', f'"value":{digits},')

    answer = house.ehr.post("Observation", body.encode())

    assert answer.status == 201, answer.text
    assert f'"value":{digits},' in house.ehr.get(f"Observation/{answer.json['id']}").text


@pytest.mark.parametrize("digits", ["NaN", "Infinity", "-Infinity", "00.1", "1.", "1e999999999999999999999"])
def test_item_05_what_is_no_number_of_json_is_refused(house, digits):
    body = written(vital(house.ada, "1")).replace('"value":1,', f'"value":{digits},').encode()
    path = f"Observation/{made(house, vital(house.ada))['id']}"
    patch = f'[{{"op":"replace","path":"/valueQuantity/value","value":{digits}}}]'.encode()

    assert house.ehr.post("Observation", body).status == 400
    assert house.ehr.send("PATCH", path, patch, kind=JSON_PATCH).status == 400


@pytest.mark.parametrize(
    "text", [r"\ud800", r"a\udc00b", r"a\u0000b"], ids=["half a pair", "the other half", "NUL"]
)
def test_item_05_signs_that_are_no_text_are_refused(house, text):
    path = f"Practitioner/{made(house, practitioner())['id']}"
    body = json.dumps(practitioner())
    patch = f'[{{"op":"replace","path":"/name/0/family","value":"{text}"}}]'

    for wrong in (body.replace("Nora", text), body.replace('"given"', f'"{text}"')):
        assert house.ehr.post("Practitioner", wrong.encode()).status == 400
    assert house.ehr.send("PATCH", path, patch.encode(), kind=JSON_PATCH).status == 400


def test_texts_of_all_scripts_stay(house):
    names = ["\U0001f600", "e\u0301 and \xe9", "\u202eשלום", "a\\u0000b", "\ufeff."]

    kept = made(house, practitioner(name=[{"family": "Quill", "given": names}]))

    assert house.ehr.get(f"Practitioner/{kept['id']}").json["name"][0]["given"] == names
    assert made(house, practitioner("E\u0301mile"))["id"] in house.ehr.get("Practitioner?name=%C3%89mile").ids


@pytest.mark.parametrize("depth", [61, 300, 900, 10_000])
def test_item_05_what_is_nested_without_end_is_refused(house, depth):
    inner = '{"url":"http://x.org","extension":[' * depth + '{"url":"http://x.org","valueCode":"a"}'
    inner = f'"extension":[{inner}{"]}" * depth}]'
    body = json.dumps(practitioner())[:-1] + f",{inner}}}"
    path = f"Practitioner/{made(house, practitioner())['id']}"
    entry = f'{{"resource":{body},"request":{{"method":"POST","url":"Practitioner"}}}}'
    patch = f'[{{"op":"add","path":"/name/0","value":{{{inner}}}}}]'.encode()

    assert house.ehr.post("Practitioner", body.encode()).status == 400
    for kind in ("batch", "transaction"):
        several = f'{{"resourceType":"Bundle","type":"{kind}","entry":[{entry}]}}'
        assert house.ehr.post("", several.encode()).status == 400
    assert house.ehr.send("PATCH", path, patch, kind=JSON_PATCH).status == 400


def test_item_05_other_encodings(house):
    body = json.dumps(practitioner())
    latin = json.dumps(practitioner("M\xfcller"), ensure_ascii=False)

    assert house.ehr.post("Practitioner", b"\xef\xbb\xbf" + body.encode()).status == 201
    packed = house.ehr.post("Practitioner", gzip.compress(body.encode()), content_encoding="gzip")
    assert packed.status == 415
    for wrong in (body.encode("utf-16"), latin.encode("latin-1"), (body[:-1] + ',"name":[]}').encode()):
        assert house.ehr.post("Practitioner", wrong).status == 400


def test_item_49_a_body_may_be_as_long_as_is_said(house):
    long = json.dumps(practitioner()).encode() + b" " * 3_900_000

    assert house.ehr.post("Practitioner", long).status == 201
    assert house.ehr.post("Practitioner", long + b" " * 400_000).status == 413


def test_more_parameters_than_anybody_has_are_refused_in_words(house):
    refused = house.ehr.get("Patient?" + "&".join(f"n{each}=1" for each in range(2_000)))

    assert (refused.status, refused.issue["code"]) == (400, "too-costly")


def test_item_05_what_is_nearly_base64_is_told_at_once(house):
    extension = {"url": "http://example.org/x", "valueBase64Binary": "AAAA " * 200}
    near = {**extension, "valueBase64Binary": "AAAA " * 200 + "!"}

    assert made(house, practitioner(extension=[extension]))["extension"] == [extension]
    assert house.ehr.post("Practitioner", practitioner(extension=[near])).status in {400, 422}


@pytest.mark.parametrize(
    "wrong",
    [
        {"qualification": [{"code": {"coding": [{"code": ["x"]}]}}]},
        {"communication": [{"coding": None}]},
        {"communication": [{"coding": 5}]},
        {"gender": ["male"]},
        {"meta": 5},
        {"meta": {"source": ["x"]}},
        {"identifier": {"value": "1"}},
        {"_gender": 5},
        {"_gender": {"extension": [{"url": 5, "valueCode": "x"}]}},
    ],
)
def test_item_05_types_that_are_others(house, wrong):
    assert house.ehr.post("Practitioner", practitioner(**wrong)).status in {400, 422}
    assert house.ehr.post("", bundle(post(practitioner(**wrong)))).status in {400, 422}


def test_item_19_modifier_extensions_are_refused_wherever_they_stand(house):
    modified = {"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}
    inner = {"resourceType": "Organization", "id": "in", "name": "In", **modified}

    for more in (
        {"qualification": [{"code": {"text": "MD"}, **modified}]},
        {
            "contained": [inner],
            "extension": [{"url": "http://x.org", "valueReference": {"reference": "#in"}}],
        },
    ):
        refused = house.ehr.post("Practitioner", practitioner(**more))
        assert (refused.status, refused.issue["code"]) == (422, "not-supported"), refused.text
        assert refused.issue["expression"][0].endswith(".modifierExtension")


# -- patches --


@pytest.mark.parametrize(
    "step",
    [
        {"op": "replace", "path": "", "value": 5},
        {"op": "replace", "path": "", "value": []},
        {"op": "add", "path": "/name/" + "9" * 5000, "value": {}},
        {"op": "replace", "path": "/meta", "value": 5},
        {"op": "add", "path": "/name/0/family/x", "value": 1},
        {"op": "move", "from": "/name", "path": "/name/0/given"},
        {"op": ["add"], "path": "/x", "value": 1},
        {"op": "add", "path": 5, "value": 1},
        5,
    ],
)
def test_item_16_steps_that_do_not_fit(house, step):
    path = f"Practitioner/{made(house, practitioner())['id']}"

    assert house.ehr.send("PATCH", path, [step], kind=JSON_PATCH).status in {400, 422}


def test_item_16_a_patch_does_not_grow_without_end(house):
    path = f"Practitioner/{made(house, practitioner())['id']}"
    steps = [{"op": "copy", "from": "/name", "path": "/name/-"}] * 60

    assert house.ehr.send("PATCH", path, steps, kind=JSON_PATCH).status == 422


@pytest.mark.parametrize(
    "where",
    [
        "Practitioner.birthDate[0]",
        "Practitioner.name.where(family.matches('(a+)+$'))",
        "Practitioner.repeat(name)",
        "9.power(999999999)",
        "(" * 5_000,
        "Practitioner" + ".name" * 2_000,
        "\U0001f600",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["add", "replace", "insert", "move"])
def test_item_16_paths_that_lead_nowhere(house, kind, where):
    body = practitioner(name=[{"family": "a" * 40 + "b"}], birthDate="1980-03-01")
    path = f"Practitioner/{made(house, body)['id']}"
    said = {
        "type": {"valueCode": kind}, "path": {"valueString": where}, "name": {"valueString": "x"},
        "value": {"valueString": "y"}, "index": {"valueInteger": 0}, "source": {"valueInteger": 0},
        "destination": {"valueInteger": 0},
    }  # fmt: skip
    parts = [{"name": name, **value} for name, value in said.items()]
    steps = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}

    assert house.ehr.send("PATCH", path, steps).status in {400, 422}


# -- bundles --


@pytest.mark.parametrize(
    "request_of", ["x://[", "http://[::1", "?", "#", "Patient/\x7f", "Patient/%00", "a" * 3_000, "../Patient"]
)
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_items_47_and_48_addresses_that_are_none(house, kind, request_of):
    entry = {"request": {"method": "GET", "url": request_of}}

    answer = house.ehr.post("", bundle(entry, kind=kind))

    if kind == "batch":
        assert answer.entries[0]["response"]["status"] in {"400", "404"}
    else:
        assert answer.status in {400, 404}
        assert answer.issue["expression"][0].startswith("Bundle.entry[0]")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": ["batch"]},
        {"type": {"a": 1}},
        {"entry": {}},
        {"entry": 5},
        {"entry": [5]},
        {"entry": [{"request": {"method": "GET", "url": "Practitioner"}}, None]},
    ],
)
def test_item_47_bundles_of_another_shape(house, wrong):
    answer = house.ehr.post("", {"resourceType": "Bundle", "type": "batch", **wrong})

    assert answer.status == 400


@pytest.mark.parametrize("data", ["é", "!!", "W10=", "bnVsbA==", "WzFlOTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ=="])
def test_item_47_patches_in_a_binary_that_are_none(house, data):
    path = f"Practitioner/{made(house, practitioner())['id']}"
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}

    answer = house.ehr.post("", bundle({"resource": binary, "request": {"method": "PATCH", "url": path}}))

    assert answer.status == 400


# -- addresses --


@pytest.mark.parametrize(
    "path", ["Nothing%00", "Patient/%00", "A" * 3_000, "Patient/%ED%A0%80", "Patient/a%2Fb", "Patient/x/%00"]
)
@pytest.mark.parametrize("token", [True, False])
def test_item_06_paths_that_lead_nowhere(house, path, token):
    api = house.ehr if token else Api("")

    for method in ("GET", "HEAD", "DELETE"):
        assert api.send(method, path).status in ({400, 404} if token else {401})


def test_head_is_get_without_its_body(house):
    for path in (f"Patient/{house.ada}", "Patient?_count=1", "metadata", f"Patient/{house.ada}/_history"):
        head, get = house.ehr.send("HEAD", path), house.ehr.get(path)
        assert (head.status, head.text) == (get.status, "")
        assert head.headers.get("ETag") == get.headers.get("ETag")
    assert house.ehr.send("HEAD", "Patient/nobody").status == 404


def test_a_search_is_never_answered_by_not_modified(house):
    found = house.ehr.get(
        "Patient?_count=1", if_none_match="*", if_modified_since="Fri, 31 Dec 9999 23:59:59 GMT"
    )

    assert (found.status, len(found.matches)) == (200, 1)


# -- values --

ODD = {
    str: [
        "x" * 5_000, "\u202e\U0001f600e\u0301", "0001-01-01", "9999-12-31T23:59:59.999999999+14:00", " x ",
        "%s{}'\\",
    ],
    bool: [False],
    int: [2_147_483_647, 0, -1],
    wire.Digits: [wire.Digits("9" * 40), wire.Digits("-0.00"), wire.Digits("1e-50")],
}  # fmt: skip


def leaves(said, *path):
    """Where its simple values stand."""
    if isinstance(said, dict | list):
        for name, value in said.items() if isinstance(said, dict) else enumerate(said):
            yield from leaves(value, *path, name)
    elif path != ("resourceType",):
        yield path, said


def with_value(said, path, value):
    made = json.loads(wire.text(said), parse_float=wire.Digits)
    inner = made
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return made


@pytest.mark.parametrize("kind", that_can("create"))
def test_odd_values_in_each_place_of_each_type_are_kept_or_refused(house, kind):
    """The write itself, taken back: no column is too narrow and no calendar too short for a refusal."""
    house.open_clinic()
    quick = Api(house.ehr.token, judged=False)
    said = body(house, kind, "ODD-1")

    for path, value in leaves(said):
        for odd in ODD[type(value)]:
            answer = quick.post(f"{kind}/$validate?mode=create", with_value(said, path, odd))
            assert answer.status == 200, (path, str(odd)[:20], answer.text)
