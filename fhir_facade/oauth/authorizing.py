"""An app sends a person here: they sign in, are asked what they want to share, and go back with a code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2.rfc6749 import errors

from fhir_facade.oauth import addresses, approvals, consent, wanted
from fhir_facade.oauth.models import Registration
from fhir_facade.oauth.reading import readable
from steadwell import clock
from steadwell.actor import STAFF_ROLES
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PersonId
from steadwell.portal import service as portal

_SALT = "fhir.consent"
# What the request said and the answer has to repeat.
_CARRIED = (
    "client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method", "nonce",
)  # fmt: skip
_PATIENCE = 20 * 60  # seconds between the question and the answer


@method_decorator([csrf_exempt, never_cache, readable], name="dispatch")
class Authorize(OAuthLibMixin, View):  # type: ignore[misc]
    """The authorization endpoint. By GET, or by POST from the app itself (SMART, authorize-post)."""

    def post(self, request: HttpRequest) -> HttpResponse:
        target = add_params_to_uri(reverse("oauth:authorize"), list(request.POST.items()))
        return HttpResponseRedirect(target)

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            scopes, credentials = self.validate_authorization_request(request)
        except FatalClientError as error:
            # Nobody is sent to an address that was not registered: the reader is told here.
            return _stopped(request, error)
        except OAuthToolkitError as error:
            return _sent_back(error.oauthlib_error)
        if refused := _refused(request, credentials):
            return refused
        actor = portal.actor_of(request)
        if actor.user_id is None:
            return portal.requires()(lambda _request: HttpResponse())(request)  # type: ignore[return-value]
        return _ask(request, scopes, credentials, now=clock.now())


def _refused(request: HttpRequest, credentials: Mapping[str, Any]) -> HttpResponse | None:
    """What SMART wants beside OAuth: that the app means us, and a challenge that nobody can read off."""
    state, redirect_uri = credentials.get("state"), str(credentials["redirect_uri"])
    problem = ""
    if not addresses.is_fhir_base(request.GET.get("aud", "")):
        problem = "aud has to be the address of this FHIR server"
    elif credentials.get("code_challenge_method") != "S256" or not credentials.get("code_challenge"):
        problem = "a code_challenge with the method S256 is required"
    if not problem:
        return None
    return _back_to(redirect_uri, [("error", "invalid_request"), ("error_description", problem)], state)


def _ask(
    request: HttpRequest, scopes: list[str], credentials: Mapping[str, Any], *, now: datetime
) -> HttpResponse:
    actor, asked = portal.actor_of(request), wanted.sorted_out(scopes)
    redirect_uri, state = str(credentials["redirect_uri"]), credentials.get("state")
    registration = Registration.objects.select_related("client").get(
        client__client_id=credentials["client_id"]
    )
    launch, opened = request.GET.get("launch", ""), None
    if launch:
        opened = approvals.find_launch(
            actor=actor, client_id=registration.client.client_id, secret=launch, now=now
        )
        if opened is None:
            return _back_to(
                redirect_uri, [("error", "invalid_request"), ("error_description", "launch")], state
            )
    people = _people(request, asked, opened, now=now)
    if not people and asked.needs_patient:
        return render(request, "fhir_facade/oauth/nobody.html", {"app": registration}, status=403)
    carried = {key: credentials.get(key) for key in _CARRIED}
    question = signing.dumps(
        {"scopes": scopes, "launch": launch, "user": str(actor.user_id), **carried}, salt=_SALT
    )
    context = {
        "app": registration, "question": question, "lines": consent.lines(asked), "people": people,
        "durations": consent.durations(stays=asked.stays), "signs_in": "openid" in asked.around,
        "host": urlsplit(redirect_uri).netloc or urlsplit(redirect_uri).scheme,
    }  # fmt: skip
    return _for(redirect_uri, render(request, "fhir_facade/oauth/consent.html", context))


def _people(
    request: Any, asked: wanted.Wanted, opened: approvals.Opened | None, *, now: datetime
) -> list[tuple[PersonId, str]]:
    """Whose data the app may be let into: those whom this person stands for, or the chart that was opened."""
    if opened is not None:
        return [(opened.person_id, _("The patient whose record is open"))]
    if not asked.needs_patient:
        return []
    return [(choice.person_id, choice.name) for choice in portal.choices(request, now=now)]


@never_cache
@require_POST
@portal.requires()
def decide(request: portal.PortalRequest) -> HttpResponse:
    """The person's answer."""
    now, actor = clock.now(), request.actor
    question = _question(request)
    redirect_uri, state = question["redirect_uri"], question["state"]
    asked = wanted.sorted_out(question["scopes"])
    scope = consent.kept(asked, request.POST.getlist("scope"))
    if "allow" not in request.POST or not scope:
        return _back_to(redirect_uri, [("error", "access_denied")], state)
    opened = None
    if question["launch"]:
        opened = approvals.find_launch(
            actor=actor, client_id=question["client_id"], secret=question["launch"], now=now
        )
        if opened is None or not approvals.take_launch(question["launch"], now=now):
            return _back_to(redirect_uri, [("error", "invalid_request")], state)
    lasts = consent.LASTS.get(request.POST.get("lasts", ""), consent.LASTS["hour"])[0]
    if not asked.stays:
        lasts = consent.LASTS["hour"][0]
    approval = approvals.approve(
        actor=actor, client_id=question["client_id"], person_id=_chosen(request, asked, opened), scope=scope,
        fhir_user=_fhir_user(request), lasts=lasts, opened=opened, now=now,
    )  # fmt: skip
    return _with_code(request, question, scope, approval.pk)


