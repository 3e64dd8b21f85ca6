"""A receiver of notifications on a real socket, and the hands that send: relay, workers and poller in one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import validating

from fhir_facade.subscriptions import topics, wanted
from steadwell import clock
from steadwell.outbox import handover, poller
from steadwell.outbox.deliveries import deliver

BACKPORT = wanted.BACKPORT
Notice = dict[str, Any]


@dataclass
class Got:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    def said(self, name: str) -> str | None:
        return next((value_of(p) for p in self._parameters() if p["name"] == name), None)

    @property
    def kind(self) -> str | None:
        return self.said("type")

    @property
    def event(self) -> dict[str, str]:
        part = next(p for p in self._parameters() if p["name"] == "notification-event")
        return {each["name"]: value_of(each) for each in part["part"]}

    @property
    def number(self) -> int:
        return int(self.event["event-number"])

    def _parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json["entry"][0]["resource"]["parameter"]
        return found


def value_of(part: dict[str, Any]) -> str:
    value = next(part[name] for name in part if name.startswith("value"))
    return str(value["reference"] if isinstance(value, dict) and "reference" in value else value)


@dataclass
class Receiver:
    """``answers`` decides by request what is answered: a status, or what it does with the handler itself."""

    url: str
    got: list[Got] = field(default_factory=list)
    answers: Callable[[Got], int] = lambda got: 200
    location: str = ""
    waits: threading.Event = field(default_factory=threading.Event)
    judged: bool = True

    def of_kind(self, kind: str) -> list[Got]:
        return [each for each in self.got if each.text and each.kind == kind]

    @property
    def events(self) -> list[Got]:
        return self.of_kind("event-notification")

    @property
    def numbers(self) -> list[int]:
        return [each.number for each in self.events]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _take(self) -> None:
        receiver = self.server.receiver
        length = int(self.headers.get("Content-Length") or 0)
        got = Got(self.command, self.path, dict(self.headers), self.rfile.read(length).decode())
        receiver.got.append(got)
        status = receiver.answers(got)
        if status in {HANG, DRIP, CUT}:
            self.close_connection = True
            if status != CUT:
                receiver.waits.wait(60) if status == HANG else self._drip(receiver)
            return
        self.send_response(status)
        if receiver.location:
            self.send_header("Location", receiver.location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def _drip(self, receiver: Receiver) -> None:
        """A header that never ends, a letter at a time."""
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not receiver.waits.wait(0.2):
                self.wfile.write(b"x")

    def do_POST(self) -> None:
        self._take()

    def do_PUT(self) -> None:
        self._take()

    def do_GET(self) -> None:
        self._take()

    def log_message(self, *_: Any) -> None:
        """Nothing to say."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = _Server(("127.0.0.1", 0), _Handler)
    receiver = server.receiver = Receiver(url=f"http://127.0.0.1:{server.server_port}/told")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.waits.set()
        server.shutdown()
        server.server_close()
        thread.join(60)
    for each in receiver.got if receiver.judged else ():
        if each.text.startswith("{"):
            assert validating.verdict(each.text) == "", each.text[:2000]


HANG, DRIP, CUT = -1, -2, -3  # CUT: the line ends without a word


def url_of(code: str) -> str:
    return topics.TOPICS[code].url


def asked(receiver: Receiver, code: str = "appointment-booked", **more: Any) -> dict[str, Any]:
    """A Subscription as a client writes it; ``filters``, ``content``, ``heartbeat``, ``timeout``."""
    extensions = [
        {"url": f"{BACKPORT}backport-{name.replace('_', '-')}", "valueUnsignedInt": more.pop(key)}
        for key, name in (("heartbeat", "heartbeat-period"), ("timeout", "timeout"))
        if key in more
    ]
    content = {"url": f"{BACKPORT}backport-payload-content", "valueCode": more.pop("content", "id-only")}
    channel: dict[str, Any] = {
        "type": "rest-hook", "endpoint": receiver.url, "payload": "application/fhir+json",
        "_payload": {"extension": [content]}, **more.pop("channel", {}),
    }  # fmt: skip
    if extensions:
        channel["extension"] = extensions
    filters = [
        {"url": f"{BACKPORT}backport-filter-criteria", "valueString": each}
        for each in more.pop("filters", ())
    ]
    made: dict[str, Any] = {
        "resourceType": "Subscription", "status": "requested", "reason": "Test", "channel": channel,
        "criteria": url_of(code), **more,
    }  # fmt: skip
    if filters:
        made["_criteria"] = {"extension": filters}
    return made


def run(now: datetime | None = None) -> None:
    """Everything that is due at ``now``, and what comes of it at that moment: no pause passes meanwhile,
    however long it takes.
    """
    moment = now or clock.now()
    while _once(moment):
        pass


def _once(moment: datetime) -> bool:
    fired, _ = poller.fire(now=moment)
    found = [each for ids in handover.claim(now=moment).ids.values() for each in ids]
    for number in found:
        deliver(delivery_id=number, now=moment)
    return bool(fired or found)


def subscribed(api: Any, receiver: Receiver, *more: str, **options: Any) -> str:
    """An active subscription's id."""
    made = api.post("Subscription", asked(receiver, *more, **options))
    assert made.status == 201, made.text
    assert made.json["status"] == "requested"
    run()
    now = api.get(f"Subscription/{made.json['id']}")
    assert now.json["status"] == "active", now.text
    return str(made.json["id"])


def state_of(api: Any, key: str) -> str:
    return str(api.get(f"Subscription/{key}").json["status"])


def later(**span: float) -> datetime:
    return clock.now() + timedelta(**span)
