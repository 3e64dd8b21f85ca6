"""django-oauth-toolkit's validator with what SMART adds: approvals, patient context, signed assertions.

The toolkit keeps the codes, tokens and their families and speaks the protocol; what was consented to, for
whom and until when is ours (`approvals`).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from oauth2_provider.models import RefreshToken, get_application_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors

from fhir_facade.oauth import addresses, approvals, assertions, wanted
from fhir_facade.oauth.models import Approval, Binding
from fhir_facade.smart.models import Client
from steadwell import clock


class SmartScopes(BaseScopes):  # type: ignore[misc]
    """Scopes are a grammar here and no list; these are the ones a client may know without asking more."""

    def get_all_scopes(self) -> dict[str, str]:
        return {each: each for each in self.get_available_scopes()}

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *_: Any, **__: Any
    ) -> list[str]:
        return [*sorted(wanted.AROUND), "patient/*.rs", "user/*.rs", "system/*.rs"]

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *_: Any, **__: Any
    ) -> list[str]:
        return []


class SmartValidator(OAuth2Validator):  # type: ignore[misc]
    """One request's answers to oauthlib's questions."""

    oidc_claim_scope = {"sub": "openid", "fhirUser": "fhirUser", "profile": "profile"}

    def _load_application(self, client_id: str, request: Request) -> Any:
        """None as well for an app that was not approved, or was switched off."""
        if not client_id or not client_id.isprintable():
            return None
        if not Client.objects.filter(client_id=client_id, active=True).exists():
            return None
        return super()._load_application(client_id, request)

    def _extract_basic_auth(self, request: Request) -> str | None:
        """None as well for what cannot be base64: the toolkit would fail on it."""
        found: str | None = super()._extract_basic_auth(request)
        return found if found and found.isascii() else None

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        if assertions.carried_by(request) is not None:
            return True
        required: bool = super().client_authentication_required(request, *args, **kwargs)
        return required

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        assertion = assertions.carried_by(request)
        if assertion is None:
            known: bool = super().authenticate_client(request, *args, **kwargs)
            return known
        try:
            client = assertions.verified(assertion, now=clock.now())
        except assertions.AssertionRefused:
            return False
        if getattr(request, "client_id", None) not in {None, "", client.client_id}:
            return False
        request.client = get_application_model().objects.filter(client_id=client.client_id).first()
        return request.client is not None

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Narrowed to what can be granted. Nothing left is a refusal."""
        allowed = Client.objects.filter(client_id=client_id).values_list("scopes", flat=True).first() or ""
        request.scopes = wanted.understood(scopes, allowed=allowed)
        return bool(request.scopes)

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        super().save_authorization_code(client_id, code, request, *args, **kwargs)
        approvals.bind(request.approval_id, kind=Binding.Kind.CODE, secret=code["code"], now=clock.now())

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        bound = approvals.find_bound(code)
        if bound is None or bound.kind != Binding.Kind.CODE:
            return False
        if bound.used_at is not None:
            # Somebody has a copy of it. What came of the first use ends too (RFC 6749, section 4.1.2).
            self._end_tokens(bound.approval)
            return False
        live = approvals.find_live(bound.approval_id, now=clock.now())
        return live is not None and bool(
            super().validate_code(client_id, code, client, request, *args, **kwargs)
        )

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        bound = approvals.find_bound(refresh_token)
        if bound is None or approvals.find_live(bound.approval_id, now=clock.now()) is None:
            return False
        return bool(super().validate_refresh_token(refresh_token, client, request, *args, **kwargs))

    def _save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        """In the toolkit's transaction: one use of the code or refresh token, and tokens bound to it."""
        now = clock.now()
        presented = request.code if request.grant_type == "authorization_code" else request.refresh_token
        approval = approvals.take(presented, now=now)
        if approval is None:
            raise errors.InvalidGrantError(request=request)
        if not wanted.LASTING & set(token.get("scope", "").split()):
            token.pop("refresh_token", None)
        super()._save_bearer_token(token, request, *args, **kwargs)
        approvals.bind(approval.pk, kind=Binding.Kind.ACCESS, secret=token["access_token"], now=now)
        if "refresh_token" in token:
            approvals.bind(approval.pk, kind=Binding.Kind.REFRESH, secret=token["refresh_token"], now=now)
        token.update(context_of(approval))

    @staticmethod
    def _end_tokens(approval: Approval) -> None:
        tokens = RefreshToken.objects.filter(
            user_id=approval.user_id, application__client_id=approval.client.client_id
        )
        for family in set(tokens.values_list("token_family", flat=True)):
            RefreshToken.revoke_family(family)
        approvals.end(actor=approvals.SELF, approval_id=approval.pk, now=clock.now())

    def get_oidc_issuer_endpoint(self, request: Request) -> str:
        return addresses.issuer()

    def get_additional_claims(self, request: Request) -> dict[str, str]:
        """``fhirUser``, as an absolute address that answers."""
        presented = getattr(request, "code", None) or getattr(request, "refresh_token", None)
        bound = approvals.find_bound(presented) if presented else None
        if bound is None or not bound.approval.fhir_user:
            return {}
        address = f"{addresses.fhir_base()}/{bound.approval.fhir_user}"
        return {"fhirUser": address, "profile": address}


def context_of(approval: Approval) -> dict[str, Any]:
    """What a token's answer says beside the token (SMART App Launch 2.2, "Launch context")."""
    context: dict[str, Any] = {"need_patient_banner": not approval.is_launch}
    if approval.person_id is not None:
        context["patient"] = str(approval.person_id)
    if approval.encounter_id is not None:
        context["encounter"] = str(approval.encounter_id)
    context["smart_style_url"] = f"{settings.PUBLIC_URL}/oauth/style.json"
    return context
