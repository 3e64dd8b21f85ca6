"""The CapabilityStatement made from the registry: what is listed is what
answers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings

from fhir_facade.server import operations
from fhir_facade.server.bundles import MOST_ENTRIES
from fhir_facade.server.elements import without_empty
from fhir_facade.server.registry import COMMON, Definition, Param, registry
from fhir_facade.server.wire import Resource

DATE = "2026-11-29"
US_CORE_SERVER = "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"
FORMATS = ["application/fhir+json", "json"]
PATCHES = ["application/json-patch+json", "application/fhir+json"]
# FHIR's interactions have their own order in print.
_ORDER = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
_EXPORT = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
BULK_DATA = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
# By where they are called: the system's, all patients', a group's.
EXPORTS = {
    "": {"name": "export", "definition": f"{_EXPORT}export"},
    "Patient": {"name": "export", "definition": f"{_EXPORT}patient-export"},
    "Group": {"name": "export", "definition": f"{_EXPORT}group-export"},
}


def statement(base: str) -> Resource:
    return {
        "resourceType": "CapabilityStatement",
        "id": "steadwell",
        "url": f"{base}/metadata",
        "version": settings.RELEASE,
        "name": "Steadwell",
        "title": "Steadwell FHIR API",
        "status": "active",
        "date": DATE,
        "publisher": "Steadwell",
        "description": "Visits, laboratory results, medicines, allergies, forms and messages of patients.",
        "kind": "instance",
        "instantiates": [US_CORE_SERVER, BULK_DATA],
        "software": {"name": "Steadwell", "version": settings.RELEASE},
        "implementation": {"description": "Steadwell", "url": base},
        "fhirVersion": "4.0.1",
        "format": FORMATS,
        "patchFormat": PATCHES,
        "implementationGuide": [
            "http://hl7.org/fhir/us/core/ImplementationGuide/hl7.fhir.us.core|6.1.0",
            "http://hl7.org/fhir/uv/subscriptions-backport/ImplementationGuide/hl7.fhir.uv.subscriptions-backport|1.1.0",
        ],
        "rest": [_rest()],
    }


def _rest() -> dict[str, Any]:
    return {
        "mode": "server",
        "security": {
            "cors": True,
            "service": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                            "code": "OAuth",
                            "display": "OAuth",
                        }
                    ],
                    "text": "Bearer tokens with SMART scopes, version 1 and 2.",
                }
            ],
        },
        "resource": [_resource(each) for each in registry()],
        "interaction": [
            {"code": "transaction", "documentation": f"At most {MOST_ENTRIES} entries."},
            {"code": "batch", "documentation": f"At most {MOST_ENTRIES} entries."},
        ],
        "searchParam": [
            _param(each, "Resource") for each in COMMON.values() if each.name in {"_id", "_lastUpdated"}
        ],
        "operation": [EXPORTS[""]],
    }


@cache
def _declared(name: str) -> dict[str, Any]:
    """What the registry declares of a type: the same for as long as the process lives."""
    definition = registry().find(name)
    assert definition is not None  # noqa: S101 - from the registry itself
    inner = set(definition.interactions)
    if "history-instance" in inner:
        inner.add("history-type")
    writes = definition.writer is not None and "create" in inner
    searches = "search-type" in inner
    made: dict[str, Any] = {
        "type": definition.type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{definition.type}",
        "supportedProfile": list(definition.profiles),
        "interaction": [{"code": each} for each in _ORDER if each in inner],
        "versioning": "versioned" if "vread" in inner else "no-version",
        "readHistory": "vread" in inner,
    }
    if writes:
        made |= {
            "updateCreate": False,
            "conditionalCreate": searches,
            "conditionalRead": "full-support",
            "conditionalUpdate": "update" in inner,
            "conditionalDelete": "single" if "delete" in inner else "not-supported",
            "referencePolicy": ["literal", "local"],
        }
    if searches:
        made["searchInclude"] = list(definition.includes)
        made["searchRevInclude"] = list(definition.rev_includes)
        made["searchParam"] = [
            _param(each, definition.type) for each in (*_common(definition), *definition.params)
        ]
    made["operation"] = [
        {"name": each.name, "definition": each.definition} for each in operations.of(definition)
    ] + [EXPORTS[each] for each in EXPORTS if each == definition.type]
    return without_empty(made)


def _resource(definition: Definition) -> dict[str, Any]:
    """Extensions name our own address, which settings say, so they are asked for each time."""
    if definition.extensions is None:
        return _declared(definition.type)
    return _declared(definition.type) | {"extension": definition.extensions()}


def _common(definition: Definition) -> list[Param]:
    """Those that at least one of its origins can answer."""
    if definition.finder is not None:
        return [COMMON["_id"]]
    found = [COMMON["_id"], COMMON["_lastUpdated"]]
    found += [
        each
        for each in COMMON.values()
        if each not in found and any(each.name in origin.columns for origin in definition.origins)
    ]
    return found


def _param(param: Param, kind: str) -> dict[str, Any]:
    name = param.url or (
        f"{kind}-{param.name}" if not param.name.startswith("_") else f"Resource-{param.name[1:]}"
    )
    return {
        "name": param.name,
        "definition": f"http://hl7.org/fhir/SearchParameter/{name}",
        "type": param.kind.value,
    }


def openapi(base: str) -> dict[str, Any]:
    """OpenAPI 3.0 of the same, for tools that know no FHIR."""
    paths: dict[str, Any] = {
        "/metadata": {"get": _operation("What this API can do", secured=False)},
        "/": {"post": _operation("Batch or transaction", body=True)},
    }
    for where, parameters in (("", []), ("/Patient", []), ("/Group/{id}", [_id()])):
        paths[f"{where}/$export"] = {"get": _operation("Ask for an export", parameters=parameters)}
    for definition in registry():
        _paths(paths, definition)
    return {
        "openapi": "3.0.3",
        "info": {"title": "Steadwell FHIR API", "version": settings.RELEASE},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Resource": {
                    "type": "object",
                    "required": ["resourceType"],
                    "properties": {"resourceType": {"type": "string"}},
                }
            },
        },
    }


def _paths(paths: dict[str, Any], definition: Definition) -> None:
    kind, inner = definition.type, definition.interactions
    of_type: dict[str, Any] = {}
    if "search-type" in inner:
        of_type["get"] = _operation(f"Search {kind}", parameters=_query(definition))
        paths[f"/{kind}/_search"] = {"post": _operation(f"Search {kind} by form", form=definition)}
    if "create" in inner:
        of_type["post"] = _operation(f"Create {kind}", body=True)
    if of_type:
        paths[f"/{kind}"] = of_type
    one: dict[str, Any] = {"get": _operation(f"Read {kind}", parameters=[_id()])}
    for verb, name in (("put", "update"), ("delete", "delete")):
        if name in inner:
            one[verb] = _operation(f"{name.capitalize()} {kind}", parameters=[_id()], body=verb == "put")
    paths[f"/{kind}/{{id}}"] = one
    if "vread" in inner:
        paths[f"/{kind}/{{id}}/_history"] = {"get": _operation(f"Versions of {kind}", parameters=[_id()])}
        paths[f"/{kind}/{{id}}/_history/{{vid}}"] = {
            "get": _operation(f"Version of {kind}", parameters=[_id(), {**_id(), "name": "vid"}])
        }
    for each in operations.of(definition):
        if each.instance:
            paths[f"/{kind}/{{id}}/${each.name}"] = {
                "post": _operation(f"${each.name}", parameters=[_id()], body=True)
            }
        if each.of_type or not each.instance:
            paths[f"/{kind}/${each.name}"] = {"post": _operation(f"${each.name}", body=True)}


def _id() -> dict[str, Any]:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"},
    }


def _query(definition: Definition) -> list[dict[str, Any]]:
    names = [p.name for p in (*_common(definition), *definition.params)] + [
        "_count",
        "_sort",
        "_total",
        "_summary",
    ]
    return [{"name": n, "in": "query", "schema": {"type": "string"}} for n in names]


def _operation(
    summary: str,
    *,
    parameters: list[dict[str, Any]] | None = None,
    body: bool = False,
    secured: bool = True,
    form: Definition | None = None,
) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Resource"}}
    made: dict[str, Any] = {
        "summary": summary,
        "responses": {
            "default": {"description": "A resource or an OperationOutcome", "content": {FORMATS[0]: schema}}
        },
    }
    if parameters:
        made["parameters"] = parameters
    if body:
        made["requestBody"] = {"content": {FORMATS[0]: schema}}
    if form is not None:
        properties = {each["name"]: each["schema"] for each in _query(form)}
        content = {
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": properties}}
        }
        made["requestBody"] = {"content": content}
    if secured:
        made["security"] = [{"bearer": []}]
    return made
