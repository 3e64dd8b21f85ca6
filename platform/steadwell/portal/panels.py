"""Pages made of parts from several apps: an app registers a panel for a place, the portal puts them together.

Places so far: ``home`` (a signed-in reader's first page, main column), ``home-aside``, ``clinic`` (above
the day of staff), ``alerts`` (below the header of every page), ``booking`` (beside the booking steps),
``patient`` (a patient's page of staff; whose it is stands in ``request.resolver_match.kwargs["person_id"]``).
A place is only a name; an app may open a new one by showing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from steadwell.actor import Role
from steadwell.portal.access import PortalRequest, actor_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a panel shows now: a template of the app and what it needs."""

    template: str
    context: Mapping[str, object]


Build = Callable[[PortalRequest], Panel | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    place: str
    roles: frozenset[Role]
    order: int
    build: Build


_panels: dict[str, _Registered] = {}


def register_panel(
    *, key: str, place: str, build: Build, roles: frozenset[Role] = frozenset(), order: int = 100
) -> None:
    """Add or replace a panel. ``build`` gives None where it has nothing to say to this reader."""
    _panels[key] = _Registered(place=place, roles=roles, order=order, build=build)


def render_panels(request: HttpRequest, place: str) -> list[SafeString]:
    """The panels of a place for the request's actor, rendered, in order."""
    actor = actor_of(request)
    if actor.user_id is None:
        return []
    chosen = sorted((p.order, key) for key, p in _panels.items() if p.place == place)
    rendered = []
    for _, key in chosen:
        entry = _panels[key]
        if entry.roles and not actor.has(*entry.roles):
            continue
        panel = entry.build(request)  # type: ignore[arg-type]
        if panel is not None:
            rendered.append(render_to_string(panel.template, dict(panel.context), request))
    return rendered
