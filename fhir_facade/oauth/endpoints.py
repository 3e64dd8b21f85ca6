"""What apps and services call: tokens, revocation, introspection, and where all of it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET
from oauth2_provider.models import AccessToken
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import Request

from fhir_facade.oauth import addresses, approvals, assertions, signing, validator
from fhir_facade.oauth.models import Approval
from fhir_facade.oauth.reading import readable
from fhir_facade.smart import acting, scopes, tokens
from fhir_facade.smart.types import Grant, Level
from steadwell import clock
from steadwell.actor import system
from steadwell.errors import Refusal

SERVICE_LIFETIME: Final = timedelta(minutes=5)  # SMART backend services: at most five minutes
_ANYWHERE = {"Access-Control-Allow-Origin": "*"}
_SECRET = {"Cache-Control": "no-store", "Pragma": "no-cache", **_ANYWHERE}
CAPABILITIES: Final = (
    "launch-standalone", "launch-ehr", "authorize-post", "client-public",
    "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
    "context-standalone-patient", "context-ehr-patient", "context-ehr-encounter", "context-banner",
    "context-style", "permission-patient", "permission-user", "permission-offline", "permission-online",
    "permission-v1", "permission-v2",
)  # fmt: skip
_SCOPES = ("openid", "fhirUser", "launch", "launch/patient", "offline_access", "online_access",
           "patient/*.rs", "user/*.rs", "system/*.rs")  # fmt: skip


@method_decorator([csrf_exempt, sensitive_post_parameters(), readable], name="dispatch")
class Token(OAuthLibMixin, View):  # type: ignore[misc]
    """Codes and refresh tokens against access tokens; signed assertions against a service's."""

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Authorization"}
        return HttpResponse(status=204, headers={**_ANYWHERE, **allowed})

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("grant_type") == "client_credentials":
            return _service_token(request)
        signing.ready()
        _url, _headers, body, status = self.create_token_response(request)
        return HttpResponse(body, status=status, content_type="application/json", headers=_SECRET)


@method_decorator([csrf_exempt, sensitive_post_parameters(), readable], name="dispatch")
class Revoke(OAuthLibMixin, View):  # type: ignore[misc]
    """RFC 7009. What is not known is as good as revoked."""

    def post(self, request: HttpRequest) -> HttpResponse:
        _url, _headers, body, status = self.create_revocation_response(request)
        return HttpResponse(body or "", status=status, content_type="application/json", headers=_SECRET)


def _service_token(request: HttpRequest) -> HttpResponse:
    """SMART backend services: signed for, never asked for."""
    if request.POST.get("client_assertion_type") != assertions.TYPE:
        return _refused("invalid_request", "client_assertion_type has to be that of a JWT bearer", 400)
    now = clock.now()
    try:
        client = assertions.verified(request.POST.get("client_assertion", ""), now=now)
    except assertions.AssertionRefused as refusal:
        return _refused("invalid_client", str(refusal), 401)
    asked = [each for each in scopes.parse(request.POST.get("scope", "")) if each.level is Level.SYSTEM]
    allowed = scopes.parse(client.scopes)
    granted = [each for each in asked if any(each.is_within(wide) for wide in allowed)]
    if not granted:
        return _refused("invalid_scope", "none of these scopes is this client's", 400)
    text = " ".join(scopes.written(each) for each in granted)
    try:
        token, grant = tokens.issue(
            actor=system("oauth"), client_id=client.client_id, scope=text, now=now, lifetime=SERVICE_LIFETIME
        )
    except Refusal as refusal:
        return _refused("invalid_scope", refusal.text, 400)
    answer = {
        "access_token": token, "token_type": "Bearer", "scope": text,
        "expires_in": int((grant.expires_at - now).total_seconds()),
    }  # fmt: skip
    return JsonResponse(answer, headers=_SECRET)


def _refused(error: str, description: str, status: int) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status, headers=_SECRET)


