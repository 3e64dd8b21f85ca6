"""Binary: the papers that came with laboratory reports, read and never searched."""

from __future__ import annotations

import base64
from uuid import UUID

from fhir_facade.server.access import Access
from fhir_facade.server.elements import resource
from fhir_facade.server.registry import Definition, registry
from fhir_facade.server.search import compiling, running
from fhir_facade.server.wire import Resource
from labs import service as labs
from steadwell.relations import Sql, every, some


def get(access: Access, key: str) -> Resource | None:
    """A paper of a report that may be read, as a whole."""
    try:
        document_id = UUID(key)
    except ValueError:
        return None
    report = registry().find("DiagnosticReport")
    assert report is not None  # noqa: S101 - it is ours
    if not access.rules("DiagnosticReport", "r"):
        return None
    rows = compiling.rows(access, report, report.origins[0], letter="r")
    named = every(
        [Sql("%s = ANY (t.documents)", (document_id,)), some([Sql("cardinality(t.shown) = t.results")])]
    )
    found = running.fetch(Sql("SELECT t.id ") + rows + Sql(" AND ") + named + Sql(" LIMIT 1"))
    if not found:
        return None
    paper = labs.get_document(
        actor=access.actor, document_id=document_id, report_id=found[0][0], now=access.now
    )
    return resource(
        "Binary", key,
        {"contentType": paper.content_type, "data": base64.b64encode(paper.content).decode(),
         "securityContext": {"reference": f"DiagnosticReport/{found[0][0]}"}},
    )  # fmt: skip


DEFINITION = Definition(
    type="Binary", origins=(), params=(), interactions=frozenset({"read"}), key_kind="uuid", getter=get
)
