"""Writing an export, a few thousand rows a step: each step is one delivery, and promises the next.

So an export of millions of rows holds no transaction for long, goes on after a crash where it was, and leaves
room between its steps. Rights are those of the client now: one that was switched off, or an approval that
ended, ends its exports at the next step.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from django.db import connection

from fhir_facade.bulk.models import Export, ExportFile
from fhir_facade.consents import deciding, masking
from fhir_facade.oauth import approvals
from fhir_facade.server import shaping, wire
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import Failed
from fhir_facade.server.registry import Definition, Origin, registry
from fhir_facade.server.search import clauses, compiling, including, running
from fhir_facade.smart import acting, scopes
from fhir_facade.smart.types import Grant
from steadwell.events import ExportStepDue
from steadwell.ids import PersonId, SiteId, UserId
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox
from steadwell.relations import Sql, every, some

log = observability.get_logger(__name__)
STEP_ROWS: Final = 5_000  # of one file; a few seconds' work
AT_ONCE: Final = 250  # of them in memory
FIRST = {"uuid": "00000000-0000-0000-0000-000000000000", "bigint": "0", "text": ""}


def step(event: ExportStepDue, ctx: outbox.DeliveryContext) -> None:
    """The outbox's consumer: one file, and the promise of the next."""
    export = Export.objects.select_for_update().select_related("client").filter(pk=event.export_id).first()
    if export is None or export.state in {Export.State.DONE, Export.State.FAILED}:
        return  # called off meanwhile
    access = access_of(export, now=ctx.now)
    if access is None:
        _end(export, Export.State.FAILED, ctx.now, cause="access-ended")
        return
    try:
        _write(export, access, number=event.step)
    except Failed as failure:
        _end(export, Export.State.FAILED, ctx.now, cause=failure.issues[0].code)
        return
    if export.place[0] >= len(export.types):
        _end(export, Export.State.DONE, ctx.now)
        return
    export.state = Export.State.RUNNING
    export.save(update_fields=["state", "place", "rows"])
    outbox.publish(ExportStepDue(export_id=export.pk, step=event.step + 1), now=ctx.now)


def _end(export: Export, state: Export.State, now: datetime, *, cause: str = "") -> None:
    export.state, export.done_at, export.cause = state, now, cause
    export.save(update_fields=["state", "done_at", "cause", "place", "rows"])
    log.info("export.ended", outcome=str(state), count=export.rows, reason=cause or None)


def access_of(export: Export, *, now: datetime) -> Access | None:
    """The rights that the export runs with; None when they have ended."""
    client = export.client
    if not client.active:
        return None
    if export.approval_id is not None and approvals.find_live(export.approval_id, now=now) is None:
        return None
    grant = Grant(
        client_id=client.client_id, client_name=client.name,
        user_id=UserId(export.user_id) if export.user_id else None,
        person_id=PersonId(export.person_id) if export.person_id else None,
        scopes=scopes.parse(export.scopes), token_id=export.pk, expires_at=export.expires_at,
        site_id=SiteId(client.site_id) if client.site_id else None,
        limited=deciding.may_limit(client.client_id),
    )  # fmt: skip
    actor = acting.actor_of(grant, now=now)
    return None if actor is None else Access(grant=grant, actor=actor, now=now, base=export.base)


def _write(export: Export, access: Access, *, number: int) -> None:
    """The next rows of one type into one file; types without rows leave none."""
    while export.place[0] < len(export.types):
        definition = registry().find(export.types[export.place[0]])
        assert definition is not None  # noqa: S101 - it was found when it was asked for
        rows = list(_next_rows(export, access, definition))
        if rows:
            body = gzip.compress(b"\n".join(rows) + b"\n", compresslevel=4, mtime=0)
            ExportFile.objects.create(
                export=export, number=number, type=definition.type, rows=len(rows), body=body
            )
            export.rows += len(rows)
            return


def _next_rows(export: Export, access: Access, definition: Definition) -> Iterator[bytes]:
    """Up to STEP_ROWS lines of the type at ``place``, which moves on."""
    kind, number, last = export.place
    keys = _next_keys(export, access, definition, definition.origins[number], last)
    if len(keys) < STEP_ROWS:
        export.place = [kind, number + 1, ""] if number + 1 < len(definition.origins) else [kind + 1, 0, ""]
    else:
        export.place = [kind, number, str(keys[-1])]
    for begin in range(0, len(keys), AT_ONCE):
        several = [(number, key) for key in keys[begin : begin + AT_ONCE]]
        for each in running.load(access, definition, several, letter="s").values():
            resource = each.resource
            if export.elements:
                resource = shaping.shaped(resource, elements=export.elements)
            yield wire.dump(resource)


def _next_keys(
    export: Export, access: Access, definition: Definition, origin: Origin, last: str
) -> list[Any]:
    """Found first, and read by their ids: a join of all that follows would begin at the first row of each
    table, step after step.
    """
    rows = compiling.rows(access, definition, origin, letter="s")
    tail = _tail(export, access, definition, origin, last)
    with connection.cursor() as cursor:  # they are found before helpers would have started
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    return [row[0] for row in running.fetch(Sql("SELECT t.id ") + rows + tail)]


def _tail(export: Export, access: Access, definition: Definition, origin: Origin, last: str) -> Sql:
    found = [compiling.conditions(access, definition, origin, [])]
    found.append(Sql(f"t.id > %s::{definition.key_kind}", (last or FIRST[definition.key_kind],)))
    if export.persons is not None:
        within = [UUID(each) for each in export.persons]
        found.append(Sql(f"{origin.person} = ANY (%s)", (within,)) if origin.person else Sql("false"))
    if export.since is not None:
        found.append(Sql(f"{origin.updated} >= %s", (export.since,)))
    found.append(Sql(f"{origin.updated} <= %s", (export.asked_at,)))
    asked = [query for kind, query in export.filters if kind == definition.type]
    if asked:
        ways = []
        for query in asked:
            read = clauses.read(definition, parse_qsl(query, keep_blank_values=True), strict=True)
            ways.append(compiling.conditions(access, definition, origin, read.clauses))
        found.append(some(ways))
    return Sql(" AND ") + every(found) + Sql(f" ORDER BY t.id LIMIT {STEP_ROWS}")


def still_shown(file: ExportFile, access: Access) -> bytes:
    """The file, gzipped, as far as nobody has kept anything of it back since it was written."""
    body = bytes(file.body)
    if not access.grant.limited:
        return body
    lines = gzip.decompress(body).splitlines()
    said = [wire.read_stored(line.decode()) for line in lines]
    definition = registry().by_type[file.type]
    shown = _shown(access, definition, [each["id"] for each in said])
    kept = [each for each in said if each["id"] in shown]
    told = masking.bodies(access, kept)
    if len(kept) == len(said) and told is kept:
        return body
    return gzip.compress(b"".join(wire.dump(each) + b"\n" for each in told), compresslevel=4, mtime=0)


def _shown(access: Access, definition: Definition, keys: list[str]) -> frozenset[str]:
    """By the statement that reads them: what it no longer finds is not for this client any more."""
    typed = [each for key in keys if (each := including.typed(definition, key)) is not None]
    found: set[str] = set()
    for origin in definition.origins:
        own = Sql(f" AND t.id = ANY (%s::{definition.key_kind}[])", (typed,))
        start = Sql("SELECT t.id ") + compiling.rows(access, definition, origin, letter="s")
        found |= {str(row[0]) for row in running.fetch(start + own)}
    return frozenset(found)


def forget(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """What has run out is gone, files and all."""
    Export.objects.filter(expires_at__lte=ctx.now).delete()
