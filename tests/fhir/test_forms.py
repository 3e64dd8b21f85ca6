"""Forms and what is filled in: answers are held against the form, whatever a client says of them."""

from __future__ import annotations

import pytest
from fhir_medicines import form, item, response

pytestmark = pytest.mark.django_db
YES, NO = {"valueBoolean": True}, {"valueBoolean": False}
URL = "http://example.org/forms/pain"


@pytest.fixture
def asked(house):
    house.form = house.ehr.post("Questionnaire", form()).json
    house.place = f"Questionnaire/{house.form['id']}"
    return house


def answered(house, *items, **more):
    return house.ehr.post("QuestionnaireResponse", response(house.ada, house.place, *items, **more))


def coding(code):
    return {"valueCoding": {"system": "http://example.org/c", "code": code}}


@pytest.mark.parametrize("name", ["here", "absolute", "canonical", "canonical and version"])
def test_a_form_is_named_in_each_way(asked, name):
    place = {
        "here": asked.place, "absolute": f"http://testserver/fhir/{asked.place}", "canonical": URL,
        "canonical and version": f"{URL}|1",
    }[name]  # fmt: skip

    made = asked.ehr.post("QuestionnaireResponse", response(asked.ada, place, item("pain", NO)))

    assert made.status == 201, made.text
    assert made.json["questionnaire"] == place
    assert asked.ehr.get("QuestionnaireResponse", {"questionnaire": asked.place}).ids == [made.json["id"]]
    assert asked.ehr.get("QuestionnaireResponse", {"questionnaire.url": URL}).ids == [made.json["id"]]
    back = asked.ehr.get("Questionnaire", {
        "url": URL, "_revinclude": "QuestionnaireResponse:questionnaire",
    })  # fmt: skip
    assert [each["id"] for each in back.included] == [made.json["id"]]


def test_answers_that_fit_are_kept_digit_for_digit(asked):
    made = answered(
        asked, item("pain", YES), item("level", {"valueInteger": 7}), item("where", coding("back")),
        item("dose", {"valueDecimal": 7.5}), item("words", {"valueString": "sharp"}, {"valueString": "dull"}),
    )  # fmt: skip

    assert made.status == 201, made.text
    assert asked.ehr.get("QuestionnaireResponse", {"patient": str(asked.ada)}).ids == [made.json["id"]]
    raw = made.text.replace("7.5", "7.50").encode()
    changed = asked.ehr.send("PUT", f"QuestionnaireResponse/{made.json['id']}", raw)
    assert changed.status == 200, changed.text
    assert '"valueDecimal":7.50}' in asked.ehr.get(f"QuestionnaireResponse/{made.json['id']}").text


@pytest.mark.parametrize(
    ("items", "code", "at"),
    [
        ([item("level", {"valueInteger": 7})], "business-rule", "item[0].item[0]"),
        ([item("pain", YES)], "required", "item[0].item"),
        ([item("pain", {"valueString": "yes"})], "value", "item[0].item[0].answer[0].valueString"),
        ([item("pain", YES, NO), item("level", {"valueInteger": 1})], "business-rule",
         "item[0].item[0].answer"),
        ([item("pain", NO), item("where", coding("knee"))], "code-invalid",
         "item[0].item[1].answer[0].valueCoding"),
        ([item("pain", NO), item("where", {"valueString": "back"})], "code-invalid",
         "item[0].item[1].answer[0].valueString"),
        ([item("pain", NO), item("words", {"valueString": "x" * 11})], "too-long",
         "item[0].item[1].answer[0].valueString"),
        ([item("pain", NO), item("level", {"valueInteger": 7})], "business-rule", "item[0].item[1]"),
        ([item("pain", NO), item("nonsense", YES)], "not-found", "item[0].item[1].linkId"),
        ([item("pain", NO), item("pain", NO)], "business-rule", "item[0].item[1]"),
        ([item("pain", {"extension": [{"url": "http://x", "valueCode": "y"}]})], "required",
         "item[0].item[0].answer[0]"),
    ],
)  # fmt: skip
def test_answers_that_do_not_fit_are_refused_with_their_place(asked, items, code, at):
    refused = answered(asked, *items)

    assert refused.status == 422
    said = [(each["code"], each["expression"]) for each in refused.json["issue"]]
    assert (code, [f"QuestionnaireResponse.{at}"]) in said, refused.text
    assert asked.ehr.get("QuestionnaireResponse").ids == []


def test_what_is_in_progress_may_lack_answers_but_not_hold_wrong_ones(asked):
    begun = answered(asked, item("pain", YES), status="in-progress")

    assert begun.status == 201, begun.text
    wrong = [item("pain", YES), item("level", {"valueString": "7"})]
    assert answered(asked, *wrong, status="in-progress").status == 422
    done = {**begun.json, "status": "completed"}
    path = f"QuestionnaireResponse/{begun.json['id']}"
    assert asked.ehr.put(path, done).status == 422
    done["item"][0]["item"].append(item("level", {"valueInteger": 3}))
    assert asked.ehr.put(path, done, if_match='W/"1"').version == "2"
    assert asked.ehr.put(path, {**done, "language": "en"}, if_match='W/"1"').status == 412


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"questionnaire": "Questionnaire/00000000-0000-7000-8000-000000000000"}, "questionnaire"),
        ({"questionnaire": "http://example.org/forms/other"}, "questionnaire"),
        ({"questionnaire": f"{URL}|9"}, "questionnaire"),
        ({"subject": {"display": "somebody"}}, "subject"),
    ],
)
def test_a_response_needs_its_form_and_its_patient(asked, said, at):
    refused = asked.ehr.post(
        "QuestionnaireResponse", {**response(asked.ada, asked.place, item("pain", NO)), **said}
    )

    assert (refused.status, refused.issue["expression"]) == (422, [f"QuestionnaireResponse.{at}"])