def _with_code(
    request: HttpRequest, question: Mapping[str, Any], scope: str, approval_id: Any
) -> HttpResponse:
    credentials = {key: question[key] for key in _CARRIED if question[key]}
    credentials["approval_id"] = approval_id
    try:
        address, _headers, _body, _status = OAuthLibMixin().create_authorization_response(
            request=request, scopes=scope, credentials=credentials, allow=True
        )
    except OAuthToolkitError as error:
        return _sent_back(error.oauthlib_error)
    return _for(question["redirect_uri"], _to(address))


def _question(request: HttpRequest) -> dict[str, Any]:
    """What was asked, as it was asked, of this very person."""
    try:
        question: dict[str, Any] = signing.loads(
            request.POST.get("question", ""), salt=_SALT, max_age=_PATIENCE
        )
    except signing.BadSignature as error:
        raise Invalid(_("This question is no longer open. Go back to the app and start again.")) from error
    if question["user"] != str(portal.actor_of(request).user_id):
        raise NotFound
    return question


def _chosen(
    request: portal.PortalRequest, asked: wanted.Wanted, opened: approvals.Opened | None
) -> PersonId | None:
    if opened is not None:
        return opened.person_id
    if not asked.needs_patient:
        return None
    sent = request.POST.get("person", "")
    stands_for = {
        str(each): each for each in [request.actor.person_id, *request.actor.proxy_for] if each is not None
    }
    if sent not in stands_for:
        raise NotFound
    return stands_for[sent]


def _fhir_user(request: portal.PortalRequest) -> str:
    """Who signed in, as a reference that answers: staff first, for that is why they are here."""
    actor = request.actor
    if actor.practitioner_id is not None and actor.has(*STAFF_ROLES):
        return f"Practitioner/{actor.practitioner_id}"
    return f"Patient/{actor.person_id}" if actor.person_id is not None else ""


def _stopped(request: HttpRequest, error: FatalClientError) -> HttpResponse:
    context = {"reason": str(getattr(error.oauthlib_error, "error", ""))}
    return render(request, "fhir_facade/oauth/stopped.html", context, status=400)


def _sent_back(error: errors.OAuth2Error) -> HttpResponse:
    return _to(error.in_uri(error.redirect_uri))


def _back_to(redirect_uri: str, said: list[tuple[str, str]], state: str | None) -> HttpResponse:
    said = [*said, *([("state", state)] if state else []), ("iss", addresses.issuer())]
    return _for(redirect_uri, _to(add_params_to_uri(redirect_uri, said)))


def _to(address: str) -> HttpResponse:
    """Also to an app's own scheme, which Django's redirect does not know: it was registered and reviewed."""
    response = HttpResponse(status=302)
    response.headers["Location"] = address
    return response


def _for(redirect_uri: str, response: HttpResponse) -> HttpResponse:
    """A browser follows a form's redirect only where the page allows it: to this app, from this page."""
    parts = urlsplit(redirect_uri)
    source = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    policy = {**settings.SECURE_CSP, "form-action": [*settings.SECURE_CSP["form-action"], source]}
    response.headers["Content-Security-Policy"] = portal.build_policy(policy)
    return response
