"""What stands in the header: each app registers its entries in ``AppConfig.ready()``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from django.http import HttpRequest
from django.urls import get_urlconf, reverse
from django.utils.functional import Promise

from steadwell.actor import Actor, Role
from steadwell.portal.access import PortalRequest, actor_of

Badge = Callable[[PortalRequest], int]
Concerns = Callable[[Actor], bool]


class Area(StrEnum):
    MAIN = "main"  # patients and their proxies
    CLINIC = "clinic"  # staff
    ACCOUNT = "account"  # the menu under one's own name


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    key: str
    area: Area
    label: str | Promise
    url_name: str
    roles: frozenset[Role]
    icon: str
    order: int
    badge: Badge | None
    prefix: str | None
    concerns: Concerns | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry as the shell shows it to this reader."""

    label: str
    url: str
    icon: str
    current: bool
    count: int


_entries: dict[str, Entry] = {}


def register_nav(
    *,
    key: str,
    label: str | Promise,
    url_name: str,
    area: Area = Area.MAIN,
    roles: frozenset[Role] = frozenset(),
    icon: str = "",
    order: int = 100,
    badge: Badge | None = None,
    prefix: str | None = None,
    concerns: Concerns | None = None,
) -> None:
    """Add or replace an entry. Those with one of ``roles`` see it (everybody signed in when empty).

    ``badge`` counts what waits there, such as unread messages. ``prefix`` is the part of the address under
    which the entry counts as the current one; by default the entry's own address. ``concerns`` leaves it out
    for actors it is not about, whatever their roles.
    """
    _entries[key] = Entry(
        key=key,
        area=area,
        label=label,
        url_name=url_name,
        roles=roles,
        icon=icon,
        order=order,
        badge=badge,
        prefix=prefix,
        concerns=concerns,
    )


def links(request: HttpRequest, area: Area) -> list[Link]:
    """The entries of an area that the request's actor may see, in order."""
    actor = actor_of(request)
    if actor.user_id is None:
        return []
    seen = sorted((e for e in _entries.values() if e.area is area), key=lambda e: (e.order, e.key))
    entries = [e for e in seen if _is_for(e, actor)]
    here = max((e for e in entries if _covers(e, request.path)), key=_reach, default=None)
    return [_link(request, e, is_current=e is here) for e in entries]


@lru_cache(maxsize=256)
def _address(url_name: str, _urlconf: str | None) -> str:
    """Entries take no arguments, so each has one address as long as the routes are the same."""
    return reverse(url_name)


def _is_for(entry: Entry, actor: Actor) -> bool:
    return (not entry.roles or actor.has(*entry.roles)) and (not entry.concerns or entry.concerns(actor))


def _covers(entry: Entry, path: str) -> bool:
    url = _address(entry.url_name, get_urlconf())
    prefix = entry.prefix or url
    return path == url or (prefix != "/" and path.startswith(prefix))


def _reach(entry: Entry) -> int:
    """Of two entries that cover an address the one with the longer prefix is meant: one page is current."""
    return len(entry.prefix or _address(entry.url_name, get_urlconf()))


def _link(request: HttpRequest, entry: Entry, *, is_current: bool) -> Link:
    url = _address(entry.url_name, get_urlconf())
    count = entry.badge(request) if entry.badge else 0  # type: ignore[arg-type]
    return Link(label=str(entry.label), url=url, icon=entry.icon, current=is_current, count=count)
