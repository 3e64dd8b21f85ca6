"""A Refusal becomes an answer here, once: a page, a fragment for htmx, or problem+json for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext

from steadwell.errors import HTTP_STATUS, Refusal
from steadwell.portal.access import is_htmx

RETRY_AFTER = 5  # seconds
ICONS: Mapping[int, str] = {
    403: "shield",
    404: "search",
    409: "move",
    410: "clock",
    412: "edit",
    503: "clock",
}


def wants_json(request: HttpRequest) -> bool:
    """Programs get problem+json (RFC 9457): everything under /api, or who accepts JSON and not HTML."""
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("json" in accept and "html" not in accept)


def refusal_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The one mapping of a refusal to HTTP."""
    status = HTTP_STATUS[refusal.kind]
    return _answer(request, status=status, code=refusal.code, text=gettext(refusal.text))


def error_response(request: HttpRequest, status: int, code: str) -> HttpResponse:
    """The answer for a failure that is not a refusal, in the words of its status."""
    return _answer(request, status=status, code=code, text="")


def _answer(request: HttpRequest, *, status: int, code: str, text: str) -> HttpResponse:
    response: HttpResponse
    if wants_json(request):
        body = {"type": "about:blank", "title": code, "status": status, "detail": text}
        response = JsonResponse(body, status=status, content_type="application/problem+json")
    elif is_htmx(request):
        context = {"text": text, "status": status}
        body_html = render_to_string("portal/errors/_fragment.html", context, request)
        # Whatever the request wanted to fill keeps what it has; the refusal goes where notices go.
        headers = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML show:window:top"}
        response = HttpResponse(body_html, status=status, headers=headers)
    else:
        response = HttpResponse(_page(request, status, text), status=status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, status: int, text: str) -> str:
    context = {"text": text, "status": status, "icon": ICONS.get(status, "warning")}
    if status >= 500:
        # Without the request: nothing on this page may need the database, a session or a signed-in reader.
        return render_to_string(f"portal/errors/_{status}.html", context)
    return render_to_string(f"portal/errors/{status}.html", context, request)


class RefusalMiddleware:
    """Turns a refusal that a view let through into its answer. Innermost: only views refuse."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal_response(request, exception) if isinstance(exception, Refusal) else None
