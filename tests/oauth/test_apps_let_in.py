"""Authorization code with PKCE: consent, codes, tokens, refresh, revocation (items 61 to 69, 71)."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from connecting_apps import AUD, BACK, SCOPE, consented, patient, registered, tokens_of, told
from django.conf import settings
from django.test import Client
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

from fhir_facade.oauth import approvals
from fhir_facade.oauth.models import Approval
from steadwell import clock
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db


def is_worth_something(token: str) -> bool:
    return approvals.find_grant(token, clock.now()) is not None


def test_item_61_configuration_names_what_is_there():
    answer = Client().get("/fhir/.well-known/smart-configuration")

    said = answer.json()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_code", "client_credentials"} <= set(said["grant_types_supported"])
    assert {"launch-standalone", "launch-ehr", "permission-v1", "permission-v2"} <= set(said["capabilities"])
    assert Client().get(said["jwks_uri"]).json()["keys"][0]["alg"] == "RS256"


def test_item_62_what_certified_servers_can_do_is_named():
    said = Client().get("/fhir/.well-known/smart-configuration").json()["capabilities"]

    assert set(said) >= {
        "launch-standalone", "launch-ehr", "client-public", "client-confidential-symmetric",
        "client-confidential-asymmetric", "sso-openid-connect", "context-standalone-patient",
        "context-ehr-patient", "context-ehr-encounter", "context-banner", "context-style",
        "permission-patient", "permission-user", "permission-offline", "permission-v1", "permission-v2",
        "authorize-post",
    }  # fmt: skip


def test_item_63_person_is_asked_and_the_app_gets_a_code():
    browser, person_id = patient()

    said = consented(browser, registered().address())

    assert said["state"] == "st-1"
    assert said["code"]
    assert Approval.objects.get().person_id == person_id


def test_item_63_by_post_as_well():
    app = registered()
    query = app.address().partition("?")[2]

    answer = Client().post("/oauth/authorize/", query, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 302
    assert "code_challenge=" in answer.headers["Location"]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example.org/fhir"}, {"aud": None}, {"code_challenge": None},
        {"code_challenge_method": "plain"}, {"code_challenge_method": None}, {"scope": "patient/Nothing"},
        {"scope": "system/*.rs"}, {"response_type": "token"},
    ],
)  # fmt: skip
def test_item_63_and_64_what_is_not_right_gets_no_code(changed):
    browser, _ = patient()

    said = told(browser.get(registered().address(**changed)))

    assert "code" not in said
    assert said["error"]


def test_item_63_address_that_was_not_registered_is_not_gone_to():
    browser, _ = patient()

    answer = browser.get(registered().address(redirect_uri="https://evil.example.org/"))

    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_app_that_was_not_approved_or_was_refused_is_not_known():
    browser, _ = patient()

    assert browser.get(registered(approved=False).address()).status_code == 400


def test_somebody_who_is_not_signed_in_signs_in_first():
    answer = Client().get(registered().address())

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_no_is_said_to_the_app():
    browser, _ = patient()
    page = browser.get(registered().address()).content.decode()
    question = page.partition('name="question" value="')[2].partition('"')[0]

    said = told(browser.post("/oauth/consent/", {"question": question, "deny": "yes"}))

    assert said["error"] == "access_denied"
    assert not Approval.objects.exists()


def test_question_of_somebody_else_is_not_there():
    (browser, _), (other, person_id) = patient(), patient()
    page = browser.get(registered().address()).content.decode()
    question = page.partition('name="question" value="')[2].partition('"')[0]

    sent = {"question": question, "allow": "yes", "person": str(person_id), "scope": "patient/Patient.r"}

    assert other.post("/oauth/consent/", sent).status_code == 404


def test_record_of_somebody_else_cannot_be_shared():
    (browser, _), (_, stranger) = patient(), patient()
    page = browser.get(registered().address()).content.decode()
    question = page.partition('name="question" value="')[2].partition('"')[0]
    sent = {"question": question, "allow": "yes", "scope": "patient/Patient.r", "person": str(stranger)}

    assert browser.post("/oauth/consent/", sent).status_code == 404


def test_item_65_answer_of_the_token_endpoint():
    browser, person_id = patient()
    app = registered()

    answer = app.exchange(consented(browser, app.address())["code"])

    said = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (said["token_type"], said["patient"]) == ("Bearer", str(person_id))
    assert said["expires_in"] == 3600
    assert set(said["scope"].split()) == set(SCOPE.split())
    assert said["need_patient_banner"] is True  # it was not opened from a page that shows whose chart it is
    style = Client().get(said["smart_style_url"].removeprefix(settings.PUBLIC_URL)).json()
    assert style["color_background"].startswith("#")
    assert is_worth_something(said["access_token"])


def test_item_65_a_browser_may_ask_from_its_own_origin():
    answer = Client().options("/oauth/token/")

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("verifier", ["", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"])
def test_item_64_verifier_has_to_fit(verifier):
    browser, _ = patient()
    app = registered()
    code = consented(browser, app.address())["code"]

    assert app.exchange(code, code_verifier=verifier).status_code in {400, 401}


def test_item_64_verifier_is_needed_and_is_not_the_challenge_itself():
    browser, _ = patient()
    app = registered()
    sent = {"grant_type": "authorization_code", "redirect_uri": BACK}
    challenge = parse_qs(urlsplit(app.address()).query)["code_challenge"][0]

    codes = [consented(browser, app.address())["code"] for _ in range(2)]

    assert app.token(**sent, code=codes[0]).status_code in {400, 401}
    assert app.token(**sent, code=codes[1], code_verifier=challenge).status_code in {400, 401}


def test_item_64_second_use_of_a_code_ends_what_the_first_brought():
    browser, _ = patient()
    app = registered()
    code = consented(browser, app.address())["code"]
    token = app.exchange(code).json()["access_token"]

    assert app.exchange(code).status_code == 400

    assert not is_worth_something(token)


@pytest.mark.parametrize("sent", [{"code": "nonsense"}, {"client_id": "nonsense"}])
def test_item_64_code_and_client_have_to_be_known(sent):
    browser, _ = patient()
    app = registered()
    code = consented(browser, app.address())["code"]

    assert app.exchange(**{"code": code, **sent}).status_code in {400, 401}


def test_item_66_refresh_brings_new_tokens_and_never_more():
    browser, _ = patient()
    app = registered()
    first = tokens_of(app, browser)

    second = app.refresh(first["refresh_token"]).json()
    narrow = app.refresh(second["refresh_token"], scope="patient/Patient.r").json()

    assert is_worth_something(second["access_token"])
    assert second["patient"] == first["patient"]
    assert second["scope"] == first["scope"]
    assert app.refresh("nonsense").status_code in {400, 401}
    assert narrow["scope"] == "patient/Patient.r"
    wider = app.refresh(narrow.get("refresh_token", "none"), scope="patient/*.cruds")
    assert wider.status_code in {400, 401}


def test_item_66_refresh_token_is_worth_one_use_and_a_second_ends_the_family():
    browser, _ = patient()
    app = registered()
    first = tokens_of(app, browser)
    second = app.refresh(first["refresh_token"]).json()

    assert app.refresh(first["refresh_token"]).status_code in {400, 401}

    assert app.refresh(second["refresh_token"]).status_code in {400, 401}
    assert not is_worth_something(second["access_token"])


def test_item_66_revoked_token_is_worth_nothing():
    browser, _ = patient()
    app = registered()
    said = tokens_of(app, browser)

    sent = {"authorization": f"Bearer {said['access_token']}"}
    assert Client().get(f"/fhir/Patient/{said['patient']}", headers=sent).status_code == 200

    app.wire.post("/oauth/revoke/", {"client_id": app.client_id, "token": said["access_token"]})

    assert Client().get(f"/fhir/Patient/{said['patient']}", headers=sent).status_code == 401
    assert not is_worth_something(said["access_token"])
    assert app.refresh(said["refresh_token"]).status_code in {400, 401}


def test_item_66_patient_ends_it_in_one_tap():
    browser, _ = patient()
    app = registered()
    said = tokens_of(app, browser)
    assert "Pocket Chart" in browser.get("/apps/").content.decode()

    browser.post(f"/apps/{Approval.objects.get().pk}/end/")

    assert not is_worth_something(said["access_token"])
    assert app.refresh(said["refresh_token"]).status_code in {400, 401}
    assert "No longer connected" in browser.get("/apps/").content.decode()


def test_app_of_somebody_else_cannot_be_ended():
    (browser, _), (other, _) = patient(), patient()
    tokens_of(registered(), browser)
    mine = Approval.objects.get().pk

    assert (
        other.post(f"/apps/{mine}/end/").status_code
        == other.post(f"/apps/{new_id()}/end/").status_code
        == 404
    )
    assert Approval.objects.get().ended_at is None


def test_app_that_does_not_ask_to_come_back_gets_no_refresh_token():
    browser, _ = patient()

    said = tokens_of(registered(), browser, scope="launch/patient patient/Patient.r")

    assert "refresh_token" not in said


def test_item_67_identity_token_says_who_signed_in():
    browser, person_id = patient()
    app = registered()

    said = tokens_of(app, browser)

    keys = JWKSet.from_json(json.dumps(Client().get("/oauth/jwks.json").json()))
    token = JWT(jwt=said["id_token"], key=keys, algs=["RS256"])
    claims, header = json.loads(token.claims), json.loads(token.header)
    issued = Client().get("/oauth/.well-known/openid-configuration").json()
    assert (header["alg"], keys.get_key(header["kid"]) is not None) == ("RS256", True)
    assert claims["iss"] == issued["issuer"]
    assert claims["aud"] == app.client_id
    assert 0 < len(claims["sub"]) < 256
    assert claims["fhirUser"] == f"{AUD}/Patient/{person_id}"
    assert claims["exp"] > claims["iat"]
    sent = {"authorization": f"Bearer {said['access_token']}"}
    user = Client().get(claims["fhirUser"].removeprefix(settings.PUBLIC_URL), headers=sent)
    assert (user.status_code, user.json()["resourceType"]) == (200, "Patient")
    assert {
        "issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "response_types_supported",
        "subject_types_supported", "id_token_signing_alg_values_supported",
    } <= issued.keys()  # fmt: skip
    assert issued["id_token_signing_alg_values_supported"] == ["RS256"]


def test_item_68_granted_is_what_was_ticked():
    browser, _ = patient()
    app = registered()

    code = consented(browser, app.address(), without=("patient/Observation.rs",))["code"]

    said = app.exchange(code).json()
    assert "patient/Observation.rs" not in said["scope"].split()
    assert "patient/Patient.r" in said["scope"].split()


def test_item_68_first_version_and_categories_are_understood():
    browser, _ = patient()
    narrow = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    app = registered(scope=f"{narrow} patient/Patient.read launch/patient")

    said = tokens_of(app, browser, scope=f"{narrow} patient/Patient.read patient/*.rs launch/patient")

    assert set(said["scope"].split()) == {narrow, "patient/Patient.read", "launch/patient"}
    grant, _ = approvals.find_grant(said["access_token"], clock.now())
    assert {scope.resource for scope in grant.scopes} == {"Observation", "Patient"}


def test_item_71_introspection_is_for_clients_that_prove_themselves():
    browser, person_id = patient()
    app, other = registered(), registered(confidential=True)
    said = tokens_of(app, browser)
    asked = {"client_id": other.client_id, "client_secret": other.secret, "token": said["access_token"]}

    about = Client().post("/oauth/introspect/", asked).json()
    dead = Client().post("/oauth/introspect/", {**asked, "token": "nonsense"}).json()
    stranger = Client().post(
        "/oauth/introspect/", {"token": said["access_token"], "client_id": app.client_id}
    )

    assert about["active"] is True
    assert set(about["scope"].split()) == set(said["scope"].split())
    assert (about["client_id"], about["patient"]) == (app.client_id, str(person_id))
    assert about["exp"] > clock.now().timestamp()
    assert about["iss"] == Client().get("/oauth/.well-known/openid-configuration").json()["issuer"]
    assert about["sub"] == str(Approval.objects.get().user_id)
    assert about["fhirUser"] == f"{AUD}/Patient/{person_id}"
    assert dead == {"active": False}
    assert stranger.status_code == 401


def test_confidential_app_needs_its_secret():
    browser, _ = patient()
    app = registered(confidential=True)
    code = consented(browser, app.address())["code"]
    app.secret, secret = "", app.secret

    assert app.exchange(code).status_code == 401
    app.secret = secret
    assert app.exchange(code).status_code == 200


def test_approval_that_has_run_out_is_worth_nothing(time_machine):
    browser, _ = patient()
    app = registered()
    said = tokens_of(app, browser)

    time_machine.move_to(clock.now() + timedelta(days=31))

    assert not is_worth_something(said["access_token"])
    assert app.refresh(said["refresh_token"]).status_code in {400, 401}


def test_page_lets_the_browser_go_on_to_this_app_only():
    browser, _ = patient()

    page = browser.get(registered().address())

    assert "form-action 'self' https://app.example.org;" in page.headers["Content-Security-Policy"] + ";"
