"""A service shows functions, types and refusals; a write states who, for which request, and when."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.db import models
from source_tree import PACKAGES, ROOT

APPS = ("scheduling", "labs", "medications", "messaging", "notifications", "fhir_facade")
DOMAIN = ("scheduling", "labs", "medications", "messaging")
READS = ("get_", "find_", "list_", "search", "describe_")
READS_BY_NAME = {
    "alternatives_for",
    "as_known",
    "calendar_file",
    "feed_for_token",
    "first_available",
    "history_of",
    "language_name",
    "months_glance",
    "nearest",
    "report_versions",
    "reports_of",
    "series",
    "series_of",
    "speciality_name",
    "standing_elsewhere",
    "touched_by_move",
}
# Writes that answer a repeat with the first answer without being given a key, and why they can.
REPEATABLE = {
    "file_statement": "the same content is one version of its statement",
    "file_allergy": "the same content is one version of its allergy",
    "match_report": "a report that does not wait any more is refused",
    "replay_observation": "what was settled is refused",
    "dismiss_observation": "what was settled is refused",
    "file_report": "the same content is one version of its report",
    "file_reports": "the same content is one version of its report",
    "hold": "one hold per user and patient; the same offer again is the same hold",
    "release_hold": "gone is gone",
    "make_feed": "each call ends the former address: that is its meaning",
    "revoke_feed": "ended is ended",
    "read_conversation": "what its side has had on the screen is not read anew",
    "import_calendar": "what a UID brought before is replaced, so the same file again changes nothing",
}


def service_names() -> list[str]:
    kernel = [
        f"steadwell.{m.name}" for m in pkgutil.iter_modules([str(ROOT / "platform/steadwell")]) if m.ispkg
    ]
    return [
        f"{name}.service"
        for name in (*kernel, *APPS)
        if name not in {"steadwell.config", "steadwell.launcher", "steadwell.terminology"}
    ]


def positional(function: Callable[..., Any]) -> list[str]:
    """Parameters that may be given by position. A function of one thing may take it as it is."""
    allowed = {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
    found = list(inspect.signature(function).parameters.values())
    return [p.name for p in found if p.kind not in allowed and len(found) > 1]


def write_without(function: Callable[..., Any]) -> set[str]:
    """What a write of a domain service fails to ask for: actor, request_key and now, by keyword."""
    if function.__name__.startswith(READS) or function.__name__ in READS_BY_NAME:
        return set()
    if ".demo." in function.__module__:  # the platform itself fills an empty demo, once
        return set()
    keywords = {
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
    wanted = {"actor", "now"} if function.__name__ in REPEATABLE else {"actor", "request_key", "now"}
    return wanted - keywords


def public_functions(module: ModuleType) -> list[Callable[..., Any]]:
    return [f for name in module.__all__ if inspect.isfunction(f := getattr(module, name))]


@pytest.mark.parametrize("name", service_names())
def test_service_lists_what_it_shows(name):
    module = importlib.import_module(name)

    shown = {shown: getattr(module, shown) for shown in module.__all__}

    assert [n for n, value in shown.items() if inspect.ismodule(value)] == []
    assert [n for n, v in shown.items() if _is_concrete_model(v)] == []


def _is_concrete_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, models.Model) and not value._meta.abstract


@pytest.mark.parametrize("name", DOMAIN)
def test_domain_services_take_keywords_only(name):
    module = importlib.import_module(f"{name}.service")

    assert {f.__name__: positional(f) for f in public_functions(module) if positional(f)} == {}


@pytest.mark.parametrize("name", DOMAIN)
def test_domain_writes_say_who_for_which_request_and_when(name):
    module = importlib.import_module(f"{name}.service")

    assert {f.__name__: write_without(f) for f in public_functions(module) if write_without(f)} == {}


def test_checks_catch_a_planted_write():
    def book(slot_id: str, *, actor: str, now: str) -> None: ...

    assert positional(book) == ["slot_id"]
    assert write_without(book) == {"request_key"}


def test_every_package_has_a_service():
    assert len(service_names()) >= len(PACKAGES) + 6
