"""FHIR over HTTP, by DRF: it authenticates, negotiates and throttles; what is served is our own JSON."""

from __future__ import annotations

import re
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import Error as DatabaseFault
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAcceptable, Throttled
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from fhir_facade.oauth import approvals
from fhir_facade.server import auditing, bundles, capability, interactions, wire
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer
from fhir_facade.server.outcome import RETRY_SECONDS, Failed, Issue, failed, of_refusal, operation_outcome
from fhir_facade.server.requests import FHIR_JSON, call_of, serves
from fhir_facade.smart import acting
from steadwell import clock
from steadwell.errors import Refusal
from steadwell.transactions import is_out_of_reach

_EXPOSED = (
    "ETag, Location, Content-Location, Last-Modified, Retry-After, X-Progress, X-Request-Id, Allow,"
    " Accept-Patch, WWW-Authenticate"
)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-Match, If-Modified-Since,"
    " If-None-Exist, If-None-Match, Prefer, X-Request-Id",
    "Access-Control-Max-Age": "7200",
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")


class Fhir(BaseRenderer):
    """Names the type that is served; the bytes are ours."""

    media_type = FHIR_JSON
    format = "json"
    charset = "utf-8"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        return wire.dump(data)


class Negotiation(BaseContentNegotiation):
    """``_format`` before Accept; JSON of FHIR 4.0 or nothing (406)."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        asked = request.query_params.get("_format")
        accepted = [asked] if asked else request.headers.get("Accept", "*/*").split(",")
        if any(serves(each.strip()) for each in accepted):
            return renderers[0], FHIR_JSON
        raise NotAcceptable


class Bearer(BaseAuthentication):
    """A token that is out; else nobody. Who may not come in without one is refused by the view. 429 where its
    client asks too often.
    """

    def authenticate(self, request: Request) -> tuple[Any, Access] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        now = clock.now()
        entered = approvals.enter(token.strip(), now)
        if entered is None:
            return None
        grant, wait = entered
        if wait is not None:
            raise Throttled(wait.total_seconds())
        actor = acting.actor_of(grant, now=now)
        if actor is None:
            return None
        access = Access(
            grant=grant, actor=actor, now=now, base=base_of(request), request_id=request_id(request)
        )
        return None, access


def base_of(request: Request) -> str:
    return settings.FHIR_BASE_URL or request.build_absolute_uri("/fhir")


def access_of(request: Request) -> Access:
    """What the request's token allows. 401 where there is none that is alive."""
    if not isinstance(request.auth, Access):
        raise failed(
            401,
            "login",
            "A valid bearer token is needed.",
            headers={"WWW-Authenticate": f'Bearer realm="{base_of(request)}"'},
        )
    return request.auth


def request_id(request: Request) -> str:
    said = request.headers.get("X-Request-Id", "")
    return said if _REQUEST_ID.fullmatch(said) else ""


