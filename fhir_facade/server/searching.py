"""Searches as Bundles: matches, what goes along, the links to this page and the next."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fhir_facade.server import auditing, shaping
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.outcome import operation_outcome
from fhir_facade.server.registry import Definition
from fhir_facade.server.search import clauses, including, running
from fhir_facade.server.search.clauses import Clause, Query
from fhir_facade.server.wire import Resource
from steadwell.ids import new_id


def search(access: Access, definition: Definition, call: Call, *, more: tuple[Clause, ...] = ()) -> Answer:
    """``more`` are clauses that the address itself says (a compartment)."""
    access.need(definition.type, "s")
    query = clauses.narrowed(clauses.read(definition, call.pairs, strict=call.strict), *more)
    page = running.search(access, query)
    along = including.included(access, query, page.matches)
    persons = [each.person_id for each in (*page.matches, *along)]
    auditing.record(access, "search", definition.type, persons or [access.grant.person_id])
    bundle = _bundle(access, query, "/".join(call.path).removesuffix("/_search"), page, along)
    return Answer(status=200, resource=bundle)


def _bundle(
    access: Access, query: Query, path: str, page: running.Page, along: list[running.Found]
) -> Resource:
    made: dict[str, Any] = {"resourceType": "Bundle", "id": str(new_id()), "type": "searchset"}
    if page.total is not None:
        made["total"] = page.total
    address = f"{access.base}/{path}"
    made["link"] = [{"relation": "self", "url": _address(address, query.used)}]
    if page.next:
        following = (*query.used, ("_cursor", page.next))
        made["link"].append({"relation": "next", "url": _address(address, following)})
    entries = [_entry(access, query, each, "match") for each in page.matches]
    entries += [_entry(access, query, each, "include") for each in along]
    if query.ignored and not query.counts_only:
        outcome = {**operation_outcome(clauses.ignored_issues(query)), "id": str(new_id())}
        entries.append(
            {"fullUrl": f"urn:uuid:{outcome['id']}", "resource": outcome, "search": {"mode": "outcome"}}
        )
    if entries:
        made["entry"] = entries
    return made


def _address(address: str, pairs: tuple[tuple[str, str], ...]) -> str:
    return f"{address}?{urlencode(pairs, safe=':/|,')}" if pairs else address


def _entry(access: Access, query: Query, found: running.Found, mode: str) -> dict[str, Any]:
    resource = found.resource
    if query.elements or query.summary not in {"false", "count"}:
        resource = shaping.shaped(resource, summary=query.summary, elements=query.elements)
    return {
        "fullUrl": f"{access.base}/{resource['resourceType']}/{resource['id']}",
        "resource": resource,
        "search": {"mode": mode},
    }
