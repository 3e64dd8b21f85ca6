"""What must never be true of an installation that real patients use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def no_demo(app_configs: object, **_: Any) -> list[CheckMessage]:
    """Part of ``check --deploy``; production's settings refuse the demo before this runs."""
    if not settings.DEMO:
        return []
    return [
        Error(
            "The demo is on: anybody can sign in as anybody.",
            hint="Unset DEMO.",
            id="accounts.E001",
        )
    ]


def axes_in_place(app_configs: object, **_: Any) -> list[CheckMessage]:
    """The lock-out counts only when it stands first among the backends and last in the middleware."""
    first = settings.AUTHENTICATION_BACKENDS[0] == "axes.backends.AxesStandaloneBackend"
    last = settings.MIDDLEWARE[-1] == "axes.middleware.AxesMiddleware"
    if first and last and getattr(settings, "AXES_ENABLED", True):
        return []
    return [
        Error(
            "The lock-out does not guard the doors.",
            hint="AxesStandaloneBackend comes first, AxesMiddleware last, and AXES_ENABLED stays on.",
            id="accounts.E002",
        )
    ]