class Endpoint(APIView):
    """Every address of the API."""

    authentication_classes = [Bearer]
    permission_classes = []
    throttle_classes = []  # Bearer counts
    content_negotiation_class = Negotiation
    renderer_classes = [Fhir]
    parser_classes = []
    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]

    def _any(self, request: Request, **_: Any) -> HttpResponseBase:
        path = tuple(each for each in request.path_info.removeprefix("/fhir").split("/") if each)
        self.kind = path[0] if path else "Bundle"
        if not path and request.method != "POST":
            raise failed(405, "not-supported", "The base takes a Bundle by POST.", headers={"Allow": "POST"})
        access = access_of(request)
        call = call_of(request, path)
        if path:
            answer = interactions.perform(access, call)
        else:
            answer = bundles.process(access, call.body, dict(call.prefer))
        return self._answer(request, answer, pretty=call.option("_pretty") == "true")

    get = post = put = patch = delete = head = _any

    def options(self, request: Request, **_: Any) -> HttpResponseBase:  # type: ignore[override]
        """A browser asks before it lets an app of another origin ask. Nothing else is asked by this verb."""
        if "Access-Control-Request-Method" not in request.headers:
            raise MethodNotAllowed("OPTIONS")
        return HttpResponse(status=204, headers=_PREFLIGHT)

    def _answer(self, request: Request, answer: Answer, *, pretty: bool) -> HttpResponse:
        response = HttpResponse(status=answer.status, content_type=f"{FHIR_JSON}; charset=utf-8")
        if answer.resource is not None and answer.status != 304:
            response.content = wire.dump(answer.resource, pretty=pretty)
        if answer.etag:
            response.headers["ETag"] = f'W/"{answer.etag}"'
        if answer.updated:
            response.headers["Last-Modified"] = format_datetime(answer.updated, usegmt=True)
        if answer.location:
            response.headers["Location"] = f"{base_of(request)}/{answer.location}"
        for name, value in answer.headers.items():
            response.headers[name] = value
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response.headers.setdefault("Cache-Control", "no-store, private")
        # Of any origin (ADR 0193): a request is nobody's without its token, and no cookie is looked at.
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        response.headers.setdefault("Date", format_datetime(clock.now(), usegmt=True))
        if said := request_id(request):
            response.headers["X-Request-Id"] = said
        return response

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        problem = _problem(exc)
        if problem is None:
            raise exc
        request = self.request
        access = getattr(request, "_auth", None)
        if problem.status in {401, 403, 404}:
            problem = self._noted(problem, access if isinstance(access, Access) else None)
        response = HttpResponse(
            wire.dump(operation_outcome(problem.issues)),
            status=problem.status,
            content_type=f"{FHIR_JSON}; charset=utf-8",
        )
        for name, value in problem.headers.items():
            response.headers[name] = value
        return response

    def _noted(self, problem: Failed, access: Access | None) -> Failed:
        """A refused request, once it is in the audit trail; where that fails, this is the answer."""
        key = self.request.path_info.rstrip("/").rsplit("/", 1)[-1]
        try:
            auditing.denied(access, getattr(self, "kind", ""), problem.status, now=clock.now(), entity=key)
        except (Refusal, DatabaseFault) as error:
            unnoted = _problem(error)
            if unnoted is None:
                raise
            return unnoted
        return problem


def _problem(exc: Exception) -> Failed | None:
    if isinstance(exc, Failed):
        return exc
    if isinstance(exc, Refusal):
        problem = of_refusal(exc)
        if exc.code == "move-not-allowed":  # a state machine's no is a rule's, not a race's
            return Failed(422, problem.issues)
        return problem
    if is_out_of_reach(exc):
        issue = Issue("transient", "This cannot be answered right now. Try again in a moment.")
        return Failed(503, (issue,), {"Retry-After": RETRY_SECONDS})
    if isinstance(exc, SuspiciousOperation):  # Django's own limits, of parameters for one
        return Failed(400, (Issue("too-costly", "This request cannot be read: it has too many parts."),))
    if isinstance(exc, Throttled):
        seconds = str(int(getattr(exc, "wait", None) or 1) + 1)
        issue = Issue("throttled", "This client asks too often. Try again after the time in Retry-After.")
        return Failed(429, (issue,), {"Retry-After": seconds})
    if isinstance(exc, MethodNotAllowed):
        issue = Issue("not-supported", "This verb is not known here.")
        return Failed(405, (issue,), {"Allow": "GET, HEAD, POST, PUT, PATCH, DELETE"})
    if isinstance(exc, NotAcceptable):
        return Failed(406, (Issue("not-supported", f"Only {FHIR_JSON} of FHIR 4.0 is served."),))
    return None


class Metadata(Endpoint):
    """What may be read without a token, from any origin."""

    authentication_classes = []

    def get(self, request: Request) -> HttpResponseBase:  # type: ignore[override]
        response = self._made(request, base_of(request))
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    head = get  # type: ignore[assignment]

    def _made(self, request: Request, base: str) -> HttpResponse:
        stated = Answer(status=200, resource=capability.statement(base))
        return self._answer(request, stated, pretty=request.query_params.get("_pretty") == "true")

    def _refuse(self, request: Request, **_: Any) -> HttpResponseBase:
        raise failed(405, "not-supported", "This is only read.", headers={"Allow": "GET"})

    post = put = patch = delete = _refuse


class OpenApi(Metadata):
    """Plain JSON, whatever is accepted."""

    class _Any(Negotiation):
        def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
            return renderers[0], "application/json"

    content_negotiation_class = _Any

    def _made(self, request: Request, base: str) -> HttpResponse:
        return HttpResponse(wire.dump(capability.openapi(base)), content_type="application/json")
