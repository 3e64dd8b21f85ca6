"""$validate: whether a resource could be written here, without writing it."""

from __future__ import annotations

from fhir_facade.server import auditing, validation
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.operations import parameters
from fhir_facade.server.outcome import Issue, failed, operation_outcome
from fhir_facade.server.registry import Definition

MODES = ("create", "update", "delete", "profile")


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
    base = f"http://hl7.org/fhir/StructureDefinition/{definition.type}"
    if profile is not None and str(profile).split("|")[0] not in {*definition.profiles, base}:
        raise failed(400, "not-supported", "This profile is not known here.")
    if not isinstance(resource, dict):
        raise failed(400, "required", "A resource to validate is needed.")
    issues = validation.check(resource)
    if not issues and resource.get("resourceType") != definition.type:
        issues = [Issue("invalid", f"This is no {definition.type}.", "resourceType")]
    auditing.record(access, "validate", definition.type, [])
    fine = Issue("informational", "It is valid.", severity="information")
    return Answer(status=200, resource=operation_outcome(issues or [fine]))
