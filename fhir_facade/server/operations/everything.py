"""Patient/ID/$everything: the patient, all that is in their compartment, and whom that names; page by
page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core import signing

from fhir_facade.server import auditing, writing
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition, registry
from fhir_facade.server.search import clauses, including, running
from fhir_facade.server.search.clauses import Clause, Include, Query
from steadwell.ids import new_id

_SALT = "fhir.everything"
_LIFETIME = timedelta(hours=1)
# Who looked at it is asked for by itself: it would be most of the pages.
_LEFT_OUT = frozenset({"AuditEvent"})


def run(access: Access, definition: Definition, call: Call) -> Answer:
    if call.method not in {"GET", "POST"}:
        raise failed(405, "not-supported", "$everything takes GET and POST.", headers={"Allow": "GET, POST"})
    access.need("Patient", "r")
    key = call.path[1]
    patient = running.read(access, definition, key)
    if patient is None:
        raise writing.gone_or_missing(definition, key, access=access)
    kinds, first, inner = _kinds(access, call), 0, ""
    if call.option("_cursor"):
        first, inner = _where(call.option("_cursor"), key)
    page, following = _page(access, call, kinds, key, first, inner)
    along = _along(access, page) if call.option("_type") == "" else []
    shown = [*([patient] if not call.option("_cursor") and "Patient" in _wanted(call) else []), *page, *along]
    auditing.record(access, "everything", "Patient", [patient.person_id], entity=key)
    address = f"{access.base}/Patient/{key}/$everything"
    links = [{"relation": "self", "url": address}]
    if following:
        options = "".join(f"&{n}={v}" for n, v in call.pairs if n in {"_since", "_type", "_count"})
        links.append({"relation": "next", "url": f"{address}?_cursor={following}{options}"})
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "id": str(new_id()),
        "type": "searchset",
        "link": links,
    }
    if shown:
        bundle["entry"] = [
            {
                "fullUrl": f"{access.base}/{each.resource['resourceType']}/{each.resource['id']}",
                "resource": each.resource,
                "search": {"mode": "match" if each not in along else "include"},
            }
            for each in shown
        ]
    return Answer(status=200, resource=bundle)


def _wanted(call: Call) -> set[str]:
    asked = {each for each in call.option("_type").split(",") if each}
    return asked or {d.type for d in registry()}


def _kinds(access: Access, call: Call) -> list[Definition]:
    wanted = _wanted(call)
    return [
        each
        for each in registry()
        if each.compartment
        and each.type in wanted
        and each.type not in _LEFT_OUT
        and access.rules(each.type, "s")
    ]


def _page(
    access: Access, call: Call, kinds: list[Definition], key: str, first: int, inner: str
) -> tuple[list[running.Found], str]:
    count = call.option("_count") or str(clauses.MOST_COUNT)
    if not (count.isdecimal() and count.isascii()):
        raise failed(400, "value", "_count is a whole number.")
    left = min(int(count[:9]), clauses.MOST_COUNT)
    if not left:
        return [], ""
    found: list[running.Found] = []
    for place in range(first, len(kinds)):
        if left <= 0:
            return found, _cursor(key, place, "")
        query = _query(kinds[place], call, key, left)
        page = running.search(access, replace(query, cursor=inner))
        inner = ""
        found += page.matches
        left -= len(page.matches)
        if page.next:
            return found, _cursor(key, place, page.next)
    return found, ""


def _query(definition: Definition, call: Call, key: str, count: int) -> Query:
    param = definition.param(definition.compartment[0])
    assert param is not None  # noqa: S101 - the registry looked
    several = [Clause(param=param, values=(f"Patient/{key}",))]
    since = call.option("_since")
    if since:
        updated = clauses.clause_of(definition, "_lastUpdated", f"ge{since}")
        several += [updated] if updated else []
    return Query(definition=definition, clauses=tuple(several), count=count)


def _along(access: Access, page: list[running.Found]) -> list[running.Found]:
    """Practitioners, organisations and places that the page names."""
    found: dict[str, running.Found] = {}
    kinds = {each.resource["resourceType"] for each in page}
    for kind in sorted(kinds):
        definition = registry().find(kind)
        if definition is None:
            continue
        query = Query(definition=definition, includes=(Include(source=definition, param=None),))
        for each in including.included(access, query, page):
            other = registry().find(each.resource["resourceType"])
            if other is not None and not other.of_patients and other.finder is None:
                found[f"{other.type}/{each.resource['id']}"] = each
    return list(found.values())


def _cursor(key: str, place: int, inner: str) -> str:
    return signing.dumps([key, place, inner], salt=_SALT, compress=True)


def _where(cursor: str, key: str) -> tuple[int, str]:
    try:
        patient, place, inner = signing.loads(cursor, salt=_SALT, max_age=_LIFETIME)
    except signing.SignatureExpired:
        raise failed(410, "expired", "This page has expired. Start again.") from None
    except (signing.BadSignature, ValueError):
        raise failed(400, "value", "This is no page of ours.") from None
    if patient != key:
        raise failed(400, "value", "This page belongs to another patient.")
    return int(place), str(inner)
