"""Operations ($ addresses): each declares itself here, and the CapabilityStatement reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.operations import everything, scheduling_ihe, subscriptions, validate
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    name: str
    definition: str  # its canonical URL
    run: Callable[[Access, Definition, Call], Answer]
    instance: bool  # called on a resource, or on its type
    of_type: bool = False  # on its type as well


_HL7 = "http://hl7.org/fhir/OperationDefinition/"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"
_IHE = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/"
OPERATIONS = {
    each.name: each
    for each in (
        Operation(
            name="everything", definition=f"{_HL7}Patient-everything", run=everything.run, instance=True
        ),
        Operation(
            name="validate",
            definition=f"{_HL7}Resource-validate",
            run=validate.run,
            instance=True,
            of_type=True,
        ),
        Operation(name="find", definition=f"{_IHE}appointment-find", run=scheduling_ihe.find, instance=False),
        Operation(name="hold", definition=f"{_IHE}appointment-hold", run=scheduling_ihe.hold, instance=False),
        Operation(
            name="status",
            definition=f"{_BACKPORT}backport-subscription-status",
            run=subscriptions.status,
            instance=True,
            of_type=True,
        ),
        Operation(
            name="events",
            definition=f"{_BACKPORT}backport-subscription-events",
            run=subscriptions.events,
            instance=True,
        ),
        Operation(name="book", definition=f"{_IHE}appointment-book", run=scheduling_ihe.book, instance=False),
    )
}


def of(definition: Definition) -> list[Operation]:
    """Those of a type; whatever can be written can be validated."""
    names = [*definition.operations, *(["validate"] if definition.writer is not None else [])]
    return [OPERATIONS[name] for name in names]


def perform(access: Access, definition: Definition, call: Call) -> Answer:
    name = call.path[-1].removeprefix("$")
    found = next((each for each in of(definition) if each.name == name), None)
    if found is None or len(call.path) not in _lengths(found):
        raise failed(404, "not-supported", f"{definition.type} has no such operation.")
    return found.run(access, definition, call)


def _lengths(operation: Operation) -> set[int]:
    """Of the paths that it is called by: on a resource, on a type."""
    return {
        *([3] if operation.instance else []),
        *([2] if operation.of_type or not operation.instance else []),
    }
