"""Patches: JSON Patch (RFC 6902) and FHIRPath Patch (http://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

import copy
import re
from typing import Any

import fhirpathpy
import jsonpatch
import jsonpointer

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server import definitions, wire
from fhir_facade.server.outcome import failed
from fhir_facade.server.wire import Resource

JSON_PATCH = "application/json-patch+json"
MOST_STEPS = 200
MOST_COPIED = 2**18  # bytes by which copies may make a resource longer
LONGEST_PATH, LONGEST_TOGETHER, MOST_BRACKETS = 300, 5_000, 10  # reading them costs a millisecond a sign
# What a path that means one element needs. Others cost what the client likes: matches() with a pattern of
# its own, repeat(), power().
_FUNCTIONS = frozenset(
    {
        "where", "first", "last", "single", "extension", "ofType", "as", "is", "exists", "empty", "not",
        "startsWith", "and", "or", "in",
    }
)  # fmt: skip
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'")
_NO_FIT = (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, LookupError, ValueError)
_CALLED = re.compile(r"(\w+)`?\s*\(")


def apply(resource: Resource, patch: Any, content_type: str) -> Resource:
    """The resource as the patch leaves it. 422 where a step does not fit, 409 where a test fails."""
    made = _patched(resource, patch, content_type)
    if not isinstance(made, dict) or wire.too_deep(made):
        raise _unfit()
    return made


def _patched(resource: Resource, patch: Any, content_type: str) -> Any:
    if content_type == JSON_PATCH:
        return _json(resource, patch)
    if not isinstance(patch, dict) or patch.get("resourceType") != "Parameters":
        raise failed(
            415, "not-supported",
            "A patch is a JSON Patch (application/json-patch+json) or a Parameters resource with operations.",
            headers={"Accept-Patch": f"{JSON_PATCH}, application/fhir+json"},
        )  # fmt: skip
    return _fhirpath(resource, patch)


def _json(resource: Resource, patch: Any) -> Any:
    if not isinstance(patch, list) or not patch or len(patch) > MOST_STEPS:
        raise failed(400, "structure", f"A JSON Patch is a list of 1 to {MOST_STEPS} operations.")
    try:
        jsonpatch.JsonPatch(patch)  # each is an operation, before the first one is done
        made: Any = copy.deepcopy(resource)
        most = len(wire.dump(resource)) + MOST_COPIED
        for step in patch:
            made = jsonpatch.JsonPatch([step]).apply(made, in_place=True)
            # Each copy of a list into itself doubles it.
            if step["op"] == "copy" and len(wire.dump(made)) > most:
                raise failed(422, "too-costly", "The copies of this patch are too many.")
    except jsonpatch.JsonPatchTestFailed:
        raise failed(
            409, "conflict", "A test of the patch failed: the resource is not what it expects."
        ) from None
    except _NO_FIT:
        raise _unfit() from None
    return made


def _fhirpath(resource: Resource, patch: Resource) -> Resource:
    made = copy.deepcopy(resource)
    steps = [each for each in mappings(patch.get("parameter")) if each.get("name") == "operation"]
    if not steps or len(steps) > MOST_STEPS:
        raise failed(400, "structure", f"A patch has 1 to {MOST_STEPS} operations.")
    told = [
        {text_of(part.get("name")): _value(part) for part in mappings(step.get("part"))} for step in steps
    ]
    paths = [len(text_of(step.get("path"))) for step in told]
    if max(paths) > LONGEST_PATH or sum(paths) > LONGEST_TOGETHER:
        raise failed(422, "too-costly", "The paths of this patch are too long.")
    for step in told:
        _step(made, step)
    return made


def _value(part: Resource) -> Any:
    named = [each for each in part if each.startswith("value")]
    if named:
        return part[named[0]]
    inner = mappings(part.get("part"))
    return {text_of(each.get("name")): _value(each) for each in inner} if inner else None


def _step(resource: Resource, step: dict[str, Any]) -> None:
    kind, path = step.get("type"), text_of(step.get("path"))
    if kind == "add":
        _add(_one(resource, path), text_of(step.get("name")), step.get("value"))
    elif kind == "insert":
        _list_at(resource, path).insert(_index(step.get("index")), step.get("value"))
    elif kind == "delete":
        _delete(resource, path)
    elif kind == "replace":
        _replace(resource, path, step.get("value"))
    elif kind == "move":
        several = _list_at(resource, path)
        source, target = _index(step.get("source")), _index(step.get("destination"))
        if max(source, target) >= len(several):
            raise _unfit()
        several.insert(target, several.pop(source))
    else:
        raise failed(400, "value", "An operation is add, insert, delete, replace or move.")


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _unfit()
    return value


def _unfit() -> Exception:
    return failed(422, "processing", "An operation of the patch does not fit this resource.")


def _found(resource: Resource, path: str) -> list[Any]:
    called = _CALLED.findall(_QUOTED.sub("''", path))
    if path.count("(") > MOST_BRACKETS or not _FUNCTIONS.issuperset(called):
        raise failed(422, "not-supported", "A path of the patch calls what is not known here.")
    try:
        found: list[Any] = fhirpathpy.evaluate(resource, path, {})
    except Exception as error:
        raise failed(422, "processing", "A path of the patch cannot be read.") from error
    return [each.data if hasattr(each, "data") else each for each in found]


def _one(resource: Resource, path: str) -> dict[str, Any]:
    found = [each for each in _found(resource, path) if isinstance(each, dict)]
    if len(found) != 1:
        raise _unfit()
    target = _same(resource, found[0])
    if target is None:
        raise _unfit()
    return target


def _same(node: Any, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The very object in the resource: the engine may answer a copy."""
    equal: dict[str, Any] | None = node if isinstance(node, dict) and node == wanted else None
    if node is wanted:
        return equal
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        inner = _same(each, wanted)
        if inner is wanted:
            return inner
        equal = equal or inner
    return equal


