"""A pharmacy network of its own process, to try refills with: it takes messages, and behaves as it is told.

``POST /script`` takes a message, ``GET /mailbox?after=&count=`` gives what it says later, ``POST /control``
sets how it behaves and adds to what it says (``say``: messages as they are), ``GET /control`` tells what it
took. Standard library only: it is no part of the product.

Behaviours: ``fill`` accepts and fills, ``accept`` accepts and says no more, ``refuse`` refuses at once,
``refuse-later`` accepts and does not dispense, ``silent`` takes the message and says nothing, ``hang`` never
answers the call, ``fail`` answers 500, ``drop`` closes the connection after taking it, ``late`` fills only
what it was sent again or when told to release, ``duplicate`` says everything twice.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from medications.ports import BEHAVIOURS

_LARGEST = 1_000_000


@dataclass(slots=True)
class State:
    """What the pharmacy knows. ``taken`` counts how often each MessageID came; none fills twice."""

    token: str
    behaviour: str = "fill"
    hang_seconds: float = 30.0
    taken: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    mailbox: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, message: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
        """What to do with the call, and the answer."""
        wire_id = str(message["Message"]["Header"]["MessageID"])
        with self.lock:
            behaviour = self.behaviour
            if behaviour == "fail":
                return behaviour, None
            self.taken[wire_id] = self.taken.get(wire_id, 0) + 1
            if behaviour == "refuse":
                return behaviour, answer(wire_id, "Error", {"Code": "900", "Description": "Not stocked"})
            if behaviour == "silent":
                return behaviour, answer(wire_id, "Status", {"Code": "000"})
            if behaviour == "late":
                if wire_id not in self.held and wire_id not in self.filled:
                    self.held.append(wire_id)
                return behaviour, answer(wire_id, "Status", {"Code": "000"})
            self._say_later(wire_id, behaviour)
            return behaviour, answer(wire_id, "Status", {"Code": "010"})

    def _say_later(self, wire_id: str, behaviour: str) -> None:
        if behaviour == "refuse-later":
            note = {"Note": "The prescriber must be called"}
            self.mailbox.append(answer(wire_id, "RxFill", {"FillStatus": {"NotDispensed": note}}))
        if behaviour in {"fill", "duplicate", "drop"} and wire_id not in self.filled:
            self.fill(wire_id)
        if behaviour == "duplicate":
            self.mailbox.append(self.mailbox[-1])  # the same message again
            self.mailbox.append(answer(wire_id, "Status", {"Code": "010"}))  # a late, older word
            self.mailbox.append(
                answer(wire_id, "RxFill", {"FillStatus": {"Dispensed": {}}})
            )  # in other words

    def fill(self, wire_id: str) -> None:
        self.filled[wire_id] = self.filled.get(wire_id, 0) + 1
        self.mailbox.append(answer(wire_id, "RxFill", {"FillStatus": {"Dispensed": {}}}))

    def control(self, wanted: Mapping[str, Any]) -> None:
        with self.lock:
            if "behaviour" in wanted:
                if wanted["behaviour"] not in BEHAVIOURS:
                    raise ValueError(f"behaviour must be one of {', '.join(BEHAVIOURS)}")
                self.behaviour = wanted["behaviour"]
            self.hang_seconds = float(wanted.get("hang_seconds", self.hang_seconds))
            self.mailbox.extend(wanted.get("say", ()))
            if wanted.get("release"):
                for wire_id in self.held:
                    self.fill(wire_id)
                self.held.clear()

    def told(self) -> dict[str, Any]:
        with self.lock:
            return {
                "behaviour": self.behaviour, "taken": dict(self.taken), "filled": dict(self.filled),
                "held": list(self.held), "mailbox": len(self.mailbox),
            }  # fmt: skip


def answer(relates_to: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Message": {
            "Header": {
                "To": {"Qualifier": "D", "Value": "steadwell"},
                "From": {"Qualifier": "P", "Value": "simulated"},
                "MessageID": str(uuid.uuid4()),
                "RelatesToMessageID": relates_to,
                "SentTime": datetime.now(UTC).isoformat(),  # noqa: TID251 - another party's clock
            },
            "Body": {kind: dict(content)},
        }
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path == "/control":
            try:
                self.state.control(body)
            except (ValueError, TypeError) as error:
                self._say(400, {"error": str(error)})
                return
            self._say(200, self.state.told())
        elif self.path == "/script" and self._knows_us():
            self._script(body)
        else:
            self._say(404, {})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/control":
            self._say(200, self.state.told())
        elif parts.path == "/mailbox" and self._knows_us():
            query = parse_qs(parts.query)
            after, count = int(query.get("after", ["0"])[0] or 0), int(query.get("count", ["50"])[0])
            with self.state.lock:
                found = self.state.mailbox[after : after + count]
            self._say(200, {"messages": found, "cursor": str(after + len(found))})
        else:
            self._say(404, {})

    def _script(self, body: Mapping[str, Any]) -> None:
        try:
            behaviour, said = self.state.take(body)
        except (KeyError, TypeError):
            self._say(400, {"error": "no MessageID"})
            return
        if behaviour == "hang":
            time.sleep(self.state.hang_seconds)
        if behaviour in {"drop", "hang"}:
            self.close_connection = True
            return
        self._say(500 if said is None else 200, said or {})

    def _knows_us(self) -> bool:
        return self.headers.get("Authorization", "") == f"Bearer {self.state.token}"

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length", "0"))
        if length > _LARGEST:
            self._say(413, {})
            return None
        try:
            return json.loads(self.rfile.read(length) or b"{}")
        except ValueError:
            self._say(400, {"error": "not JSON"})
            return None

    def _say(self, status: int, content: Mapping[str, Any]) -> None:
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """What goes over the wire names patients: nothing of it is logged."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def make(*, port: int, token: str, behaviour: str = "fill") -> ThreadingHTTPServer:
    """A server bound to loopback, not yet serving. Port 0: any free one."""
    state = State(token=token, behaviour=behaviour)
    handler = type("Handler", (_Handler,), {"state": state})
    return _Server(("127.0.0.1", port), handler)


def run(*, port: int, token: str, behaviour: str) -> None:
    """Serve until stopped. Prints the address first."""
    server = make(port=port, token=token, behaviour=behaviour)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
