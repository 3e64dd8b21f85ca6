"""$validate: whether a resource is right, and with a mode whether it could be written here, without writing
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from fhir_facade.server import auditing, profiles, validation, writing
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.operations import parameters
from fhir_facade.server.outcome import Failed, Issue, failed, of_refusal, operation_outcome
from fhir_facade.server.registry import Definition
from fhir_facade.server.wire import Resource
from steadwell.errors import Refusal

MODES = ("create", "update", "delete", "profile")
_BASE = "http://hl7.org/fhir/StructureDefinition/"


def run(access: Access, definition: Definition, call: Call) -> Answer:
    if call.method != "POST":
        raise failed(405, "not-supported", "$validate is called by POST.", headers={"Allow": "POST"})
    if not any(access.rules(definition.type, letter) for letter in "crus"):
        access.need(definition.type, "c")
    said = parameters.read(call)
    resource = parameters.one(said, "resource")
    if resource is None and isinstance(call.body, dict) and call.body.get("resourceType") != "Parameters":
        resource = call.body
    mode, profile = parameters.one(said, "mode"), parameters.one(said, "profile")
    if mode is not None and mode not in MODES:
        raise failed(400, "value", f"mode is one of {', '.join(MODES)}.")
    if profile is not None and not _knows(definition, profile):
        raise failed(400, "not-supported", "This profile is not known here.")
    key = call.path[1] if len(call.path) == 3 else ""
    if mode == "delete":
        issues = _tried(access, lambda: writing.delete(access, definition, _known(key), None))
    elif isinstance(resource, dict):
        issues = _content(definition, resource, profile) or _written(access, definition, resource, mode, key)
    else:
        raise failed(400, "required", "A resource to validate is needed.")
    auditing.record(access, "validate", definition.type, [], entity=key)
    fine = Issue("informational", "It is valid.", severity="information")
    return Answer(status=200, resource=operation_outcome(issues or [fine]))


def _knows(definition: Definition, profile: Any) -> bool:
    return str(profile).partition("|")[0] in {*definition.profiles, f"{_BASE}{definition.type}"}


def _content(definition: Definition, resource: Resource, profile: str | None) -> list[Issue]:
    """By FHIR, then by the profile that was asked for, or else by those that it says it keeps to."""
    issues = validation.check(resource)
    if not issues and resource.get("resourceType") != definition.type:
        return [Issue("invalid", f"This is no {definition.type}.", "resourceType")]
    if issues:
        return issues
    claimed = [each for each in resource.get("meta", {}).get("profile", ()) if _knows(definition, each)]
    asked = [str(profile)] if profile else claimed
    return [issue for each in asked for issue in profiles.check(resource, each)]


def _written(
    access: Access, definition: Definition, resource: Resource, mode: str | None, key: str
) -> list[Issue]:
    if mode == "create":
        return _tried(access, lambda: writing.create(access, definition, resource))
    if mode == "update":
        wanted = key or _known(str(resource.get("id", "")))
        return _tried(access, lambda: writing.update(access, definition, wanted, resource, None))
    return []


def _known(key: str) -> str:
    if not key:
        raise failed(400, "required", "Call it on the resource that is meant.")
    return key


def _tried(access: Access, work: Callable[[], object]) -> list[Issue]:
    """What stands against it: the write itself, taken back before anybody could see it. Whoever may not write
    is told so as they would be when writing.
    """
    with access.one_transaction():
        try:
            with transaction.atomic():
                work()
                transaction.set_rollback(True)
        except Refusal as refusal:
            problem = of_refusal(refusal)
        except Failed as own:
            problem = own
        else:
            return []
    if problem.status == 403:
        raise problem
    return list(problem.issues)