def _add(target: dict[str, Any], name: str, value: Any) -> None:
    if not name or value is None:
        raise _unfit()
    known = target.get(name)
    if isinstance(known, list):
        known.append(value)
    elif _repeats(target, name):
        target[name] = [value]
    else:
        target[name] = value


def _repeats(target: dict[str, Any], name: str) -> bool:
    element = definitions.children(str(target.get("resourceType", ""))).get(name)
    return element.repeats if element else False


def _places(resource: Resource, path: str) -> tuple[Any, Any]:
    """The container and the key of the one element at a path such as ``Patient.name[0].family``."""
    node: Any = resource
    steps = _steps(path)
    for name, index in steps[:-1]:
        node = _into(node, name, index)
    name, index = steps[-1]
    if index is None:
        return node, name
    return _into(node, name, None), index


def _steps(path: str) -> list[tuple[str, int | None]]:
    found = []
    for part in path.split(".")[1:]:
        match = re.fullmatch(r"([A-Za-z]+)(?:\[(\d+)\])?", part)
        if match is None:
            return []
        found.append((match[1], int(match[2]) if match[2] else None))
    return found


def _into(node: Any, name: str, index: int | None) -> Any:
    try:
        inner = node[name]
        return inner if index is None else inner[index]
    except (KeyError, IndexError, TypeError):
        raise _unfit() from None


def _list_at(resource: Resource, path: str) -> list[Any]:
    steps = _steps(path)
    node: Any = resource
    for name, index in steps:
        node = _into(node, name, index)
    if not steps or not isinstance(node, list):
        raise _unfit()
    return node


def _delete(resource: Resource, path: str) -> None:
    """Deleting what is not there is no failure (the specification says so)."""
    if not _steps(path):
        _by_evaluation(resource, path, None)
        return
    container, key = _places(resource, path)
    if isinstance(container, dict):
        container.pop(key, None)
    elif isinstance(container, list) and isinstance(key, int) and key < len(container):
        container.pop(key)
        if not container:
            _prune(resource)


def _replace(resource: Resource, path: str, value: Any) -> None:
    if value is None:
        raise _unfit()
    if not _steps(path):
        _by_evaluation(resource, path, value)
        return
    container, key = _places(resource, path)
    try:
        container[key]
        container[key] = value
    except (KeyError, IndexError, TypeError):  # a simple value has no places
        raise _unfit() from None


def _by_evaluation(resource: Resource, path: str, value: Any) -> None:
    """A path with a condition, such as ``Patient.telecom.where(system = 'phone')``: one object is meant."""
    found = [each for each in _found(resource, path) if isinstance(each, dict)]
    if not found and value is None:
        return
    if len(found) != 1 or not _swap(resource, found[0], value):
        raise _unfit()
    _prune(resource)


def _swap(node: Any, wanted: dict[str, Any], value: Any) -> bool:
    pairs = (
        list(node.items())
        if isinstance(node, dict)
        else list(enumerate(node))
        if isinstance(node, list)
        else []
    )
    for key, each in pairs:
        if each is wanted or (isinstance(each, dict) and each == wanted):
            if value is None:
                del node[key]
            else:
                node[key] = value
            return True
        if _swap(each, wanted, value):
            return True
    return False


def _prune(node: Any) -> None:
    """Nothing in FHIR JSON is empty."""
    if isinstance(node, dict):
        for name in list(node):
            _prune(node[name])
            if node[name] in ([], {}):
                del node[name]
    elif isinstance(node, list):
        for each in node:
            _prune(each)
