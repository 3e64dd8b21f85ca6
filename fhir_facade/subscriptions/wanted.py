"""What a Subscription resource asks for, read and checked: 422 with words for what is not done here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from fhir_facade import outbound
from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import Failed, failed
from fhir_facade.server.registry import registry
from fhir_facade.server.search import clauses, moments
from fhir_facade.server.wire import Resource
from fhir_facade.subscriptions import topics

BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
PROFILE: Final = f"{BACKPORT}backport-subscription"
CONTENTS: Final = ("empty", "id-only", "full-resource")
PAYLOADS: Final = ("application/fhir+json", "application/json")
HEARTBEATS: Final = (10, 7 * 24 * 3600)  # seconds
LONGEST_TIMEOUT: Final = 30
DEFAULT_TIMEOUT: Final = 10
_LONGEST_ADDRESS = 500
_MOST_HEADERS, _LONGEST_HEADER = 10, 2_000
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}): ?([\x20-\x7e]*)")
_OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "user-agent", "te",
     "upgrade", "expect", "trailer", "keep-alive", "proxy-authorization"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``queries`` are (type, search) pairs; ``off``: it is not to be sent anything."""

    off: bool
    criteria: str
    by_topic: bool
    topics: list[str]
    queries: list[list[str]]
    content: str
    payload: str
    endpoint: str
    receiver: str
    headers: list[str]
    heartbeat: int | None
    timeout: int
    ends_at: datetime | None


def read(access: Access, said: Resource) -> Wanted:
    """Raises Failed: 422 for what is not done here, 403 where the token may not read what it would be of."""
    channel = mapping(said.get("channel"))
    if said["status"] == "error":
        raise _refused("Ask for a subscription with the status requested.", "status")
    if channel.get("type") != "rest-hook":
        raise _refused("Only the channel type rest-hook is served.", "channel.type")
    heard, queries = _criteria(said)
    _may_read(access, heard)
    by_topic = heard[0].url == text_of(said.get("criteria")).partition("|")[0]
    endpoint = _endpoint(text_of(channel.get("endpoint")))
    return Wanted(
        off=said["status"] == "off", criteria=text_of(said.get("criteria")), by_topic=by_topic,
        topics=[each.code for each in heard], queries=queries, content=_content(channel, by_topic=by_topic),
        payload=text_of(channel.get("payload")), endpoint=endpoint, receiver=receiver_of(endpoint),
        headers=_headers(channel), ends_at=_end(said, access.now),
        heartbeat=_number(channel, "heartbeat-period", *HEARTBEATS),
        timeout=_number(channel, "timeout", 1, LONGEST_TIMEOUT) or DEFAULT_TIMEOUT,
    )  # fmt: skip


def _refused(words: str, at: str) -> Failed:
    return failed(422, "not-supported", words, at=f"Subscription.{at}")


def _criteria(said: Resource) -> tuple[list[topics.Topic], list[list[str]]]:
    """A topic with its filters, or a search of FHIR R4 for a type that topics are of."""
    text = text_of(said.get("criteria"))
    filters = list(_extensions(said.get("_criteria"), "filter-criteria"))
    topic = topics.find(text)
    if topic is not None:
        return [topic], [_query(text_of(each), topic.types, "criteria") for each in filters]
    kind = text.partition("?")[0]
    heard = topics.of_type(kind)
    if not heard:
        known = ", ".join(each.url for each in topics.served())
        raise _refused(
            f"criteria is one of the topics {known}, or a search for a type of theirs.", "criteria"
        )
    return heard, [_query(text, (kind,), "criteria")]


def _query(text: str, kinds: tuple[str, ...], at: str) -> list[str]:
    kind, _, query = text.partition("?")
    definition = registry().find(kind) if kind in kinds else None
    if definition is None:
        raise _refused(f"A filter is a search for {' or '.join(kinds)}, as {kinds[0]}?patient=…", at)
    try:
        found = clauses.read(definition, parse_qsl(query, keep_blank_values=True), strict=True)
    except Failed as failure:
        raise _refused(failure.issues[0].text, at) from failure
    if found.includes or found.rev_includes or found.sort or any(c.chain or c.has for c in found.clauses):
        raise _refused("A filter has no includes, no order and no chains.", at)
    return [kind, query]


def _may_read(access: Access, heard: list[topics.Topic]) -> None:
    kinds = sorted({kind for topic in heard for kind in topic.types if registry().find(kind)})
    if not any(access.rules(kind, "r") for kind in kinds):
        raise failed(403, "forbidden", f"The token's scopes do not let it read {' or '.join(kinds)}.")


def _extensions(holder: Any, name: str) -> Iterator[Any]:
    for each in mappings(mapping(holder).get("extension")):
        if each.get("url") == f"{BACKPORT}backport-{name}":
            yield next((value for key, value in each.items() if key.startswith("value")), None)


def _content(channel: dict[str, Any], *, by_topic: bool) -> str:
    payload = text_of(channel.get("payload"))
    if payload and payload.partition(";")[0].strip() not in PAYLOADS:
        raise _refused("Notifications are written as application/fhir+json.", "channel.payload")
    if not by_topic:
        return "full-resource" if payload else "empty"
    said = next(_extensions(channel.get("_payload"), "payload-content"), "empty")
    if said not in CONTENTS:
        raise _refused("The payload's content is empty, id-only or full-resource.", "channel.payload")
    return str(said)


def _endpoint(text: str) -> str:
    """Where names lead to is asked when it is called, each time."""
    where = "channel.endpoint"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _refused("The endpoint is no address that could be called.", where) from None
    host = parts.hostname or ""
    plain = parts.scheme == "http" and bool(settings.OUTBOUND_NETWORKS)
    if (parts.scheme != "https" and not plain) or not host or parts.username or parts.fragment or port == 0:
        raise _refused("The endpoint is an https address, without a user or a fragment.", where)
    if len(text) > _LONGEST_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise _refused(f"The endpoint has at most {_LONGEST_ADDRESS} plain characters.", where)
    if _is_number(host) and not outbound.is_public(host.strip("[]")):
        raise _refused("The endpoint leads into a network that is not public.", where)
    return text


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def receiver_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '')[:253]}:{port}"


def _headers(channel: dict[str, Any]) -> list[str]:
    found = [text_of(each) for each in channel.get("header") or ()]
    if len(found) > _MOST_HEADERS or any(len(each) > _LONGEST_HEADER for each in found):
        raise _refused(f"At most {_MOST_HEADERS} headers of {_LONGEST_HEADER} characters.", "channel.header")
    for each in found:
        match = _HEADER.fullmatch(each)
        if match is None or match[1].lower() in _OURS:
            raise _refused("A header is Name: value, and none that we set ourselves.", "channel.header")
    return found


def pairs_of(headers: list[str]) -> dict[str, str]:
    return {name: value.strip() for name, _, value in (each.partition(":") for each in headers)}


def _number(channel: dict[str, Any], name: str, least: int, most: int) -> int | None:
    said = next(_extensions(channel, name), None)
    if said is None:
        return None
    if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= most:
        raise _refused(f"The {name} has {least} to {most} seconds.", "channel.extension")
    return said


def _end(said: Resource, now: datetime) -> datetime | None:
    if "end" not in said:
        return None
    found = moments.stretch(text_of(said["end"]))
    if found is None or found.low <= now:
        raise _refused("The end is an instant ahead.", "end")
    return found.low
