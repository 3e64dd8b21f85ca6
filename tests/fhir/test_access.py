"""Checklist H and K: tokens, scopes, compartments, the trail; one client's flood is its own."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from fhir_house import OPERATOR, Api, observation, post, practitioner, vital

from fhir_facade.smart import scopes, tokens
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role

pytestmark = pytest.mark.django_db
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("patient/Observation.read", "rs"),
        ("user/*.write", "cud"),
        ("system/*.*", "cruds"),
        ("patient/Observation.rs", "rs"),
        ("patient/Observation.cruds", "cruds"),
        ("patient/Observation.sr", None),
        ("patient/Observation.", None),
        ("openid", None),
        ("launch/patient", None),
        ("patient/observation.rs", None),
        ("patient/Observation.rs?category=", None),
        ("patient/Observation.rs?category=a|b", "rs"),
    ],
)
def test_item_68_scopes_are_read(text, letters):
    found = scopes.parse_one(text)

    assert ("".join(sorted(found.interactions)) if found else None) == (letters and "".join(sorted(letters)))
    if found:
        assert scopes.parse_one(scopes.written(found)) == found


def test_item_69_no_token_no_data(house):
    for api in (
        Api(),
        Api("nonsense"),
        Api(house.token("system/*.rs", minutes=5, now=clock.now() - timedelta(hours=1))),
    ):
        refused = api.get(f"Patient/{house.ada}")
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    token, grant = tokens.issue(actor=OPERATOR, client_id="ehr", scope="system/*.rs", now=clock.now())
    assert Api(token).get(f"Patient/{house.ada}").status == 200
    tokens.revoke(actor=OPERATOR, token_id=grant.token_id, now=clock.now())
    assert Api(token).get(f"Patient/{house.ada}").status == 401


def test_item_69_scopes_that_do_not_reach(house):
    reader = house.api("system/Observation.rs")

    assert reader.get("Observation").status == 200
    assert reader.get("Patient").status == 403
    assert reader.get(f"Patient/{house.ada}").status == 403
    assert reader.post("Observation", vital(house.ada)).status == 403
    finder = house.api("system/Observation.s")
    key = house.ehr.post("Observation", vital(house.ada)).json["id"]
    assert finder.get("Observation").status == 200
    assert finder.get(f"Observation/{key}").status == 403


def test_item_69_a_patients_token_cannot_write_for_others(house):
    own = house.of(house.ada)

    assert own.post("ServiceRequest", order(house.ada)).status == 201
    assert own.post("ServiceRequest", order(house.bo)).status == 403
    assert house.ehr.get("ServiceRequest", {"patient": str(house.bo)}).ids == []
    theirs = house.ehr.post("ServiceRequest", order(house.bo)).json
    assert own.put(f"ServiceRequest/{theirs['id']}", theirs).status == 404
    assert own.delete(f"ServiceRequest/{theirs['id']}").status == 404
    mine = own.get("ServiceRequest").matches[0]
    stolen = own.put(
        f"ServiceRequest/{mine['id']}", {**mine, "subject": {"reference": f"Patient/{house.bo}"}}
    )
    assert stolen.status == 403
    assert (
        own.post("", {"resourceType": "Bundle", "type": "batch", "entry": [post(order(house.bo))]}).entries[
            0
        ]["response"]["status"]
        == "403"
    )
    assert own.post("Patient", {"resourceType": "Patient", "name": [{"family": "X"}]}).status == 403


def order(person_id):
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"text": "Blood count"},
        "subject": {"reference": f"Patient/{person_id}"},
    }


def test_item_69_what_is_nobodys_is_read_in_a_patients_context(house):
    house.open_clinic()
    own = house.of(house.ada, "patient/*.rs")

    for kind, key in (("Practitioner", house.clinician), ("Location", house.site)):
        assert own.get(f"{kind}/{key}").status == 200
    assert own.get("Organization").matches


def test_item_68_granular_scopes(house):
    lab = house.ehr.post("Observation", observation(house.ada)).json["id"]
    beat = house.ehr.post("Observation", vital(house.ada)).json["id"]
    narrow = house.api(f"system/Observation.rs?category={CATEGORY}|laboratory")

    assert narrow.get("Observation").ids == [lab]
    assert narrow.get("Observation", {"category": "vital-signs"}).ids == []
    assert narrow.get(f"Observation/{lab}").status == 200
    assert narrow.get(f"Observation/{beat}").status == 404
    assert narrow.get(f"Observation/{beat}/_history").status == 404
    assert narrow.get("Observation", {"_summary": "count"}).json["total"] == 1
    writer = house.api(f"system/Observation.cu?category={CATEGORY}|laboratory")
    assert writer.post("Observation", vital(house.ada)).status == 403
    assert house.api("system/Observation.rs?nonsense=1").get("Observation").ids == []
    assert house.api("system/Observation.read").get("Observation", {"_summary": "count"}).json["total"] == 2


def test_users_see_what_they_may(house):
    house.lab_report(house.ada)
    user = accounts.create_user(
        email="ada@example.org", password=None, roles=[], person_id=house.ada, now=clock.now()
    )
    desk = accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.ADMINISTRATOR], now=clock.now()
    )

    own = house.api("user/*.rs", user_id=user).get("Observation").matches
    all_of_them = house.api("user/Patient.rs", user_id=desk).get("Patient").ids

    assert [each["subject"]["reference"] for each in own] == [f"Patient/{house.ada}"]
    assert set(all_of_them) == {str(house.ada), str(house.bo)}
    token = house.token("user/*.rs", user_id=user)
    accounts.disable_user(user_id=user, actor=OPERATOR, now=clock.now())
    assert Api(token).get("Observation").status == 401


def test_results_that_are_held_back_are_not_there(house):
    """Before the policy was asked nothing is shown to the patient; staff and systems read it."""
    from labs import models

    house.lab_report(house.ada)
    models.Release.objects.all().delete()
    own = house.of(house.ada)

    assert own.get("Observation").ids == []
    assert own.get("DiagnosticReport", {"_summary": "count"}).json["total"] == 0
    assert own.get("Patient", {"_has:Observation:patient:code": "2823-3"}).ids == []
    key = house.ehr.get("Observation").ids[0]
    assert own.get(f"Observation/{key}").status == 404
    assert own.get(f"Observation/{key}/_history").status == 404


def test_item_81_each_write_has_its_provenance(house):
    for body in (observation(house.ada), vital(house.ada), practitioner()):
        made = house.ehr.post(body["resourceType"], body).json
        found = house.ehr.get(
            body["resourceType"], {"_id": made["id"], "_revinclude": "Provenance:target"}
        ).included

        assert len(found) == 1, body["resourceType"]
        assert found[0]["target"][0]["reference"] == f"{body['resourceType']}/{made['id']}/_history/1"
        assert [a["type"]["coding"][0]["code"] for a in found[0]["agent"]] == ["author", "transmitter"]
        assert found[0]["agent"][0]["onBehalfOf"]["display"] == "City EHR"


def test_item_82_each_access_is_on_the_trail(house):
    house.ehr.get(f"Patient/{house.ada}")
    house.of(house.bo, "patient/Observation.rs").get(f"Patient/{house.ada}")
    Api("nonsense").get(f"Patient/{house.ada}")

    seen = house.ehr.get("AuditEvent", {"patient": str(house.ada)}).matches
    refused = house.ehr.get("AuditEvent", {"outcome": "4"}).matches

    assert seen[-1]["subtype"][0]["code"].startswith(("fhir.", "person.", "lab."))
    assert "fhir.read" in {e["subtype"][0]["code"] for e in seen}
    assert any(
        e["agent"][0]["who"]["display"] == "ehr" for e in seen if e["subtype"][0]["code"] == "fhir.read"
    )
    assert len(refused) == 2
    assert {e["action"] for e in refused} == {"E"}
    own = house.of(house.ada, "patient/AuditEvent.rs").get("AuditEvent").matches
    assert all(e["entity"][0]["what"]["reference"] == f"Patient/{house.ada}" for e in own)
    assert house.ehr.put(f"AuditEvent/{seen[0]['id']}", seen[0]).status == 405


def test_item_91_too_many_requests(house, time_machine):
    time_machine.move_to(clock.now(), tick=False)  # all within one minute
    tokens.register_client(actor=OPERATOR, client_id="flood", name="Flood", per_minute=3, now=clock.now())
    token, _ = tokens.issue(actor=OPERATOR, client_id="flood", scope="system/*.rs", now=clock.now())

    statuses = [Api(token).get("Patient").status for _ in range(5)]

    assert statuses == [200, 200, 200, 429, 429]
    refused = Api(token).get("Patient")
    assert refused.issue["code"] == "throttled"
    assert 0 < int(refused.headers["Retry-After"]) <= 62
    assert house.ehr.get("Patient").status == 200


def test_a_client_holds_no_more_than_it_was_given(house):
    tokens.register_client(
        actor=OPERATOR, client_id="small", name="Small", allowed="patient/*.rs", now=clock.now()
    )

    with pytest.raises(tokens.Invalid):
        tokens.issue(actor=OPERATOR, client_id="small", scope="system/*.rs", now=clock.now())
    with pytest.raises(tokens.Invalid):
        tokens.issue(
            actor=OPERATOR, client_id="small", scope="patient/*.rs", now=clock.now()
        )  # without a patient
    with pytest.raises(tokens.NotFound):
        tokens.issue(actor=OPERATOR, client_id="nobody", scope="patient/*.rs", now=clock.now())


def test_operators_give_out_tokens(house):
    said = StringIO()
    call_command("fhir", "client", "cli", "From the command line", stdout=said)
    call_command("fhir", "token", "cli", "--scope", "system/Patient.rs", stdout=said, stderr=StringIO())
    token = said.getvalue().split()[-1]

    assert Api(token).get("Patient").status == 200
    grant = tokens.find_grant(token, clock.now())
    call_command("fhir", "revoke", str(grant.token_id), stdout=said)
    assert Api(token).get("Patient").status == 401
