"""A request and its answer, apart from HTTP: entries of a Bundle are the same as requests of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhir_facade.server.outcome import failed
from fhir_facade.server.wire import Resource

_TAG = re.compile(r'(?:W/)?"([^"]+)"')
ID = re.compile(r"[A-Za-z0-9\-\.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``path`` is relative to the base, ``pairs`` its query. ``body`` is a resource, or a JSON Patch."""

    method: str
    path: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    body: Any = None
    content_type: str = "application/fhir+json"
    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: datetime | None = None
    if_none_exist: str = ""
    prefer: Mapping[str, str] = field(default_factory=dict)

    @property
    def strict(self) -> bool:
        return self.prefer.get("handling") == "strict"

    def option(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    resource: Resource | None = None
    etag: str = ""
    updated: datetime | None = None
    location: str = ""  # relative to the base
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""  # for the audit of a refusal


def version_of(header: str) -> str:
    """The version in an ETag; empty when there is no header. 400 for what is no ETag."""
    if not header or header == "*":
        return ""
    match = _TAG.fullmatch(header.strip())
    if match is None:
        raise failed(400, "value", 'If-Match is written W/"version".')
    return match[1]


def is_among(header: str, version: str) -> bool:
    """Whether If-None-Match names a version. Some clients leave its quotes out; what cannot be read names
    nothing.
    """
    named = (each.strip().removeprefix("W/").strip('"') for each in header.split(","))
    return bool(version) and any(each in {version, "*"} for each in named)


def number_of(header: str) -> int | None:
    """The version as the number that versions are here; one that is none matches nothing."""
    version = version_of(header)
    if not version:
        return None
    return int(version) if version.isdecimal() and len(version) < 9 else -1


def checked_id(key: str) -> str:
    if ID.fullmatch(key) is None:
        raise failed(400, "value", "An id has 1 to 64 letters, digits, dots and dashes.")
    return key
