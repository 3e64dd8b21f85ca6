"""Light, dark, or as the reader's device wishes: a choice kept in a cookie, so that it works without
script.
"""

from __future__ import annotations

from enum import StrEnum

from django.http import HttpRequest, HttpResponseBase

COOKIE = "appearance"
YEAR = 365 * 24 * 60 * 60


class Theme(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


THEMES = frozenset(Theme)


def theme_of(request: HttpRequest) -> Theme:
    """The reader's choice; anything unknown counts as none."""
    value = request.COOKIES.get(COOKIE, "")
    return Theme(value) if value in THEMES else Theme.SYSTEM


def keep_theme(response: HttpResponseBase, theme: Theme, *, secure: bool) -> None:
    if theme is Theme.SYSTEM:
        response.delete_cookie(COOKIE)
    else:
        response.set_cookie(COOKIE, theme, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
