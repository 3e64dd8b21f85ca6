from __future__ import annotations

from django.urls import path

from fhir_facade.consents.views import sharing
from fhir_facade.oauth import authorizing, connected, developers, endpoints, sandbox

app_name = "oauth"
urlpatterns = [
    path("oauth/authorize/", authorizing.Authorize.as_view(), name="authorize"),
    path("oauth/consent/", authorizing.decide, name="decide"),
    path("oauth/token/", endpoints.Token.as_view(), name="token"),
    path("oauth/revoke/", endpoints.Revoke.as_view(), name="revoke"),
    path("oauth/introspect/", endpoints.Introspect.as_view(), name="introspect"),
    path("oauth/jwks.json", endpoints.jwks, name="jwks"),
    path("oauth/style.json", endpoints.style, name="style"),
    path("oauth/.well-known/openid-configuration", endpoints.openid_configuration, name="openid"),
    path("fhir/.well-known/smart-configuration", endpoints.smart_configuration, name="smart"),
    path("fhir/.well-known/openid-configuration", endpoints.openid_configuration, name="fhir-openid"),
    path("developers/", developers.developers, name="developers"),
    path("developers/sandbox/assertion/", sandbox.assertion, name="sandbox-assertion"),
    path("developers/sandbox/back/", sandbox.back, name="sandbox-back"),
    path("developers/register/", developers.register, name="register"),
    path("apps/", connected.apps, name="apps"),
    path("apps/sharing/", sharing, name="sharing"),
    path("apps/<uuid:approval_id>/end/", connected.end, name="end"),
    path("clinic/patients/<uuid:person_id>/apps/<uuid:client_id>/", connected.launch, name="launch"),
]
