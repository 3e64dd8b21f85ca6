"""Answers for what nobody refused: unknown addresses, bad requests, a database out of reach, a fault of
ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from steadwell.portal.refusals import error_response
from steadwell.transactions import is_out_of_reach


class OutOfReachMiddleware:
    """A database that cannot be reached in time, or an audit that cannot be written, is a 503 and not a
    fault.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return error_response(request, 503, "busy") if is_out_of_reach(exception) else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 400, "bad-request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 403, "forbidden")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 404, "not-found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception, also for one raised in a middleware."""
    status = 503 if is_out_of_reach(sys.exc_info()[1]) else 500
    return error_response(request, status, "busy" if status == 503 else "fault")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before the sign-in, or from elsewhere: the page says how to go on."""
    return error_response(request, 403, "form-expired")
