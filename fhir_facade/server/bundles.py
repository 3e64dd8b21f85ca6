"""Bundles that are sent: a transaction is done as a whole or not at all, a batch each entry by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from fhir_facade.fhir_json import mapping, text_of
from fhir_facade.server import conditional, interactions, invariants, wire, writing
from fhir_facade.server.access import Access
from fhir_facade.server.calls import Answer, Call
from fhir_facade.server.documents import Documents
from fhir_facade.server.outcome import Failed, failed, naming, operation_outcome
from fhir_facade.server.registry import Definition, registry
from fhir_facade.server.wire import Resource
from fhir_facade.server.writing import Creation
from steadwell.ids import new_id

MOST_ENTRIES = 500
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3}


@dataclass(slots=True, kw_only=True)
class Entry:
    """One request of a bundle. ``target`` is what references to its fullUrl become, once that is known."""

    number: int
    full_url: str
    call: Call
    definition: Definition | None
    target: str = ""
    key: UUID | None = None
    known: Answer | None = None  # answered without writing: what it would have made is there
    mentions: frozenset[str] = frozenset()  # every text in its resource: names of other entries among them

    @property
    def at(self) -> str:
        return f"Bundle.entry[{self.number}]"


def process(access: Access, bundle: Resource, prefer: dict[str, str]) -> Answer:
    kind = text_of(bundle.get("type"))
    if bundle.get("resourceType") != "Bundle" or kind not in {"batch", "transaction"}:
        raise failed(400, "invalid", "A Bundle of type batch or transaction is taken here.", at="Bundle.type")
    said = bundle.get("entry", [])
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise failed(400, "structure", "The entries of a Bundle are a list of objects.", at="Bundle.entry")
    if len(said) > MOST_ENTRIES:
        raise failed(413, "too-costly", f"A Bundle has at most {MOST_ENTRIES} entries here.")
    if broken := list(invariants.of_bundle(bundle)):
        raise Failed(400, tuple(broken))
    entries = (
        [_entry(number, each, prefer) for number, each in enumerate(said)] if kind == "transaction" else None
    )
    if entries is None:
        made = [_alone(access, number, each, prefer) for number, each in enumerate(said)]
        return _answer("batch-response", made)
    _each_once(entries)
    with access.one_transaction():
        made = _together(access, entries)
    return _answer("transaction-response", made)


def _answer(kind: str, made: list[dict[str, Any]]) -> Answer:
    resource: Resource = {"resourceType": "Bundle", "id": str(new_id()), "type": kind}
    if made:
        resource["entry"] = made
    return Answer(status=200, resource=resource)


def _entry(number: int, said: dict[str, Any], prefer: dict[str, str]) -> Entry:
    at = f"Bundle.entry[{number}]"
    request = mapping(said.get("request"))
    method, url = text_of(request.get("method")), text_of(request.get("url"))
    if method not in _ORDER or not url:
        raise failed(400, "required", "An entry needs a request with method and url.", at=f"{at}.request")
    where, _, query = url.partition("#")[0].partition("?")
    path = tuple(unquote(each) for each in where.split("/") if each)
    if not path or ":" in where:
        raise failed(400, "value", "The url of a request is relative to the base.", at=f"{at}.request.url")
    body, content_type = said.get("resource"), "application/fhir+json"
    if method in {"POST", "PUT"} and not isinstance(body, dict):
        raise failed(400, "required", "This entry needs a resource.", at=f"{at}.resource")
    if method == "PATCH" and mapping(body).get("resourceType") == "Binary":
        body, content_type = _json_patch(mapping(body), at)
    call = Call(
        method=method, path=path, pairs=conditional.pairs_of(query), body=body,
        content_type=content_type, if_match=text_of(request.get("ifMatch")),
        if_none_match=text_of(request.get("ifNoneMatch")), if_none_exist=text_of(request.get("ifNoneExist")),
        prefer=prefer,
    )  # fmt: skip
    return Entry(
        number=number, full_url=text_of(said.get("fullUrl")), call=call, definition=registry().find(path[0]),
        mentions=frozenset(_texts(body)),
    )  # fmt: skip


def _json_patch(binary: dict[str, Any], at: str) -> tuple[Any, str]:
    try:
        raw = base64.b64decode(text_of(binary.get("data")), validate=True)
        return wire.parsed(raw), text_of(binary.get("contentType"))
    except ValueError:
        raise failed(400, "structure", "The patch in this Binary is not JSON.", at=f"{at}.resource") from None


def _each_once(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        names = {entry.full_url} - {""}
        if entry.call.method in {"PUT", "PATCH", "DELETE"} and len(entry.call.path) == 2:
            names.add("/".join(entry.call.path))
        elif condition := entry.call.if_none_exist:
            names.add(f"{entry.call.path[0]}?{condition.removeprefix('?')}")
        if names & seen:
            raise _twice(entry)
        seen |= names


def _twice(entry: Entry) -> Failed:
    return failed(400, "invalid", "Two entries are about the same resource.", at=entry.at)


def _together(access: Access, entries: list[Entry]) -> list[dict[str, Any]]:
    """DELETE, POST, PUT and PATCH, GET. Whatever fails names its entry and undoes them all."""
    conditional.take_all(access, (wish for entry in entries for wish in _wishes(entry)))
    answers: dict[int, Answer] = {}
    names: dict[str, str] = {}
    written: set[str] = set()
    for entry in entries:
        with naming(entry.at):
            _prepare(access, entry)
        if entry.target and entry.full_url:
            names[entry.full_url] = entry.target
    for entry, answer in _performed(access, entries, names):
        answers[entry.number] = answer
        if entry.call.method in {"PUT", "PATCH"}:  # what a condition found may be another entry's
            target = answer.location.split("/_history/")[0]
            if target in written:
                raise _twice(entry)
            written.add(target)
        if entry.full_url and answer.location:
            names[entry.full_url] = answer.location.split("/_history/")[0]
    return [_made(access, answers[entry.number]) for entry in entries]


def _performed(access: Access, entries: list[Entry], names: dict[str, str]) -> Iterator[tuple[Entry, Answer]]:
    """Each with its answer. Creations that follow each other are made at once, as far as none of them needs
    another one to be there: that a reference be known, or that a condition find it.
    """
    waiting: list[tuple[Entry, Creation]] = []
    for entry in _in_order(entries):
        if entry.known is not None:
            yield entry, entry.known
            continue
        creates = _creates(entry)
        if waiting and not (creates and _joins(entry, waiting)):
            yield from _created(access, waiting)
            waiting = []
        with naming(entry.at):
            body = _rewritten(entry.call.body, names, access)
            if creates:
                waiting.append((entry, _creation(access, entry, body)))
                continue
            answer = _perform(access, entry, body)
        yield entry, answer
    yield from _created(access, waiting)


def _joins(entry: Entry, waiting: list[tuple[Entry, Creation]]) -> bool:
    unnamed = {each.full_url for each, _ in waiting if each.full_url and not each.target}
    if any("?" in text for text in entry.mentions) or not entry.mentions.isdisjoint(unnamed):
        return False
    narratives = [text for text in entry.mentions if text.startswith("<")]
    return not any(name in text for text in narratives for name in unnamed)


def _creates(entry: Entry) -> bool:
    """Whether it does nothing but make one, of a type of which several are made at once."""
    call = replace(entry.call, if_none_exist="")  # which was asked before
    plain = call.method == "POST" and len(call.path) == 1 and not interactions.condition_of(call)
    return plain and entry.definition is not None and writing.together(entry.definition) is not None


def _created(access: Access, waiting: list[tuple[Entry, Creation]]) -> Iterator[tuple[Entry, Answer]]:
    written = writing.create_several(access, [creation for _, creation in waiting]) if waiting else []
    for (entry, _), each in zip(waiting, written, strict=True):
        yield entry, interactions.answer_of(each, entry.call)


def _creation(access: Access, entry: Entry, body: Any) -> Creation:
    assert entry.definition is not None  # noqa: S101 - it was looked at
    return writing.prepare(access, entry.definition, body, key=entry.key, at=entry.at)


def _wishes(entry: Entry) -> Iterator[conditional.Wish]:
    call = entry.call
    if entry.definition is None or call.method == "GET":
        return
    said = call.body if isinstance(call.body, dict) and call.method in {"POST", "PUT"} else None
    if call.if_none_exist:
        yield entry.definition.type, conditional.pairs_of(call.if_none_exist), said
    elif len(call.path) == 1 and call.method != "POST":
        yield entry.definition.type, call.pairs, said
    elif said is not None:
        yield entry.definition.type, (), said


def _prepare(access: Access, entry: Entry) -> None:
    """What can be told before anything is written: which resource an entry will be."""
    call, definition = entry.call, entry.definition
    if definition is None:
        raise failed(404, "not-supported", "There is no such type here.")
    if call.method == "POST" and call.if_none_exist:
        access.need(definition.type, "s")
        found = conditional.only_match(access, definition, conditional.pairs_of(call.if_none_exist))
        if found is not None:
            meta = found.resource.get("meta", {})
            entry.target = f"{definition.type}/{found.resource['id']}"
            entry.known = Answer(
                status=200,
                resource=found.resource,
                etag=str(meta.get("versionId", "")),
                location=entry.target,
            )
            return
    if call.method == "PUT" and len(call.path) == 2:
        entry.target = "/".join(call.path)
    elif call.method == "POST" and len(call.path) == 1 and isinstance(definition.writer, Documents):
        entry.key = new_id()
        entry.target = f"{definition.type}/{entry.key}"


def _in_order(entries: list[Entry]) -> Iterator[Entry]:
    """By verb; among creations what is referred to comes before what refers to it."""
    waiting = sorted(entries, key=lambda e: (_ORDER[e.call.method], e.number))
    unnamed = {e.full_url for e in entries if e.full_url and e.call.method == "POST" and not e.target}
    while waiting:
        ready = next((e for e in waiting if not ((e.mentions & unnamed) - {e.full_url})), None)
        if ready is None:
            raise failed(
                422, "processing", "These resources refer to each other in a circle.", at=waiting[0].at
            )
        waiting.remove(ready)
        yield ready
        unnamed.discard(ready.full_url)


def _texts(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for each in said.values():
            yield from _texts(each)
    elif isinstance(said, list):
        for each in said:
            yield from _texts(each)


def _perform(access: Access, entry: Entry, body: Any) -> Answer:
    access.key_for_next = entry.key
    try:
        return interactions.perform(access, replace(entry.call, body=body, if_none_exist=""))
    finally:
        access.key_for_next = None


def _rewritten(said: Any, names: dict[str, str], access: Access, key: str = "") -> Any:
    """Every name of an entry becomes its resource; a conditional reference what it matches."""
    if isinstance(said, dict):
        return {name: _rewritten(value, names, access, name) for name, value in said.items()}
    if isinstance(said, list):
        return [_rewritten(each, names, access, key) for each in said]
    if not isinstance(said, str):
        return said
    if said in names:
        return names[said]
    if key == "div":
        for name, target in names.items():
            said = said.replace(f'"{name}"', f'"{target}"')
    if key == "reference":
        if said.startswith("urn:uuid:"):
            raise failed(422, "not-found", "It refers to an entry that is not in the Bundle.")
        if "?" in said:
            return _matched(access, said)
    return said


def _matched(access: Access, text: str) -> str:
    kind, _, query = text.partition("?")
    definition = registry().find(kind)
    if definition is None or definition.finder is not None:
        raise failed(422, "not-found", "A conditional reference names a type that is not here.")
    access.need(kind, "s")
    found = conditional.only_match(access, definition, conditional.pairs_of(query))
    if found is None:
        raise failed(412, "not-found", "Nothing matches a conditional reference.")
    return f"{kind}/{found.resource['id']}"


def _alone(access: Access, number: int, said: dict[str, Any], prefer: dict[str, str]) -> dict[str, Any]:
    try:
        entry = _entry(number, said, prefer)
        if entry.full_url.startswith("urn:") and entry.full_url in entry.mentions:
            raise failed(400, "invalid", "Entries of a batch do not refer to each other.", at=entry.at)
        with naming(entry.at):
            answer = interactions.perform(access, entry.call)
    except Failed as problem:
        return {"response": {"status": str(problem.status), "outcome": operation_outcome(problem.issues)}}
    return _made(access, answer)


def _made(access: Access, answer: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"status": str(answer.status)}
    if answer.location:
        response["location"] = f"{access.base}/{answer.location}"
    if answer.etag:
        response["etag"] = f'W/"{answer.etag}"'
    if answer.updated:
        response["lastModified"] = wire.instant(answer.updated)
    made: dict[str, Any] = {}
    if answer.resource is not None:
        if answer.resource.get("id") and answer.resource["resourceType"] not in {
            "Bundle",
            "OperationOutcome",
        }:
            made["fullUrl"] = f"{access.base}/{answer.resource['resourceType']}/{answer.resource['id']}"
        made["resource"] = answer.resource
    return {**made, "response": response}
