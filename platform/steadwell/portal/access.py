"""Who may open a page. One decorator, one answer for strangers: there is nothing here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from steadwell.actor import ANONYMOUS, Actor, Role
from steadwell.errors import NotFound

P = ParamSpec("P")


class PortalRequest(HttpRequest):
    """A request as the portal's views see it: with the actor that the accounts middleware set."""

    actor: Actor
    htmx: HtmxDetails


View = Callable[Concatenate[PortalRequest, P], HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """The request's actor; the anonymous one where a request never got as far as the accounts middleware."""
    return cast("Actor", getattr(request, "actor", ANONYMOUS))


def is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def requires(*roles: Role) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """Let in those who hold one of the roles (any signed-in person when none is named).

    One who is not signed in is sent to sign in and comes back. One who is, without the role, is told that
    there is
    nothing here: not there and not yours look the same.
    """

    def decorate(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            actor = actor_of(request)
            if actor.user_id is None:
                return _sign_in_first(request)
            if roles and not actor.has(*roles):
                raise NotFound
            return view(cast("PortalRequest", request), *args, **kwargs)

        return guarded

    return decorate


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    target = request.get_full_path() if request.method == "GET" else "/"
    answer = redirect_to_login(target)
    if is_htmx(request):
        # A redirect would be followed inside the fragment; the header makes the whole page go.
        return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
    return answer
