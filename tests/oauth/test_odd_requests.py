"""What strangers send to the endpoints of tokens: refused, whatever it is."""

from __future__ import annotations

import base64
import json

import pytest
from connecting_apps import ASSERTION_TYPE, Kind, registered, rsa_key
from django.test import Client

pytestmark = pytest.mark.django_db


def segment(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(claims: str, header: str = '{"alg":"RS384","kid":"k"}') -> str:
    return f"{segment(header)}.{segment(claims)}.{segment(b'nothing')}"


@pytest.mark.parametrize(
    "said",
    [
        {"grant_type": "authorization_code", "code": "\x00"},
        {"grant_type": "authorization_code", "code": "c", "client_id": "\x00"},
        {"grant_type": "authorization_code", "code": "c", "redirect_uri": "http://["},
        {"grant_type": "refresh_token", "refresh_token": "\x00"},
        {"grant_type": "refresh_token", "refresh_token": "é" * 5_000},
        {"grant_type": "\x00"},
        {"grant_type": "authorization_code", "code": "c", "code_verifier": "\x00"},
        {"\x00": "x"},
        {},
    ],
)
def test_item_64_odd_requests_get_no_token(said):
    app = registered()

    for path in ("/oauth/token/", "/oauth/revoke/", "/oauth/introspect/"):
        answer = Client().post(path, {"client_id": app.client_id, **said})
        assert answer.status_code in {400, 401}, path


@pytest.mark.parametrize(
    "assertion",
    [
        "", "a", "a.b.c", "..", "é.é.é", "\x00",
        unsigned('{"iss":"a\\u0000","sub":"a\\u0000"}'),
        unsigned('{"iss":"\\ud800","sub":"\\ud800"}'),
        unsigned("[" * 20_000 + "]" * 20_000),
        unsigned("{}", header="[" * 20_000 + "]" * 20_000),
        unsigned("{}", header='{"alg":"none"}'),
        unsigned("{}", header='{"alg":["RS384"]}'),
        unsigned("{}", header='{"alg":"RS384","crit":["x"]}'),
        unsigned("5"),
        unsigned(b"\xff"),
        '{"payload":"","signatures":[]}',
    ],
)  # fmt: skip
def test_item_70_assertions_of_any_shape_prove_nothing(assertion):
    sent = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, "scope": "system/*.rs"}

    for more in ({"grant_type": "client_credentials"}, {"grant_type": "authorization_code", "code": "c"}):
        assert Client().post("/oauth/token/", {**sent, **more}).status_code in {400, 401}
    assert Client().post("/oauth/introspect/", {**sent, "token": "t"}).status_code in {400, 401}


@pytest.mark.parametrize(
    "claims",
    [
        {"jti": "a\x00b"}, {"jti": "\ud800"}, {"jti": ["x"]}, {"exp": "soon"}, {"exp": 10**400},
        {"exp": float("inf")}, {"exp": True}, {"exp": -(10**30)}, {"aud": {"a": 1}}, {"aud": None},
    ],
)  # fmt: skip
def test_item_70_claims_of_any_shape_prove_nothing(claims):
    app = registered(Kind.SERVICE, key=rsa_key(), scope="system/*.rs")
    sent = {"client_assertion_type": ASSERTION_TYPE, "scope": "system/*.rs"}

    answer = Client().post(
        "/oauth/token/",
        {**sent, "grant_type": "client_credentials", "client_assertion": app.assertion(**claims)},
    )

    assert answer.status_code in {400, 401}


@pytest.mark.parametrize(
    "header", ["Basic", "Basic =", "Basic é", "Basic " + segment(b"\xff:x"), "Basic " + segment("\x00:\x00")]
)
def test_item_71_odd_headers_prove_nothing(header):
    for path in ("/oauth/introspect/", "/oauth/token/"):
        sent = {"token": "t", "grant_type": "authorization_code", "code": "c"}
        assert Client().post(path, sent, headers={"authorization": header}).status_code in {400, 401}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "\x00"}, {"state": "\x00"}, {"scope": "\x00"}, {"launch": "\x00"}, {"aud": "http://["},
        {"redirect_uri": "http://["}, {"redirect_uri": "\x00"}, {"scope": "patient/" * 2_000},
        {"code_challenge": "é"}, {"response_type": "\x00"},
    ],
)  # fmt: skip
def test_item_63_odd_requests_get_no_code(changed):
    app = registered()

    for answer in (
        Client().get(app.address(**changed)),
        Client().post("/oauth/authorize/", {"client_id": app.client_id, **changed}),
    ):
        assert answer.status_code in {302, 400}
        assert "code=" not in answer.headers.get("Location", "")


def test_an_api_token_of_any_shape_opens_nothing():
    for token in ("\x00", "é", "x" * 10_000, "a b", json.dumps({"a": 1})):
        answer = Client().get("/fhir/Patient", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401