@method_decorator([csrf_exempt, sensitive_post_parameters(), readable], name="dispatch")
class Introspect(View):
    """RFC 7662, for clients that prove who they are. Of a dead token it says just that."""

    def post(self, request: HttpRequest) -> HttpResponse:
        now = clock.now()
        if not _proves_itself(request):
            return _refused("invalid_client", "introspection is for registered clients", 401)
        said = self._about(request.POST.get("token", ""), now=now)
        return JsonResponse(said or {"active": False}, headers=_SECRET)

    @staticmethod
    def _about(token: str, *, now: datetime) -> dict[str, Any] | None:
        found = approvals.find_grant(token, now)
        grant = found[0] if found else tokens.find_grant(token, now)
        if grant is None or acting.actor_of(grant, now=now) is None:
            return None
        said: dict[str, Any] = {
            "active": True, "client_id": grant.client_id, "scope": _scope_of(token, grant),
            "exp": int(grant.expires_at.timestamp()), "iss": addresses.issuer(),
            "sub": str(grant.user_id or grant.client_id),
        }  # fmt: skip
        if grant.fhir_user:
            said["fhirUser"] = f"{addresses.fhir_base()}/{grant.fhir_user}"
        if found is not None:
            said |= _context(found[1])
        elif grant.person_id is not None:
            said["patient"] = str(grant.person_id)
        return said


def _scope_of(token: str, grant: Grant) -> str:
    """As it was granted, spelling and launch scopes included."""
    row = AccessToken.objects.filter(token_checksum=tokens.hashed(token).hex()).values_list("scope").first()
    return row[0] if row else " ".join(scopes.written(each) for each in grant.scopes)


def _context(approval_id: Any) -> dict[str, Any]:
    context = validator.context_of(Approval.objects.get(pk=approval_id))
    return {key: context[key] for key in ("patient", "encounter") if key in context}


def _proves_itself(request: HttpRequest) -> bool:
    """By Basic, by secret in the body or by assertion; a public client cannot."""
    asked = Request(
        request.path, http_method="POST",
        body=list(request.POST.items()),
        headers={"HTTP_AUTHORIZATION": request.headers.get("Authorization", "")},
    )  # fmt: skip
    asked.client = None
    known = validator.SmartValidator().authenticate_client(asked)
    return known and asked.client.client_type == "confidential"


@require_GET
def smart_configuration(request: HttpRequest) -> JsonResponse:
    """``.well-known/smart-configuration`` below the FHIR endpoint (SMART App Launch 2.2)."""
    document = {
        "issuer": addresses.issuer(),
        "jwks_uri": addresses.absolute("oauth:jwks"),
        "authorization_endpoint": addresses.absolute("oauth:authorize"),
        "token_endpoint": addresses.absolute("oauth:token"),
        "revocation_endpoint": addresses.absolute("oauth:revoke"),
        "introspection_endpoint": addresses.absolute("oauth:introspect"),
        "management_endpoint": addresses.absolute("oauth:apps"),
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": list(assertions.ALGORITHMS),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": list(_SCOPES),
        "capabilities": list(CAPABILITIES),
    }  # fmt: skip
    return JsonResponse(document, headers=_ANYWHERE)


@require_GET
def openid_configuration(request: HttpRequest) -> JsonResponse:
    """OpenID Connect Discovery 1.0, section 3."""
    document = {
        "issuer": addresses.issuer(),
        "jwks_uri": addresses.absolute("oauth:jwks"),
        "authorization_endpoint": addresses.absolute("oauth:authorize"),
        "token_endpoint": addresses.absolute("oauth:token"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(_SCOPES),
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "fhirUser", "profile"],
        "code_challenge_methods_supported": ["S256"],
    }
    return JsonResponse(document, headers=_ANYWHERE)


@require_GET
def jwks(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {"keys": signing.public_keys()}, headers={**_ANYWHERE, "Cache-Control": "max-age=3600"}
    )


@require_GET
def style(request: HttpRequest) -> JsonResponse:
    """What an app needs to look at home here (SMART, "Styling")."""
    document = {
        "color_background": "#f6f3ec", "color_error": "#9d2f28", "color_highlight": "#0f5560",
        "color_modal_backdrop": "#24221d", "color_success": "#2a6440", "color_text": "#24221d",
        "dim_border_radius": "10px", "dim_font_size": "16px", "dim_spacing_size": "16px",
        "font_family_body": "system-ui, sans-serif", "font_family_heading": "system-ui, sans-serif",
    }  # fmt: skip
    return JsonResponse(document, headers=_ANYWHERE)
