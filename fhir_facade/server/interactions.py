"""What each address and verb does: one call in, one answer out, over HTTP or in a Bundle."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fhir_facade.server import auditing, conditional, histories, patching, searching, shaping, writing
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call, checked_id, is_among, number_of, version_of
from fhir_facade.server.outcome import Issue, failed, operation_outcome, stale
from fhir_facade.server.registry import Definition, Kind, registry
from fhir_facade.server.search import running
from fhir_facade.server.search.clauses import RESULT_PARAMS, Clause
from fhir_facade.server.wire import Resource
from fhir_facade.server.writing import Written


def perform(access: Access, call: Call) -> Answer:
    """By the shape of the path: Type, Type/_search, Type/id, Type/id/_history, Type/id/_history/version."""
    definition = registry().find(call.path[0]) if call.path else None
    if definition is None:
        raise failed(404, "not-supported", "There is no such type here.")
    if call.path[-1].startswith("$"):
        from fhir_facade.server import operations

        return operations.perform(access, definition, call)
    return _ROUTES[_shape(call.path)](access, definition, call)


def _shape(path: tuple[str, ...]) -> str:
    if len(path) == 1:
        return "type"
    if path[1] == "_search" and len(path) == 2:
        return "search"
    if path[1] == "_history" and len(path) == 2:
        return "type-history"
    checked_id(path[1])
    if len(path) == 2:
        return "instance"
    if path[2] == "_history" and len(path) <= 4:
        return "history" if len(path) == 3 else "version"
    if path[0] == "Patient" and (len(path) == 3 or path[3:] == ("_search",)):
        return "compartment"
    raise failed(404, "not-found", "There is no such address.")


def not_allowed(definition: Definition, *allowed: str) -> Exception:
    verbs = ", ".join(allowed)
    return failed(405, "not-supported", f"{definition.type} takes {verbs} here.", headers={"Allow": verbs})


def verbs(definition: Definition, shape: str) -> list[str]:
    """What is declared for an address: the Allow header and the test that crosses both read it."""
    inner = definition.interactions
    wanted = {
        "type": [("GET", "search-type"), ("POST", "create"), ("PUT", "update"), ("PATCH", "patch"),
                 ("DELETE", "delete")],
        "instance": [("GET", "read"), ("PUT", "update"), ("PATCH", "patch"), ("DELETE", "delete")],
    }[shape]  # fmt: skip
    return [verb for verb, needed in wanted if needed in inner]


def _type(access: Access, definition: Definition, call: Call) -> Answer:
    if call.method not in verbs(definition, "type"):
        raise not_allowed(definition, *verbs(definition, "type"))
    if call.method == "GET":
        return searching.search(access, definition, call)
    if call.method == "POST":
        return _create(access, definition, call)
    return _under_condition(access, definition, call)


def _create(access: Access, definition: Definition, call: Call) -> Answer:
    said = _body(call)
    with access.one_transaction():
        pairs = condition_of(call)
        conditional.take(access, definition.type, pairs, said)
        if pairs:
            access.need(definition.type, "s")
            found = conditional.only_match(access, definition, pairs)
            if found is not None:
                writing.checked(definition, said)
                return answer_of(writing.as_written(definition, found.resource), call)
        return answer_of(writing.create(access, definition, said), call)


def condition_of(call: Call) -> tuple[tuple[str, str], ...]:
    """Of a create: what If-None-Exist says. Some clients write it into the address; what was meant to make
    nothing twice must not be left out.
    """
    if call.if_none_exist:
        return conditional.pairs_of(call.if_none_exist) or (("", ""),)
    return tuple(pair for pair in call.pairs if pair[0] not in RESULT_PARAMS)


def _under_condition(access: Access, definition: Definition, call: Call) -> Answer:
    """PUT, PATCH and DELETE of whatever matches."""
    access.need(definition.type, "s")
    said = call.body if call.method == "PUT" and isinstance(call.body, dict) else None
    with access.one_transaction():
        conditional.take(access, definition.type, call.pairs, said)
        found = conditional.only_match(access, definition, call.pairs)
        if found is None:
            return _without_match(access, definition, call)
        key = str(found.resource["id"])
        return _instance(access, definition, _at(call, definition, key))


def _without_match(access: Access, definition: Definition, call: Call) -> Answer:
    if call.method == "PUT":
        said = _body(call)
        return answer_of(writing.create(access, definition, said), call)
    if call.method == "DELETE":
        access.need(definition.type, "d")
        return Answer(status=204)
    raise failed(404, "not-found", "Nothing matches this condition.")


def _at(call: Call, definition: Definition, key: str) -> Call:
    body = call.body
    if call.method == "PUT":
        said = _body(call)
        if said.get("id", key) != key:
            raise failed(400, "invalid", "The id in the resource is not that of what matches.")
        body = {**said, "id": key}
    return replace(call, path=(definition.type, key), pairs=(), body=body)


def _instance(access: Access, definition: Definition, call: Call) -> Answer:
    if call.method not in verbs(definition, "instance"):
        raise not_allowed(definition, *verbs(definition, "instance"))
    key, version = call.path[1], number_of(call.if_match)
    if call.method == "GET":
        return _read(access, definition, key, call)
    if call.method == "PUT":
        return answer_of(writing.update(access, definition, key, _body(call), version), call)
    if call.method == "PATCH":
        return _patch(access, definition, key, call)
    written = writing.delete(access, definition, key, version)
    return Answer(status=written.status)


def _read(access: Access, definition: Definition, key: str, call: Call) -> Answer:
    access.need(definition.type, "r")
    found = running.read(access, definition, key)
    if found is None:
        raise writing.gone_or_missing(definition, key, access=access)
    resource = found.resource
    meta = resource.get("meta", {})
    updated = datetime.fromisoformat(meta["lastUpdated"]) if "lastUpdated" in meta else None
    etag = str(meta.get("versionId", ""))
    auditing.record(access, "read", definition.type, [found.person_id], entity=key)
    if call.if_none_match and is_among(call.if_none_match, etag):
        return Answer(status=304, etag=etag, updated=updated)
    since = None if call.if_none_match else call.if_modified_since
    if since is not None and updated is not None and updated < since + timedelta(seconds=1):
        return Answer(status=304, etag=etag, updated=updated)
    summary, elements = call.option("_summary") or "false", call.option("_elements")
    if summary not in {"true", "text", "data", "count", "false"}:
        raise failed(400, "value", "_summary is true, text, data or false.")
    if elements or summary != "false":
        names = [each.strip() for each in elements.split(",") if each.strip()]
        resource = shaping.shaped(resource, summary=summary, elements=names)
    return Answer(status=200, resource=resource, etag=etag, updated=updated)


def _patch(access: Access, definition: Definition, key: str, call: Call) -> Answer:
    access.need(definition.type, "u")
    with access.one_transaction():
        found = running.read(access, definition, key, letter="u")
        if found is None:
            raise writing.gone_or_missing(definition, key, access=access)
        now = found.resource["meta"]["versionId"]
        if call.if_match and version_of(call.if_match) != now:
            raise stale(now)
        patched = patching.apply(found.resource, call.body, call.content_type)
        if patched.get("id") != key or patched.get("resourceType") != definition.type:
            raise failed(422, "processing", "A patch changes neither the type nor the id.")
        number = int(now) if str(now).isdecimal() else None
        return answer_of(writing.update(access, definition, key, patched, number, method="PATCH"), call)


def _search(access: Access, definition: Definition, call: Call) -> Answer:
    if call.method != "POST" or "search-type" not in definition.interactions:
        raise not_allowed(definition, "POST")
    return searching.search(access, definition, call)


def _history(access: Access, definition: Definition, call: Call) -> Answer:
    _only_get(definition, call, "history-instance")
    return histories.of_instance(access, definition, call.path[1], call)


def _type_history(access: Access, definition: Definition, call: Call) -> Answer:
    _only_get(definition, call, "history-instance")
    return histories.of_type(access, definition, call)


def _version(access: Access, definition: Definition, call: Call) -> Answer:
    _only_get(definition, call, "vread")
    return histories.vread(access, definition, call.path[1], call.path[3])


def _only_get(definition: Definition, call: Call, needed: str) -> None:
    if needed not in definition.interactions:
        raise failed(404, "not-supported", f"{definition.type} keeps no versions.")
    if call.method != "GET":
        raise not_allowed(definition, "GET")


def _compartment(access: Access, definition: Definition, call: Call) -> Answer:
    """GET Patient/ID/Observation, or POST of a form to its _search: those of the patient, whatever else is
    asked.
    """
    inner = registry().find(call.path[2])
    if inner is None or not inner.compartment:
        raise failed(404, "not-supported", "There is no such type in a patient's compartment.")
    wanted = "GET" if len(call.path) == 3 else "POST"
    if call.method != wanted:
        raise not_allowed(inner, wanted)
    param = inner.param(inner.compartment[0])
    assert param is not None and param.kind is Kind.REFERENCE  # noqa: S101, PT018 - the registry looked
    clause = Clause(param=param, values=(f"Patient/{call.path[1]}",))
    return searching.search(access, inner, call, more=(clause,))


def _body(call: Call) -> Resource:
    if not isinstance(call.body, dict):
        raise failed(400, "structure", "A resource is needed.")
    return call.body


def answer_of(written: Written, call: Call) -> Answer:
    """With as much of the resource as was asked for (Prefer: return)."""
    wanted = call.prefer.get("return", "representation")
    resource: Any = written.resource
    if wanted == "minimal":
        resource = None
    elif wanted == "OperationOutcome":
        resource = operation_outcome([Issue("informational", "It is written.", severity="information")])
    return Answer(
        status=written.status, resource=resource, etag=written.version, updated=written.updated,
        location=written.location,
    )  # fmt: skip


_ROUTES = {
    "type": _type,
    "search": _search,
    "instance": _instance,
    "history": _history,
    "type-history": _type_history,
    "version": _version,
    "compartment": _compartment,
}
