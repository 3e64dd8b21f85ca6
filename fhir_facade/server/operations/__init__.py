"""Operations ($ addresses): each declares itself here, and the CapabilityStatement reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.operations import everything, scheduling_ihe, validate
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    name: str
    definition: str  # its canonical URL
    run: Callable[[Access, Definition, Call], Answer]
    instance: bool  # called on a resource, or on its type


_HL7 = "http://hl7.org/fhir/OperationDefinition/"
_IHE = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/"
OPERATIONS = {
    each.name: each
    for each in (
        Operation(
            name="everything", definition=f"{_HL7}Patient-everything", run=everything.run, instance=True
        ),
        Operation(name="validate", definition=f"{_HL7}Resource-validate", run=validate.run, instance=False),
        Operation(name="find", definition=f"{_IHE}appointment-find", run=scheduling_ihe.find, instance=False),
        Operation(name="hold", definition=f"{_IHE}appointment-hold", run=scheduling_ihe.hold, instance=False),
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
    if found is None or len(call.path) != (3 if found.instance else 2):
        raise failed(404, "not-supported", f"{definition.type} has no such operation.")
    return found.run(access, definition, call)
