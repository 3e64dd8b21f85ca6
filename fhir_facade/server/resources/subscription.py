"""Subscription: what a client is told of, and where (R4 rest-hook and the R5 backport)."""

from __future__ import annotations

from typing import Any

from fhir_facade.server.access import Access
from fhir_facade.server.elements import resource
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.wire import Resource, instant, read_stored
from fhir_facade.server.writing import DOCUMENTS
from fhir_facade.subscriptions import keeping, sealing, topics
from fhir_facade.subscriptions.standing import words_of
from fhir_facade.subscriptions.wanted import BACKPORT, PROFILE
from steadwell.relations import Sql

_ROWS = """
SELECT s.id, s.version, s.changed_at, s.body, s.headers, s.state, s.cause, s.criteria, s.payload, s.endpoint
FROM fhir_facade_subscription s JOIN fhir_facade_client c ON c.id = s.client_id
WHERE s.deleted_at IS NULL AND c.client_id = %s AND s.user_id IS NOT DISTINCT FROM %s::uuid
  AND s.person_id IS NOT DISTINCT FROM %s::uuid"""
COLUMNS = {
    "status": (Column(exprs={"system": "'http://hl7.org/fhir/subscription-status'", "code": "t.state"}),),
    "type": (
        Column(exprs={"system": "'http://hl7.org/fhir/subscription-channel-type'", "code": "'rest-hook'"}),
    ),
    "url": (Column(exprs={"exact": "t.endpoint"}),),
    # An address is no name: its signs count.
    "criteria": (Column(exprs={"folded": "lower(t.criteria)", "exact": "t.criteria"}, fold=str.lower),),
    "payload": (Column(exprs={"system": "'urn:ietf:bcp:13'", "code": "nullif(t.payload, '')"}),),
}


def _relation(access: Access) -> Sql:
    """The client's own, made for the same user and patient: another's are not there."""
    return Sql(_ROWS, (access.grant.client_id, access.grant.user_id, access.grant.person_id))


def build(row: Row, access: Access) -> Resource:
    said = read_stored(row["body"])
    channel: dict[str, Any] = dict(said.pop("channel"))
    if row["headers"]:
        channel["header"] = sealing.unseal(row["headers"])
    meta = {
        **said.pop("meta", {}), "versionId": str(row["version"]), "lastUpdated": instant(row["changed_at"]),
    }  # fmt: skip
    error = words_of(row["cause"])
    return resource(
        "Subscription", row["id"],
        {"meta": meta, "status": row["state"], "error": error, **said, "channel": channel},
    )  # fmt: skip


def extensions() -> list[dict[str, Any]]:
    """The topics, as the CapabilityStatement lists them."""
    name = f"{BACKPORT}capabilitystatement-subscriptiontopic-canonical"
    return [{"url": name, "valueCanonical": each.url} for each in topics.served()]


DEFINITION = Definition(
    type="Subscription",
    origins=(Origin(name=DOCUMENTS, relation=_relation, columns=COLUMNS, build=build),),
    params=(
        Param(name="status", kind=Kind.TOKEN),
        Param(name="type", kind=Kind.TOKEN),
        Param(name="url", kind=Kind.URI),
        Param(name="criteria", kind=Kind.STRING),
        Param(name="payload", kind=Kind.TOKEN),
    ),
    profiles=(PROFILE,),
    interactions=frozenset({"read", "search-type", "create", "update", "patch", "delete"}),
    rev_includes=("Provenance:target",),
    operations=("status", "events"),
    writer=keeping.WRITER,
    was_deleted=keeping.was_deleted,
    extensions=extensions,
)