@pytest.mark.parametrize(
    ("operator", "wanted", "answer", "is_there"),
    [
        ("=", {"answerInteger": 3}, {"valueInteger": 3}, True),
        ("=", {"answerInteger": 3}, {"valueInteger": 4}, False),
        ("!=", {"answerInteger": 3}, {"valueInteger": 4}, True),
        (">", {"answerInteger": 3}, {"valueInteger": 3}, False),
        (">=", {"answerInteger": 3}, {"valueInteger": 3}, True),
        ("<", {"answerInteger": 3}, {"valueInteger": 2}, True),
        ("<=", {"answerInteger": 3}, {"valueInteger": 4}, False),
        ("exists", {"answerBoolean": True}, {"valueInteger": 0}, True),
        ("exists", {"answerBoolean": False}, {"valueInteger": 0}, False),
        ("exists", {"answerBoolean": False}, None, True),
        ("!=", {"answerInteger": 3}, None, False),
    ],
)
def test_enable_when(house, operator, wanted, answer, is_there):
    """An item that is there has to be answered; one that is not must not be."""
    items = [
        {"linkId": "a", "type": "integer"},
        {"linkId": "b", "type": "boolean", "required": True,
         "enableWhen": [{"question": "a", "operator": operator, **wanted}]},
    ]  # fmt: skip
    made = house.ehr.post("Questionnaire", form(item=items))
    assert made.status == 201, made.text
    said = [item("a", answer)] if answer else []

    def sent(*more):
        body = response(house.ada, f"Questionnaire/{made.json['id']}")
        body["item"] = [*said, *more]
        return house.ehr.post(
            "QuestionnaireResponse", {name: value for name, value in body.items() if value != []}
        ).status

    assert sent() == (422 if is_there else 201)
    assert sent(item("b", YES)) == (201 if is_there else 422)


@pytest.mark.parametrize("behaviour", ["all", "any"])
def test_enable_behaviour(house, behaviour):
    conditions = [{"question": name, "operator": "=", "answerBoolean": True} for name in ("a", "b")]
    items = [
        {"linkId": "a", "type": "boolean"},
        {"linkId": "b", "type": "boolean"},
        {"linkId": "c", "type": "string", "enableWhen": conditions, "enableBehavior": behaviour},
    ]
    place = f"Questionnaire/{house.ehr.post('Questionnaire', form(item=items)).json['id']}"
    body = response(house.ada, place)
    body["item"] = [item("a", YES), item("b", NO), item("c", {"valueString": "there"})]

    assert house.ehr.post("QuestionnaireResponse", body).status == (422 if behaviour == "all" else 201)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([{"linkId": "a", "type": "string"}, {"linkId": "a", "type": "string"}], "que-2"),
        ([{"linkId": "a", "type": "display", "item": [{"linkId": "b", "type": "string"}]}], "que-1"),
        ([{"linkId": "a", "type": "group", "answerOption": [{"valueString": "x"}]}], "que-5"),
        ([{"linkId": "a", "type": "string",
           "enableWhen": [{"question": "zz", "operator": "=", "answerBoolean": True}]}], "not there"),
        ([{"linkId": "a", "type": "string"}, {"linkId": "b", "type": "string",
           "enableWhen": [{"question": "a", "operator": "exists", "answerString": "x"}]}], "que-7"),
        ([{"linkId": "a", "type": "bogus"}], "allowed"),
    ],
)  # fmt: skip
def test_a_form_that_nobody_could_fill_in_is_refused(house, items, words):
    refused = house.ehr.post("Questionnaire", form(item=items))

    assert refused.status == 422
    assert words in " ".join(each["diagnostics"] for each in refused.json["issue"]), refused.text


def test_item_69_patients_read_forms_and_their_own_answers(asked):
    mine = answered(asked, item("pain", NO)).json["id"]
    body = response(asked.bo, asked.place, item("pain", NO))
    theirs = asked.ehr.post("QuestionnaireResponse", body).json["id"]
    own = asked.of(asked.ada)

    assert own.get(asked.place).status == 200
    assert own.get("QuestionnaireResponse").ids == [mine]
    assert own.get(f"QuestionnaireResponse/{theirs}").status == 404
    assert own.post("Questionnaire", form()).status == 403
    assert own.put(asked.place, {**asked.form, "title": "Mine"}).status == 403
    assert own.delete(asked.place).status == 403
    filled = response(asked.ada, asked.place, item("pain", NO))
    assert own.post("QuestionnaireResponse", filled).status == 201
    of_bo = {**filled, "subject": {"reference": f"Patient/{asked.bo}"}}
    assert own.post("QuestionnaireResponse", of_bo).status == 403
    blind = asked.of(asked.ada, "patient/QuestionnaireResponse.cruds")
    assert blind.post("QuestionnaireResponse", filled).status == 403  # may not read the form


def test_forms_have_versions_and_end(asked):
    changed = asked.ehr.put(asked.place, {**asked.form, "title": "Pain today"}, if_match='W/"1"')

    assert (changed.status, changed.version) == (200, "2")
    assert asked.ehr.get(f"{asked.place}/_history/1").json["title"] == "Pain"
    assert asked.ehr.get("Questionnaire", {"title": "pain", "status": "active"}).ids == [asked.form["id"]]
    assert asked.ehr.delete(asked.place).status == 204
    assert asked.ehr.get(asked.place).status == 410
    assert answered(asked, item("pain", NO)).status == 422
