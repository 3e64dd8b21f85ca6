"""The addresses for machines: health and metrics. No sign-in, no session, nothing about a person."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse

from steadwell.observability import health, metrics


def live(request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nobody: a database's outage must not restart every web process."""
    return _unstored(JsonResponse({"status": "live"}))


def ready(request: HttpRequest) -> HttpResponse:
    """The process may be sent requests: 200, else 503 with what is amiss, in codes and numbers."""
    is_ready, answers = health.readiness()
    status = "ready" if is_ready else "not-ready"
    return _unstored(JsonResponse({"status": status, "checks": answers}, status=200 if is_ready else 503))


def scrape(request: HttpRequest) -> HttpResponse:
    """Prometheus' door: by token, or from an allowed address no proxy spoke for. Else it is not there."""
    if not (_has_token(request) or _is_near(request)):
        return HttpResponseNotFound()
    return _unstored(HttpResponse(metrics.render(), content_type=metrics.CONTENT_TYPE))


def _has_token(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.META.get("HTTP_AUTHORIZATION", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_near(request: HttpRequest) -> bool:
    if any(f"HTTP_{name}" in request.META for name in ("X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "VIA")):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)


def _unstored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
