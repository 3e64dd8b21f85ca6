"""Asking for an export: what is exported, of whom, for which client (Bulk Data Access IG 2.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from fhir_facade.bulk.models import Export
from fhir_facade.server import auditing, conditional
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Call
from fhir_facade.server.operations import parameters
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition, registry
from fhir_facade.server.search import clauses, compiling, moments, running
from fhir_facade.smart import scopes
from fhir_facade.smart.models import Client
from steadwell.events import ExportStepDue
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from steadwell.outbox import service as outbox

KEPT: Final = timedelta(hours=24)
MOST_AT_ONCE: Final = 4  # of one client, so that its exports do not wait behind each other for days
MOST_MEMBERS: Final = 50_000
_FORMATS = frozenset({"", "application/fhir+ndjson", "application/ndjson", "ndjson"})
_BETWEEN = re.compile(r",(?=[A-Z][A-Za-z]+\?)")  # other commas are those of a search's values
# Who looked at what is no part of a record.
_LEFT_OUT = frozenset({"AuditEvent", "Binary"})


def ask(access: Access, call: Call, *, request: str) -> Export:
    """Note an export and promise its first step. ``call.path`` ends in ``$export``. Raises Failed.

    What a Parameters resource says counts as what stands in the address.
    """
    call = replace(call, pairs=tuple(_said(call)))
    if call.prefer.get("respond-async") is None:
        raise failed(400, "invalid", "An export is asked for with Prefer: respond-async.")
    if call.option("_outputFormat") not in _FORMATS:
        raise failed(400, "not-supported", "Exports are written as application/fhir+ndjson.")
    persons = _persons(access, call)
    wanted = [each for each in _types(access, call) if persons is None or each.of_patients]
    if not wanted:
        raise failed(403, "forbidden", "The token's scopes let it search for none of these types.")
    client = Client.objects.get(client_id=access.grant.client_id)
    with transaction.atomic():
        Client.objects.select_for_update().get(pk=client.pk)  # the count below holds for one at a time
        _not_too_many(client)
        export = Export.objects.create(
            id=new_id(), client=client, scopes=" ".join(scopes.written(each) for each in access.grant.scopes),
            user_id=access.grant.user_id, person_id=access.grant.person_id, request=request, base=access.base,
            approval_id=access.grant.token_id if access.grant.user_id else None,
            types=[each.type for each in wanted],
            persons=None if persons is None else [str(each) for each in persons],
            since=_since(call), filters=_filters(access, call), elements=_several(call, "_elements"),
            state=Export.State.WAITING,
            place=[0, 0, ""], asked_at=access.now, expires_at=access.now + KEPT,
        )  # fmt: skip
        auditing.record(access, "export", "Bundle", [], entity=str(export.pk))
        outbox.publish(ExportStepDue(export_id=export.pk, step=0), now=access.now)
    return export


def _said(call: Call) -> Iterator[tuple[str, str]]:
    """400 for what would narrow it in a way that is not known: it would hold more than was asked for."""
    for name, values in parameters.read(call).items():
        if name in {"patient", "includeAssociatedData", "organizeOutputBy"}:
            raise failed(400, "not-supported", f"An export does not have the parameter {name}.")
        yield from ((name, str(value)) for value in values)


def _several(call: Call, name: str) -> list[str]:
    """In one parameter or in many."""
    return [each for n, value in call.pairs if n == name for each in value.split(",") if each]


def _not_too_many(client: Client) -> None:
    under_way = [Export.State.WAITING, Export.State.RUNNING]
    if Export.objects.filter(client=client, state__in=under_way).count() >= MOST_AT_ONCE:
        raise failed(
            429, "throttled", f"At most {MOST_AT_ONCE} exports of a client run at once. Wait for one to end.",
            headers={"Retry-After": "60"},
        )  # fmt: skip


def _types(access: Access, call: Call) -> list[Definition]:
    """Those asked for, or all that the token may search; types whose rows are worked out have no export."""
    asked = set(_several(call, "_type"))
    unknown = {each for each in asked if registry().find(each) is None}
    if unknown:
        raise failed(400, "not-supported", "_type names a type that is not served here.")
    return [
        each for each in registry()
        if (each.type in asked or (not asked and each.type not in _LEFT_OUT))
        and each.finder is None and access.rules(each.type, "s")
    ]  # fmt: skip


def _persons(access: Access, call: Call) -> list[PersonId] | None:
    """Of whom: a group's members, the patient in context, all patients; None for an export of the system."""
    if call.path[0] == "Group":
        return _members(access, call.path[1])
    if access.grant.person_id is not None:
        return access.context_ids()
    return None


def _members(access: Access, key: str) -> list[PersonId]:
    definition = registry().find("Group")
    found = running.read(access, definition, key) if definition and access.rules("Group", "r") else None
    if found is None:
        raise failed(404, "not-found", "There is no such resource, or it is not for this client.")
    named = {_patient(each) for each in found.resource.get("member", [])[:MOST_MEMBERS]} - {None}
    return sorted({same for each in named if each for same in identity.person_ids_of(each) or (each,)})


def _patient(member: Any) -> PersonId | None:
    text = str(member.get("entity", {}).get("reference", "")).rpartition("Patient/")[2]
    try:
        return PersonId(UUID(text))
    except ValueError:
        return None


def _since(call: Call) -> datetime | None:
    text = call.option("_since")
    if not text:
        return None
    found = moments.stretch(text)
    if found is None:
        raise failed(400, "value", "_since is an instant, as 2026-05-01T08:00:00Z.")
    return found.low


def _filters(access: Access, call: Call) -> list[list[str]]:
    """``_typeFilter``: searches by type, of which a row has to match one. Checked now, run later."""
    found = []
    for text in (value for name, value in call.pairs if name == "_typeFilter"):
        for each in _BETWEEN.split(text):
            kind, _, query = each.partition("?")
            definition = registry().find(kind)
            if definition is None or not query:
                raise failed(400, "value", "_typeFilter is a type and a search: Observation?status=final.")
            asked = clauses.read(definition, conditional.pairs_of(query), strict=True)
            for origin in definition.origins:  # whose values mean something is known when they are compiled
                compiling.conditions(access, definition, origin, asked.clauses)
            found.append([kind, query])
    return found
