"""Whether a client may see something of a patient now: one condition, in SQL, on the row that is read.

Every row of a patient's that leaves by the API is found by a statement with this condition in it, before
pages are cut and totals are counted; so what was denied looks like what is not there, from the next request
on. What the clinic itself shows in its own pages is no disclosure and is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson
from django.conf import settings

from fhir_facade.consents.models import ConsentRule
from fhir_facade.server import indexing
from fhir_facade.server.access import Access
from fhir_facade.server.registry import Column, Definition, Origin, registry
from fhir_facade.server.wire import Resource
from fhir_facade.smart.types import Grant, Level, Scope
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.relations import FALSE, TRUE, Sql, every, some

# By what a provision's codes find a row.
CODED = ("category", "code")
Coded = Callable[[str], Sql]  # the rule's alias -> whether its code is the row's


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Something of a patient's that is no row of a relation: a version, a deletion. ``tokens``: what its
    categories and codes are, as ``code`` and ``system|code``; None when nobody knows any more.
    """

    person_id: UUID | None
    tokens: frozenset[str] | None = None


def may_limit(client_id: str) -> bool:
    """Whether any patient keeps something back from this client: ``Grant.limited``."""
    denials = ConsentRule.objects.filter(effect=ConsentRule.Effect.DENY, client_id__in=("", client_id))
    return denials.exists()


def shown(access: Access, definition: Definition, origin: Origin) -> Sql:
    """The condition on rows ``t`` of an origin. Nothing to ask where nothing is kept back from the client."""
    if not access.grant.limited or not origin.person:
        return TRUE
    coded = _known if origin.speaks_of else (lambda alias: _by_columns(definition, origin, alias))
    return Sql("NOT EXISTS (") + _denied(
        access, origin.person, definition.type, deny=coded,
        permit=_unknown if origin.speaks_of else coded, speaks_of=origin.speaks_of,
    ) + Sql(")")  # fmt: skip


def hidden(access: Access, kind: str, seen: Iterable[Seen]) -> frozenset[int]:
    """Which of them, by their place, the client may not see. Of what nobody knows the codes any more, a
    denial of some of its type hides all.
    """
    several = list(seen)
    rows = [
        {"n": n, "person": str(each.person_id), "codes": sorted(each.tokens or ()),
         "vague": each.tokens is None}
        for n, each in enumerate(several) if each.person_id is not None
    ]  # fmt: skip
    if not access.grant.limited or not rows:
        return frozenset()
    from fhir_facade.server.search import running

    start = Sql(
        "SELECT v.n FROM jsonb_to_recordset(%s::jsonb) AS v(n int, person uuid, codes jsonb, vague boolean)"
        " WHERE EXISTS (",
        (orjson.dumps(rows).decode(),),
    )
    denied = _denied(
        access, "v.person", kind, deny=lambda a: Sql(f"v.vague OR {_listed(a)}"),
        permit=lambda a: Sql(f"NOT v.vague AND ({_listed(a)})"),
    )  # fmt: skip
    return frozenset(row[0] for row in running.fetch(start + denied + Sql(")")))


def may_see(*, client_id: str, kind: str, key: str, now: datetime) -> bool:
    """Whether a client may see this resource of whichever patient it is of, as things stand now. For
    whoever tells clients of changes; not there is no as well.
    """
    from fhir_facade.server.search import running

    definition = registry().find(kind)
    access = _of_client(client_id, now)
    return definition is not None and running.read(access, definition, key) is not None


def may_see_of(*, client_id: str, kind: str, person_id: UUID, now: datetime) -> bool:
    """Whether a client may see all of a type of a patient: for what is there no more."""
    return not hidden(_of_client(client_id, now), kind, [Seen(person_id=person_id)])


def tokens_of(definition: Definition, said: Resource) -> frozenset[str]:
    """A resource's categories and codes, as they are compared."""
    found: set[str] = set()
    for param in definition.params:
        if param.name in CODED:
            for path in param.paths or (param.name,):
                for value in indexing.at(said, path):
                    for each in indexing.tokens(value):
                        found |= {each["code"], f"{each.get('system', '')}|{each['code']}"}
    return frozenset(found)


def _of_client(client_id: str, now: datetime) -> Access:
    everything = Scope(level=Level.SYSTEM, resource="*", interactions=frozenset("rs"))
    grant = Grant(
        client_id=client_id, client_name="", user_id=None, person_id=None, scopes=(everything,),
        token_id=uuid4(), expires_at=now + timedelta(minutes=1), limited=True,
    )  # fmt: skip
    return Access(grant=grant, actor=system("consents"), now=now, base=f"{settings.PUBLIC_URL}/fhir")


def _denied(
    access: Access, person: str, kind: str, *, deny: Coded, permit: Coded, speaks_of: str = ""
) -> Sql:  # fmt: skip
    """A denial of the person's, or of whom they are the same as, that no exception lifts."""
    same = identity.describe_same_rows()
    kinds = f"'{kind}'" + (f", {speaks_of}" if speaks_of else "")
    anything = f" OR {speaks_of} = '*'" if speaks_of else ""  # it may be about any type
    start = (
        Sql("SELECT FROM fhir_facade_consentrule denied JOIN (") + same
        + Sql(") of_rule ON of_rule.id = denied.person_id JOIN (") + same
        + Sql(") of_row ON of_row.current_id = of_rule.current_id"
              f" WHERE of_row.id = {person} AND denied.effect = 'deny'"
              f" AND (denied.type IN ('*', {kinds}){anything}) AND ")
    )  # fmt: skip
    exception = (
        Sql("NOT EXISTS (SELECT FROM fhir_facade_consentrule lifted"
            " WHERE lifted.consent_id = denied.consent_id AND lifted.parent = denied.number"
            f" AND lifted.type IN ('*', {kinds}) AND ")
        + _holds(access, "lifted", permit) + Sql(")")
    )  # fmt: skip
    return start + _holds(access, "denied", deny) + Sql(" AND ") + exception


def _holds(access: Access, alias: str, coded: Coded) -> Sql:
    """A rule that speaks of this client, of now, and of the row's codes where it names any."""
    return every(
        [
            Sql(f"{alias}.client_id IN ('', %s)", (access.grant.client_id,)),
            Sql(f"{alias}.from_at IS NULL OR {alias}.from_at <= %s", (access.now,)),
            Sql(f"{alias}.until_at IS NULL OR {alias}.until_at > %s", (access.now,)),
            some([Sql(f"{alias}.code = ''"), coded(alias)]),
        ]
    )


def _by_columns(definition: Definition, origin: Origin, alias: str) -> Sql:
    columns = [column for name in CODED for column in origin.columns.get(name, ())]
    return some([_is_code(column, alias) for column in columns])


def _is_code(column: Column, alias: str) -> Sql:
    before, _, after = column.within.partition("{}")
    code, own = column.exprs["code"], column.exprs["system"]
    return Sql(f"{before}{code} = {alias}.code AND ({alias}.system = '' OR {own} = {alias}.system){after}")


def _listed(alias: str) -> str:
    """Of ``v.codes``: the code by itself, or with its system."""
    with_system = f"v.codes @> to_jsonb({alias}.system || '|' || {alias}.code)"
    plain = f"{alias}.system = '' AND v.codes @> to_jsonb({alias}.code::text)"
    return f"({plain}) OR ({alias}.system <> '' AND {with_system})"


def _known(alias: str) -> Sql:
    return TRUE


def _unknown(alias: str) -> Sql:
    return FALSE
