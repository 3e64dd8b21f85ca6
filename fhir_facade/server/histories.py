"""Versions: one of them, those of a resource, and those of a type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from fhir_facade.consents import deciding, masking
from fhir_facade.server import auditing, wire, writing
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.models import Document, DocumentVersion
from fhir_facade.server.outcome import failed, gone, not_found
from fhir_facade.server.registry import Definition
from fhir_facade.server.search import running
from fhir_facade.server.search.clauses import DEFAULT_COUNT, MOST_COUNT
from fhir_facade.server.search.moments import Stretch, stretch
from fhir_facade.server.wire import Resource
from steadwell.ids import new_id

MOST_AT_ONCE = 1_000  # rows of a type that are looked at for one page
Version = tuple[int, datetime, Resource | None, str]  # number, when, as it was (None: deleted), method


def versions(access: Access, definition: Definition, key: str, found: running.Found | None) -> list[Version]:
    """Newest first. ``found``: as it may be read now. Who may read it now may read what it was; of one that
    is deleted, who could read it.
    """
    if found is None:
        refusal = writing.gone_or_missing(definition, key, access=access)
        if refusal.status != 410:
            raise refusal
        return _seen(access, definition, key, _kept(definition, UUID(key)))
    for origin in definition.origins:
        if origin.versions is not None:
            told = origin.versions(access, key)
            if told:
                return _seen(access, definition, key, _with_words(definition, told, key), found.person_id)
    kept = _kept(definition, UUID(key)) if _is_uuid(key) and definition.key_kind == "uuid" else []
    kept = _seen(access, definition, key, kept, found.person_id)
    if kept and _number(found.resource) == kept[0][0]:
        return kept
    updated = found.resource.get("meta", {}).get("lastUpdated")
    when = datetime.fromisoformat(updated) if updated else access.now
    return [(_number(found.resource), when, found.resource, "PUT"), *kept]


def _seen(
    access: Access, definition: Definition, key: str, told: list[Version], person_id: UUID | None = None
) -> list[Version]:
    """Those that no consent keeps back: a former version may have been another patient's, or have had
    another category.
    """
    if not access.grant.limited or not told:
        return told
    rows = _of(definition, UUID(key)) if _is_uuid(key) else ()
    people = {row.version: row.person_id for row in rows}
    gone = _hidden(access, definition, [(each, people.get(each[0]) or person_id, False) for each in told])
    return [each for n, each in enumerate(told) if n not in gone]


def _hidden(
    access: Access, definition: Definition, told: Iterable[tuple[Version, UUID | None, bool]]
) -> frozenset[int]:
    """The places of versions that a consent of their patient keeps back. Of a deleted resource nobody knows
    what it would be now: any denial of some of its type counts.
    """
    return deciding.hidden(
        access,
        definition.type,
        [
            deciding.Seen(
                person_id=person_id,
                tokens=None if deleted or body is None else deciding.tokens_of(definition, body),
            )
            for (_, _, body, _), person_id, deleted in told
        ],
    )


def _of(definition: Definition, key: UUID) -> QuerySet[DocumentVersion]:
    """The type counts as well: a visit and the encounter that came of it have one id."""
    return DocumentVersion.objects.filter(entity_id=key, type=definition.type)


def _with_words(
    definition: Definition, told: Iterable[tuple[int, datetime, Resource]], key: str
) -> list[Version]:
    """An app's versions, in the client's own words where it was a client who wrote them."""
    said = {each.version: each for each in _of(definition, UUID(key))}
    made: list[Version] = []
    for number, when, resource in told:
        own = said.get(number)
        shown = wire.read_stored(own.body) if own is not None and own.body else resource
        made.append((number, when, shown, own.method if own else "PUT"))
    return sorted(made, key=lambda each: -each[0])


def _kept(definition: Definition, key: UUID) -> list[Version]:
    return [_version_of(each) for each in _of(definition, key).order_by("-version")[:1_000]]


def _version_of(row: DocumentVersion) -> Version:
    return row.version, row.recorded_at, wire.read_stored(row.body) if row.body else None, row.method


def _is_uuid(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True


def _number(resource: Resource) -> int:
    text = str(resource.get("meta", {}).get("versionId", ""))
    return int(text) if text.isdecimal() else 1


def vread(access: Access, definition: Definition, key: str, version: str) -> Answer:
    access.need(definition.type, "r")
    now = running.read(access, definition, key)
    if now is not None and now.resource.get("meta", {}).get("versionId") == version:
        chosen: Version = (0, access.now, now.resource, "PUT")
    else:
        wanted = int(version) if version.isdecimal() and len(version) < 9 else -1
        chosen = (
            next((v for v in versions(access, definition, key, now) if v[0] == wanted), None) or _missing()
        )
    resource = chosen[2]
    if resource is None:
        raise gone()
    if access.grant.limited:
        resource = masking.bodies(access, [resource])[0] or resource
    auditing.record(access, "vread", definition.type, [now.person_id if now else None], entity=key)
    updated = resource.get("meta", {}).get("lastUpdated")
    return Answer(
        status=200, resource=resource, etag=version,
        updated=datetime.fromisoformat(updated) if updated else None,
    )  # fmt: skip


def _missing() -> Version:
    raise not_found()


def of_instance(access: Access, definition: Definition, key: str, call: Call) -> Answer:
    access.need(definition.type, "r")
    asked = _asked(call)
    now = running.read(access, definition, key)
    found = asked.within(versions(access, definition, key, now))
    auditing.record(access, "history", definition.type, [now.person_id if now else None], entity=key)
    # Versions are only ever added in front: below one that was shown nothing moves.
    left = [each for each in found if asked.before is None or each[0] < asked.before]
    page = left[: asked.count]
    following = page[-1][0] if page and len(left) > len(page) else None
    return _answer(access, definition, call, [(key, each) for each in page], following, total=len(found))


def of_type(access: Access, definition: Definition, call: Call) -> Answer:
    """What clients wrote of a type, the latest first: of resources that may be read now."""
    access.need(definition.type, "s")
    if access.in_context_only(definition.type, "s") and definition.of_patients and not access.context_ids():
        raise not_found()
    asked = _asked(call)
    several = list(_rows(access, definition, asked)[:MOST_AT_ONCE])
    found = _told(access, definition, several)
    auditing.record(access, "history", definition.type, [access.grant.person_id])
    page, last = found[: asked.count], several[-1].pk if len(several) == MOST_AT_ONCE else None
    following = page[-1][0].pk if page and len(found) > len(page) else last if asked.count else None
    total = len(found) if asked.before is None and last is None else None
    return _answer(access, definition, call, [(str(e.entity_id), v) for e, v in page], following, total=total)


def _rows(access: Access, definition: Definition, asked: _Asked) -> QuerySet[DocumentVersion]:
    rows = DocumentVersion.objects.filter(type=definition.type).order_by("-recorded_at", "-id")
    narrow = not access.reads_everybody or access.in_context_only(definition.type, "s")
    if narrow and definition.of_patients:
        rows = rows.filter(person_id__in=access.context_ids() or access.own_ids())
    if asked.since is not None:
        rows = rows.filter(recorded_at__gte=asked.since)
    if asked.at is not None:
        later = DocumentVersion.objects.filter(
            entity_id=OuterRef("entity_id"), type=definition.type, version__gt=OuterRef("version"),
            recorded_at__lte=asked.at.low,
        )  # fmt: skip
        rows = rows.filter(recorded_at__lt=asked.at.high).exclude(Exists(later))
    if asked.before is not None:
        shown = DocumentVersion.objects.filter(pk=asked.before, type=definition.type).first()
        if shown is None:
            raise failed(400, "value", "This is no page of ours.")
        earlier = Q(recorded_at=shown.recorded_at, pk__lt=shown.pk)
        rows = rows.filter(Q(recorded_at__lt=shown.recorded_at) | earlier)
    return rows


def _told(
    access: Access, definition: Definition, several: list[DocumentVersion]
) -> list[tuple[DocumentVersion, Version]]:
    everything = access.reads_everybody and any(
        not rule.in_context and not rule.query for rule in access.rules(definition.type, "s")
    )
    readable = _readable(access, definition, {each.entity_id for each in several if each.method != "DELETE"})
    deleted = _deleted(several) if everything and access.grant.limited else frozenset()
    shown = [
        each
        for each in several
        if each.entity_id in readable
        or (everything and (not access.grant.limited or each.entity_id in deleted))
    ]
    told = [_version_of(each) for each in shown]
    gone = _hidden(
        access,
        definition,
        [(v, e.person_id, e.entity_id in deleted) for e, v in zip(shown, told, strict=True)],
    )
    return [pair for n, pair in enumerate(zip(shown, told, strict=True)) if n not in gone]


def _deleted(rows: Iterable[DocumentVersion]) -> frozenset[UUID]:
    keys = {each.entity_id for each in rows}
    return frozenset(Document.objects.filter(pk__in=keys, deleted=True).values_list("pk", flat=True))


def _readable(access: Access, definition: Definition, keys: set[UUID]) -> set[UUID]:
    pairs = [(number, key) for number in range(len(definition.origins)) for key in keys]
    return {UUID(key) for key in running.load(access, definition, pairs, letter="s")} if pairs else set()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What of a history is wanted. ``before``: the place of the last one that was shown."""

    since: datetime | None
    at: Stretch | None
    count: int
    before: int | None

    def within(self, told: Iterable[Version]) -> list[Version]:
        """``told`` newest first. At a time those count that were the newest at some moment of it."""
        found: list[Version] = []
        replaced: datetime | None = None
        for each in told:
            began = each[1]
            current = self.at is None or (
                began < self.at.high and (replaced is None or replaced > self.at.low)
            )
            if current and (self.since is None or began >= self.since):
                found.append(each)
            replaced = began
        return found


