"""The demo's own clients, so that a developer's first request needs no review: an app for patients and a
service. There is none of this where the demo is off.

Their key is nobody's secret: it is made from the installation's own secret, which is made at its first start,
and the demo signs for whoever asks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from fhir_facade.oauth import addresses, registering
from fhir_facade.oauth.models import Kind, Registration
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden

APP: Final = "sandbox-app"
SERVICE: Final = "sandbox-service"
BACK: Final = "oauth:sandbox-back"
# A proof key that everybody may know: the sandbox's records are made up.
VERIFIER: Final = "sandbox-verifier-that-everybody-may-know-0123456789"
CONTACT: Final = "sandbox@example.org"
SCOPE: Final = "launch/patient openid fhirUser patient/*.rs"
_ASSERTION_LIVES: Final = timedelta(minutes=4)
_OPERATOR = Actor(roles=frozenset({Role.ADMINISTRATOR}), name="demo")


def seed_sandbox(*, now: datetime) -> bool:
    """Register both and let them in. False when they were there already. Raises Forbidden outside a demo."""
    if not settings.DEMO:
        raise Forbidden
    if Registration.objects.filter(client__client_id=APP).exists():
        return False
    public = {"keys": [json.loads(_key().export_public())]}
    for client_id, asked in (
        (APP, registering.Asked(
            name="Sandbox app", kind=Kind.PATIENT_APP, purpose="Tries out what apps can do here.",
            publisher="Steadwell", contact=CONTACT, scope=SCOPE, redirect_uris=(addresses.absolute(BACK),),
        )),
        (SERVICE, registering.Asked(
            name="Sandbox service", kind=Kind.SERVICE, purpose="Tries out what services can do here.",
            publisher="Steadwell", contact=CONTACT, scope="system/*.cruds", jwks=public,
        )),
    ):  # fmt: skip
        registering.register(actor=_OPERATOR, asked=asked, now=now, client_id=client_id)
        found = Registration.objects.get(client__client_id=client_id)
        registering.decide(
            actor=_OPERATOR, registration_id=found.pk, approve=True, reason="Sandbox of the demo", now=now
        )
    return True


def is_open() -> bool:
    """Whether there is a sandbox here."""
    return bool(settings.DEMO) and Registration.objects.filter(client__client_id=APP).exists()


def challenge() -> str:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@require_GET
def assertion(request: HttpRequest) -> HttpResponse:
    """What the sandbox's service would sign, good for minutes and once."""
    if not is_open():
        raise Http404
    key = _key()
    claims = {
        "iss": SERVICE, "sub": SERVICE, "aud": addresses.absolute("oauth:token"),
        "jti": secrets.token_urlsafe(16), "exp": int((clock.now() + _ASSERTION_LIVES).timestamp()),
    }  # fmt: skip
    token = JWT(header={"alg": "ES384", "kid": key["kid"], "typ": "JWT"}, claims=claims)
    token.make_signed_token(key)
    return HttpResponse(token.serialize(), content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Where the sandbox app's patients come back to: shows how its code becomes a token."""
    if not is_open():
        raise Http404
    lines = (
        f"curl -s {addresses.absolute('oauth:token')} -d grant_type=authorization_code -d client_id={APP}"
        f" -d code_verifier={VERIFIER} -d redirect_uri={addresses.absolute(BACK)} -d code=$CODE"
    )
    code = request.GET.get("code", "")
    context = {
        "code_line": f"CODE={code}" if code else "", "refusal": request.GET.get("error", ""), "lines": lines,
    }  # fmt: skip
    return render(request, "fhir_facade/oauth/sandbox.html", context)


def _key() -> JWK:
    seed = hmac.digest(settings.SECRET_KEY.encode(), b"fhir sandbox service", "sha384")
    private = ec.derive_private_key(int.from_bytes(seed) >> 8, ec.SECP384R1())
    key = JWK.from_pyca(private)
    return JWK(**{**json.loads(key.export_private()), "kid": key.thumbprint()})
