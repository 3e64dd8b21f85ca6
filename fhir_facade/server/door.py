"""The way in for programs: past what only pages need.

An API request has a token and nothing else: no session, no form, no messages, nobody who is signed in. The
middlewares of those stand behind this one and never see it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

_BASE = "/fhir/"


class ApiMiddleware:
    """Stands behind what every answer needs (host, TLS, language), before sessions and what hangs on them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(_BASE):
            return self.get_response(request)
        match = resolve(request.path_info)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        return response