def _asked(call: Call) -> _Asked:
    since, at = (stretch(each) if each else None for each in (call.option("_since"), call.option("_at")))
    if (call.option("_since") and since is None) or (call.option("_at") and at is None):
        raise failed(400, "value", "_since and _at are dates, with a time and an offset where it matters.")
    count, before = call.option("_count"), call.option("_cursor")
    if any(each and not (each.isdecimal() and each.isascii()) for each in (count, before)):
        raise failed(400, "value", "_count is a whole number, and a page is one that a link led to.")
    return _Asked(
        since=since.low if since else None, at=at,
        count=min(int(count[:9]), MOST_COUNT) if count else DEFAULT_COUNT,
        before=int(before[:18]) if before else None,
    )  # fmt: skip


def _answer(
    access: Access, definition: Definition, call: Call, page: list[tuple[str, Version]],
    following: int | None, *, total: int | None,
) -> Answer:  # fmt: skip
    address = f"{access.base}/{'/'.join(call.path)}"
    said = [(name, call.option(name)) for name in ("_count", "_since", "_at") if call.option(name)]
    links = [{"relation": "self", "url": _link(address, said)}]
    if following is not None:
        links.append({"relation": "next", "url": _link(address, [*said, ("_cursor", str(following))])})
    bundle: dict[str, Any] = {
        "resourceType": "Bundle", "id": str(new_id()), "type": "history", "link": links,
        **({"total": total} if total is not None else {}),
    }  # fmt: skip
    if page and access.grant.limited:
        shown_now = masking.bodies(access, [each[2] for _, each in page])
        page = [(key, (n, at, body, by)) for (key, (n, at, _, by)), body in zip(page, shown_now, strict=True)]
    if page:
        bundle["entry"] = [_entry(access, definition, key, each) for key, each in page]
    return Answer(status=200, resource=bundle)


def _link(address: str, pairs: list[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(pairs, safe=':')}" if pairs else address


def _entry(access: Access, definition: Definition, key: str, version: Version) -> dict[str, Any]:
    number, when, resource, method = version
    made: dict[str, Any] = {"fullUrl": f"{access.base}/{definition.type}/{key}"}
    if resource is not None:
        made["resource"] = resource
    verb = "POST" if method == "POST" else "DELETE" if method == "DELETE" else "PUT"
    url = definition.type if verb == "POST" else f"{definition.type}/{key}"
    status = {"POST": "201 Created", "DELETE": "204 No Content"}.get(verb, "200 OK")
    made["request"] = {"method": verb, "url": url}
    made["response"] = {"status": status, "etag": f'W/"{number}"', "lastModified": wire.instant(when)}
    return made
