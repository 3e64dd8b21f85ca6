"""Scopes as text: SMART v1 (``.read``, ``.write``, ``.*``) and v2 (``.cruds?category=…``).

SMART App Launch 2.2, "Scopes for requesting FHIR Resources". Scopes about identity and launch (``openid``,
``launch/patient``, ``offline_access``) say nothing about data and are left out.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from fhir_facade.smart.types import Level, Scope

_FORM = re.compile(
    r"^(patient|user|system)/(\*|[A-Z][A-Za-z]{1,40})\.(\*|read|write|[cruds]{1,5})(?:\?(.+))?$"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_ORDER = "cruds"


def parse(text: str) -> tuple[Scope, ...]:
    """The scopes about data in a space-separated list. What cannot be read grants nothing."""
    found = (parse_one(each) for each in text.split())
    return tuple(scope for scope in found if scope is not None)


def parse_one(text: str) -> Scope | None:
    """None for what is no scope about data, or is not written as v1 or v2 (``.sr`` is out of order)."""
    match = _FORM.match(text)
    if match is None:
        return None
    level, resource, permissions, query = match.groups()
    letters = _VERSION_1.get(permissions, permissions)
    if letters != "".join(each for each in _ORDER if each in letters):
        return None
    pairs = parse_qsl(query or "", keep_blank_values=True)
    if query and (not pairs or any(not value for _, value in pairs)):
        return None
    return Scope(
        level=Level(level), resource=resource, interactions=frozenset(letters), query=tuple(sorted(pairs))
    )


def written(scope: Scope) -> str:
    """A scope in the form of v2."""
    letters = "".join(each for each in _ORDER if each in scope.interactions)
    query = "?" + urlencode(scope.query, safe=":/|,") if scope.query else ""
    return f"{scope.level}/{scope.resource}.{letters}{query}"
