"""A provider that means no good: an HTTP server on loopback that answers with whatever bytes a test says."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mean:
    """``answer`` gets the method and the path, and gives the bytes of the whole answer; an iterator of bytes
    is dripped, one piece each tenth of a second, until the other side has had enough.
    """

    port: int = 0
    answer: Callable[[str, str], bytes | Iterator[bytes]] = field(default=lambda method, path: b"")
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)  # method, path, body
    headers: list[dict[str, str]] = field(default_factory=list)  # of each, in small letters
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(socketserver.StreamRequestHandler):
    server: _Listener
    timeout = 120  # of each silence: longer than anybody waits here

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the other side had enough
            self._talk(self.server.mean)

    def _talk(self, mean: Mean) -> None:
        while line := self.rfile.readline():
            method, path, _ = line.decode().split(" ", 2)
            headers: dict[str, str] = {}
            while (header := self.rfile.readline()) not in {b"\r\n", b""}:
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            mean.headers.append(headers)
            mean.asked.append((method, path, self.rfile.read(int(headers.get("content-length", 0)))))
            said = mean.answer(method, path)
            if isinstance(said, bytes):
                self.wfile.write(said)
                continue
            for piece in said:
                self.wfile.write(piece)
                if mean.over.wait(0.1):
                    return


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mean: Mean


@contextmanager
def listening() -> Iterator[Mean]:
    with _Listener(("127.0.0.1", 0), _Handler) as server:
        server.mean = Mean(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.mean
        finally:
            server.mean.over.set()
            server.shutdown()
            thread.join(60)


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
