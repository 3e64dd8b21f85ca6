"""HTTP/1.1 as far as providers need it: lean, because it shares the machine with what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """Status 0 closes the line without an answer."""

    status: int
    body: bytes = b""
    kind: str = "application/json"


Handler = Callable[[Request], Awaitable[Reply]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    """Answer one connection until either side closes it."""
    try:
        while True:
            request = await _read(reader)
            if request is None:
                break
            reply = await handler(request)
            if reply.status == 0:
                break
            writer.write(_bytes(reply))
            if request.headers.get("connection", "").lower() == "close":
                break
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        pass  # whoever speaks no HTTP, or leaves, is answered no further
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length") or 0)
    if length > LONGEST:
        raise ValueError("too long")
    body = await reader.readexactly(length) if length else b""
    return Request(method, target, headers, body)


def _bytes(reply: Reply) -> bytes:
    phrase = HTTPStatus(reply.status).phrase
    head = (
        f"HTTP/1.1 {reply.status} {phrase}\r\nContent-Type: {reply.kind}\r\n"
        f"Content-Length: {len(reply.body)}\r\n\r\n"
    )
    return head.encode() + reply.body
