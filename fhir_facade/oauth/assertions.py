"""Clients that prove themselves by a signed assertion (private_key_jwt).

SMART App Launch 2.2, "Client Authentication: Asymmetric", and RFC 7523: RS384 or ES384, issuer and subject
the client's id, audience our token endpoint, at most five minutes, each ``jti`` once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jws import JWS

from fhir_facade.oauth import addresses, keysets
from fhir_facade.oauth.models import Registration
from fhir_facade.smart.models import Client

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS384", "ES384")
LONGEST: Final = timedelta(minutes=5)
SKEW: Final = timedelta(seconds=30)  # clocks of two houses
_USE = """
INSERT INTO fhir_facade_usedassertion (client_id, jti, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (client_id, jti) DO NOTHING
"""
_FORGET = "DELETE FROM fhir_facade_usedassertion WHERE expires_at < %s"


class AssertionRefused(Exception):
    """Why an assertion proves nothing, in a few words for the developer of the client."""


def carried_by(request: Any) -> str | None:
    """The assertion in a token request, whatever it is worth; None where there is none."""
    kind = getattr(request, "client_assertion_type", None)
    return getattr(request, "client_assertion", None) or "" if kind == TYPE else None


def verified(assertion: str, *, now: datetime) -> Client:
    """The client that signed it. Raises AssertionRefused. Uses the assertion up."""
    header, claims = _read(assertion)
    client_id = claims.get("iss")
    registration = (
        Registration.objects.select_related("client")
        .filter(client__client_id=client_id, client__active=True)
        .first()
        if isinstance(client_id, str) and client_id.isprintable()
        else None
    )
    if registration is None or claims.get("sub") != client_id:
        raise AssertionRefused("iss and sub have to be the id of a registered client")
    _check_signature(assertion, header, registration)
    _check_claims(claims, now=now)
    _use(str(client_id), claims, now=now)
    return registration.client


def _read(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What it says of itself, before anything of it is believed."""
    try:
        token = JWS()
        token.deserialize(assertion)
        header, claims = token.jose_header, json.loads(token.objects["payload"])
    except (JWException, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AssertionRefused("this is no signed JWT") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise AssertionRefused("this is no signed JWT")
    if header.get("alg") not in ALGORITHMS:
        raise AssertionRefused("alg has to be RS384 or ES384")
    return header, claims


def _check_signature(assertion: str, header: Mapping[str, Any], registration: Registration) -> None:
    for key in _candidates(keysets.of(registration), str(header.get("kid", ""))):
        token = JWS()
        token.allowed_algs = list(ALGORITHMS)
        try:
            token.deserialize(assertion, key)
        except (JWException, ValueError):
            continue
        return
    raise AssertionRefused("none of the client's keys made this signature")


def _candidates(keys: JWKSet, kid: str) -> list[JWK]:
    found = keys.get_keys(kid) if kid else None
    return list(found or [])


def _check_claims(claims: Mapping[str, Any], *, now: datetime) -> None:
    audience = claims.get("aud")
    said = audience if isinstance(audience, list) else [audience]
    if addresses.absolute("oauth:token") not in said:
        raise AssertionRefused("aud has to be the address of the token endpoint")
    ends = _instant(claims.get("exp"))
    if ends is None or ends <= now - SKEW:
        raise AssertionRefused("it has run out")
    if ends > now + LONGEST + SKEW:
        raise AssertionRefused("exp may be at most five minutes away")
    begins = _instant(claims.get("nbf")) if "nbf" in claims else None
    if begins is not None and begins > now + SKEW:
        raise AssertionRefused("it is not valid yet")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255 or not jti.isprintable():
        raise AssertionRefused("it needs a jti")


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _use(client_id: str, claims: Mapping[str, Any], *, now: datetime) -> None:
    ends = _instant(claims["exp"]) or now
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [now - SKEW])
        cursor.execute(_USE, [client_id, claims["jti"], ends + SKEW])
        if cursor.rowcount != 1:
            raise AssertionRefused("this jti was used before")
