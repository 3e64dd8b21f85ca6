"""The portal's own pages: home, the switches for language and appearance, and the components in one place."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.portal.access import actor_of
from steadwell.portal.appearance import THEMES, YEAR, Theme, keep_theme
from steadwell.portal.navigation import Area, links
from steadwell.portal.returning import return_address


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What this is, for a stranger; what comes next, for one who signed in."""
    actor = actor_of(request)
    if actor.user_id is None:
        return render(request, "portal/welcome.html")
    work = links(request, Area.CLINIC)
    if work and actor.person_id is None:
        return HttpResponseRedirect(work[0].url)  # staff begin where their day is
    return render(request, "portal/home.html")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(return_address(request))
    value = request.POST.get("theme", "")
    if value in THEMES:
        keep_theme(response, Theme(value), secure=request.is_secure())
    return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(return_address(request))
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=YEAR,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
        _remember_language(request, code)
    return response


def _remember_language(request: HttpRequest, code: str) -> None:
    """The account keeps the choice too: mail goes out in it, and another device starts with it."""
    actor = actor_of(request)
    if actor.user_id is not None and request.user.is_authenticated:
        accounts.set_preferences(
            actor=actor,
            user_id=actor.user_id,
            language=code,
            time_zone=request.user.time_zone,
            now=clock.now(),
        )


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest, so that the portal can be put on a phone's first screen."""
    icon = {"src": static("portal/img/favicon.svg"), "type": "image/svg+xml", "sizes": "any"}
    body = {
        "name": "Steadwell",
        "short_name": "Steadwell",
        "start_url": "/",
        "display": "standalone",
        "lang": get_language(),
        "background_color": "#f6f3ec",
        "theme_color": "#0f5560",
        "icons": [icon],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
