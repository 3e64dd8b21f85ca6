"""The one module that knows fhir.resources: its R4B models look at what comes in, and never serve.

They turn 7.10 into 7.1 and read text as numbers, so only their refusals are used.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from fhir_facade.server.outcome import Issue
from fhir_facade.server.wire import Resource

# Wider or narrower there than in 4.0.1.
_OTHER_SHAPE = frozenset({"Subscription", "Parameters", "Bundle", "Group"})


@cache
def _model(kind: str) -> Any:
    return get_fhir_model_class(kind)


def check(resource: Resource) -> list[Issue]:
    kind = resource["resourceType"]
    if kind in _OTHER_SHAPE:
        return []
    try:
        _model(kind).model_validate(resource)
    except ValidationError as error:
        return [
            Issue("structure", _words(each["type"]), ".".join([kind, *(_name(p) for p in each["loc"])]))
            for each in error.errors(include_input=False, include_url=False, include_context=False)[:20]
        ]
    return []


def _name(part: object) -> str:
    return f"[{part}]" if isinstance(part, int) else str(part)[:60]


def _words(kind: str) -> str:
    return "This must be there." if kind == "missing" else "This cannot be used here."
