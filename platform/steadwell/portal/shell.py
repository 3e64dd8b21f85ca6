"""What the shell around every page shows this reader: navigation, language, appearance, account."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from steadwell.portal.access import actor_of
from steadwell.portal.appearance import Theme, theme_of
from steadwell.portal.navigation import Area, Link, links


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    signed_in: bool
    body_class: str  # staff work on a denser page
    main: tuple[Link, ...]
    account: tuple[Link, ...]
    theme: Theme
    language: str
    other_languages: tuple[tuple[str, str], ...]
    sign_in_url: str
    sign_out_url: str
    here: str  # where the switches lead back to
    demo_url: str  # where one may look around as anybody; empty outside of the demonstration


def shell_of(request: HttpRequest) -> Shell:
    """Worked out once per request."""
    known: Shell | None = getattr(request, "_shell", None)
    if known is None:
        known = request._shell = _shell_of(request)  # type: ignore[attr-defined]
    return known


def _shell_of(request: HttpRequest) -> Shell:
    actor = actor_of(request)
    language = (get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    main = links(request, Area.MAIN)
    return Shell(
        signed_in=actor.user_id is not None,
        body_class="clinic" if actor.is_staff else "",
        main=(*links(request, Area.CLINIC), *main) if actor.is_staff else tuple(main),
        account=tuple(links(request, Area.ACCOUNT)),
        theme=theme_of(request),
        language=language,
        other_languages=tuple((code, str(name)) for code, name in settings.LANGUAGES if code != language),
        sign_in_url=resolve_url(settings.LOGIN_URL),
        sign_out_url=_address("account_logout"),
        here=request.get_full_path() if request.method == "GET" else request.path,
        demo_url="/demo/" if settings.DEMO else "",
    )


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def context(request: HttpRequest) -> dict[str, object]:
    """Context processor. Lazy: a fragment that shows no shell asks nothing."""
    return {"shell": SimpleLazyObject(lambda: shell_of(request))}
