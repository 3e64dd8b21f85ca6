"""What a request asks for: its address, headers and body as a Call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from fhir_facade.server import conditional, wire
from fhir_facade.server.calls import Call
from fhir_facade.server.outcome import Failed, failed
from fhir_facade.server.writing import MAX_BYTES

FHIR_JSON = "application/fhir+json"
_JSON = frozenset({FHIR_JSON, "application/json", "json", "text/json", "application/json+fhir"})
_PATCHES = frozenset({"application/json-patch+json"})
_VERSION = re.compile(r"fhirversion\s*=\s*\"?([\d.]+)", re.IGNORECASE)


def serves(kind: str) -> bool:
    """Whether a type that is accepted is what is served: JSON of FHIR 4.0."""
    name = kind.split(";")[0].strip().lower().replace(" ", "+")
    return not _is_of_another_version(kind) and (name in _JSON or name in {"*/*", "application/*", ""})


def _is_of_another_version(kind: str) -> bool:
    version = _VERSION.search(kind)
    return version is not None and version[1] not in {"4.0", "4.0.1", "4"}


def call_of(request: Request, path: tuple[str, ...]) -> Call:
    method = "GET" if request.method == "HEAD" else str(request.method)
    # WSGI hands over bytes as if they were Latin-1; some clients do not escape their letters.
    query = request.META.get("QUERY_STRING", "").encode("latin-1", "replace").decode(errors="replace")
    pairs = conditional.pairs_of(query)
    if len(path) > 1 and path[-1] == "_search" and method == "POST":
        form = _form(request)
        if not all(serves(value) for name, value in form if name == "_format"):
            raise NotAcceptable
        pairs = (*pairs, *form)
        body, kind = None, ""
    else:
        body, kind = _body(request, method, path)
    return Call(
        method=method,
        path=path,
        pairs=pairs,
        body=body,
        content_type=kind,
        if_match=request.headers.get("If-Match", ""),
        if_none_match=request.headers.get("If-None-Match", ""),
        if_modified_since=_http_date(request.headers.get("If-Modified-Since", "")),
        if_none_exist=request.headers.get("If-None-Exist", ""),
        prefer=prefer_of(request.headers.get("Prefer", "")),
    )


def _form(request: Request) -> tuple[tuple[str, str], ...]:
    kind = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind not in {"application/x-www-form-urlencoded", ""}:
        raise failed(
            415, "not-supported", "_search by POST takes a form (application/x-www-form-urlencoded)."
        )
    try:
        return conditional.pairs_of(_raw(request).decode())
    except UnicodeDecodeError:
        raise failed(400, "structure", "The form is not UTF-8.") from None


def _raw(request: Request) -> bytes:
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise failed(415, "not-supported", "A body is sent as it is, not compressed.")
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or len(length) > 18 or int(length) > MAX_BYTES:
        raise _too_long()
    stream: Any = request._request  # past Django's own limit for a body, which is a form's
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        # Django reads as many bytes as were announced, and here are none: what comes in pieces would be lost.
        stream = request.META["wsgi.input"] if request.META.get("wsgi.input_terminated") else stream
    body: bytes = stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise _too_long()
    return body


def _too_long() -> Failed:
    return failed(413, "too-long", f"A body has at most {MAX_BYTES // 2**20} MB.")


def _body(request: Request, method: str, path: tuple[str, ...]) -> tuple[Any, str]:
    if method in {"GET", "DELETE"}:
        return None, ""
    raw = _raw(request)
    header = request.headers.get("Content-Type", "")
    kind = header.split(";")[0].strip().lower()
    if not raw and path and path[-1].startswith("$"):
        return None, kind
    if method == "PATCH" and kind in _PATCHES:
        try:
            return wire.parsed(raw), kind
        except wire.NotJson:
            raise failed(400, "structure", "The patch is not JSON.") from None
    accepted = _JSON if method != "PATCH" else {FHIR_JSON}
    if kind not in accepted or _is_of_another_version(header):
        headers = {"Accept-Patch": ", ".join(sorted({*_PATCHES, FHIR_JSON}))} if method == "PATCH" else {}
        words = (
            "Send a JSON Patch (application/json-patch+json) or a FHIRPath Patch (application/fhir+json):"
            " plain JSON does not say what is to change."
            if method == "PATCH"
            else f"Send {FHIR_JSON} of FHIR 4.0."
        )
        raise failed(415, "not-supported", words, headers=headers)
    try:
        return wire.load(raw), kind
    except wire.NotJson as error:
        raise failed(400, "structure", str(error)) from None


def prefer_of(header: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for each in re.split(r"[;,]", header):
        name, _, value = each.strip().partition("=")
        if name:
            found[name.lower()] = value.strip('"') or "true"
    return found


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError):
        return None
    return found if found is None or found.tzinfo else None
