"""Apps that are registered and approved, people who consent, and the conversation between them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.test import Client
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT
from signing_in import sign_in

from fhir_facade.oauth import registering
from fhir_facade.oauth.models import Kind, Registration
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id

BACK = "https://app.example.org/back"
ADMIN = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))
SCOPE = "launch/patient patient/Observation.rs patient/Patient.r openid fhirUser offline_access"
AUD = f"{settings.PUBLIC_URL}/fhir"
TOKEN_ADDRESS = f"{settings.PUBLIC_URL}/oauth/token/"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def patient() -> tuple[Client, PersonId]:
    """Somebody with a record and an account, signed in."""
    person_id = identity.register(
        actor=system("test"), source="test", external_id=str(uuid4()), identifiers=[], now=clock.now(),
        demographics=identity.Demographics(
            family_name="Lovelace", given_name="Ada", birth_date=date(1971, 3, 9)
        ),
    )  # fmt: skip
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[Role.PATIENT], now=clock.now()
    )
    accounts.link_person(actor=ADMIN, user_id=user_id, person_id=person_id, now=clock.now())
    return sign_in(Client(), user_id), person_id


@dataclass(slots=True)
class App:
    """A registered app as its developer runs it."""

    client_id: str
    secret: str = ""
    key: JWK | None = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    wire: Client = field(default_factory=Client)

    def address(self, **changed: str | None) -> str:
        """Where it sends a person."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        said: dict[str, str | None] = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": BACK, "scope": SCOPE,
            "state": "st-1", "aud": AUD, "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }  # fmt: skip
        said |= changed
        return "/oauth/authorize/?" + urlencode(
            {key: value for key, value in said.items() if value is not None}
        )

    def token(self, **said: str) -> Any:
        """Ask the token endpoint, proving itself as it can."""
        sent = {"client_id": self.client_id, **said}
        if self.secret:
            sent["client_secret"] = self.secret
        if self.key is not None:
            sent |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}
        return self.wire.post("/oauth/token/", sent)

    def exchange(self, code: str, **said: str) -> Any:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return self.token(**{**sent, "code_verifier": self.verifier, **said})

    def refresh(self, refresh_token: str, **said: str) -> Any:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **said)

    def assertion(self, alg: str = "", **changed: Any) -> str:
        assert self.key is not None
        now = clock.now()
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": TOKEN_ADDRESS, "jti": str(uuid4()),
            "exp": int((now + timedelta(minutes=4)).timestamp()),
        } | changed  # fmt: skip
        known = "RS384" if self.key["kty"] == "RSA" else "ES384"
        token = JWT(header={"alg": alg or known, "kid": self.key["kid"]}, claims=claims)
        token.make_signed_token(self.key)
        return str(token.serialize())


def registered(
    kind: Kind = Kind.PATIENT_APP, *, scope: str = SCOPE, confidential: bool = False, key: JWK | None = None,
    approved: bool = True, jwks_url: str = "", **more: Any,
) -> App:  # fmt: skip
    jwks = {"keys": [json.loads(key.export_public())]} if key is not None and not jwks_url else None
    client_id = registering.register(
        actor=ADMIN, now=clock.now(),
        asked=registering.Asked(
            name="Pocket Chart", kind=kind, purpose="Shows your results beside your training.",
            publisher="Pocket Chart Inc.", contact="dev@example.org", scope=scope, confidential=confidential,
            redirect_uris=() if kind == Kind.SERVICE else (BACK,), jwks=jwks, jwks_url=jwks_url, **more,
        ),
    )  # fmt: skip
    secret = ""
    if approved:
        found = Registration.objects.get(client__client_id=client_id)
        secret = registering.decide(
            actor=ADMIN, registration_id=found.pk, approve=True, reason="looked at", now=clock.now()
        )
    return App(client_id, secret=secret, key=key)


def rsa_key() -> JWK:
    return JWK.generate(kty="RSA", size=2048, kid=str(uuid4()))


def ec_key() -> JWK:
    return JWK.generate(kty="EC", crv="P-384", kid=str(uuid4()))


def consented(browser: Client, address: str, *, without: tuple[str, ...] = (), **said: str) -> dict[str, str]:
    """The person reads the question and lets the app in; answers what the app is told."""
    page = browser.get(address)
    assert page.status_code == 200, page.headers.get("Location", page.content.decode()[:300])
    html = page.content.decode()
    form = dict(re.findall(r'name="(question|person)" value="([^"]+)"', html))
    scopes = [each for each in re.findall(r'name="scope" value="([^"]+)"', html) if each not in without]
    answer = browser.post(
        "/oauth/consent/", {**form, "scope": scopes, "lasts": "month", "allow": "yes", **said}
    )
    assert answer.status_code == 302, answer.content.decode()[:500]
    return told(answer)


def told(answer: Any) -> dict[str, str]:
    assert answer.headers["Location"].startswith(BACK), answer.headers["Location"]
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def tokens_of(app: App, browser: Client, **changed: str | None) -> dict[str, Any]:
    """The whole way: consent, code, tokens."""
    answer = app.exchange(consented(browser, app.address(**changed))["code"])
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def uuid_of(text: str) -> UUID:
    return UUID(text)
